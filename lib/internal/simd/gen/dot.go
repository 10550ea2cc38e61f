package main

import "fmt"

// Offsets of dotArgs, and the first registers of the accumulators, the inputs and the gradient.
const (
	dotY, dotX0, dotX1, dotX2, dotOut = 0, 8, 16, 24, 32
	dotTab, dotFull, dotPart, dotTail = 40, 48, 56, 64
	dotYChan, dotLdOut, dotAcc        = 72, 80, 88
	dotTaps, dotSum, dotX, dotGrad    = 3, 4, 0, 3
)

// dot writes the kernel that correlates rows output-gradient planes with 3 input planes; see dotArgs.
func (f *file) dot(s isa, rows int) string {
	name := fmt.Sprintf("dot%s_%d", s.name, rows)
	f.text(name, "dotArgs", 0)
	for i := range rows * dotTaps {
		f.zero(s, dotSum+i)
	}
	f.op("MOVQ %d(DI), R8", dotYChan)
	f.op("LEAQ (R8)(R8*2), R9")
	f.op("LEAQ (R8)(R8*4), R10")
	f.op("LEAQ (R9)(R8*4), R11")
	f.op("MOVQ %d(DI), AX", dotY)
	f.op("MOVQ %d(DI), BX", dotX0)
	f.op("MOVQ %d(DI), SI", dotX1)
	f.op("SUBQ BX, SI")
	f.op("MOVQ %d(DI), R13", dotX2)
	f.op("SUBQ BX, R13")
	f.op("MOVQ %d(DI), DX", dotTab)
	f.op("MOVQ %d(DI), CX", dotFull)
	f.op("SHRQ $1, CX")
	f.op("JZ odd")
	f.label("two")
	f.dotStep(s, rows, 0, false)
	f.dotStep(s, rows, 8, false)
	f.op("ADDQ $16, DX")
	f.op("DECQ CX")
	f.op("JNZ two")
	f.label("odd")
	f.op("TESTQ $1, %d(DI)", dotFull)
	f.op("JZ part")
	f.dotStep(s, rows, 0, false)
	f.op("ADDQ $8, DX")
	f.label("part")
	f.op("MOVQ %d(DI), CX", dotTail)
	f.laneMaskDot(s)
	f.op("MOVQ %d(DI), CX", dotPart)
	f.op("TESTQ CX, CX")
	f.op("JZ sum")
	f.label("one")
	f.dotStep(s, rows, 0, true)
	f.op("ADDQ $8, DX")
	f.op("DECQ CX")
	f.op("JNZ one")
	f.label("sum")
	f.storeDot(s, rows)
	return name
}

// laneMaskDot prepares the mask of the partial vectors: in R12 the address of the words (AVX2) or in K1 (AVX-512).
func (f *file) laneMaskDot(s isa) {
	if s.reg == "Z" {
		f.op("MOVQ $-1, R14")
		f.op("BZHIQ CX, R14, R14")
		f.op("KMOVW R14, K1")
		return
	}
	f.op("LEAQ masks<>+32(SB), R12")
	f.op("SHLQ $2, CX")
	f.op("SUBQ CX, R12")
}

// dotStep adds the products of one vector of pixels; masked reads only the first lanes of the gradient.
func (f *file) dotStep(s isa, rows, off int, masked bool) {
	index := []string{"", "(R8*1)", "(R8*2)", "(R9*1)", "(R8*4)", "(R10*1)", "(R9*2)", "(R11*1)", "(R8*8)"}
	f.op("MOVLQSX %d(DX), R14", off)
	f.op("MOVLQSX %d(DX), R15", off+4)
	f.op("ADDQ AX, R14")
	f.op("ADDQ BX, R15")
	f.op("VMOVUPS (R15), %s", s.v(dotX))
	f.op("VMOVUPS (R15)(SI*1), %s", s.v(dotX+1))
	f.op("VMOVUPS (R15)(R13*1), %s", s.v(dotX+2))
	for m := range rows {
		g := s.v(dotGrad)
		switch {
		case masked && s.reg == "Z":
			f.op("VMOVUPS.Z (R14)%s, K1, %s", index[m], g)
		case masked:
			f.op("VMOVUPS (R12), %s", g)
			f.op("VMASKMOVPS (R14)%s, %s, %s", index[m], g, g)
		default:
			f.op("VMOVUPS (R14)%s, %s", index[m], g)
		}
		for t := range dotTaps {
			f.op("VFMADD231PS %s, %s, %s", g, s.v(dotX+t), s.v(dotSum+dotTaps*m+t))
		}
	}
}

// storeDot sums the lanes of every accumulator and writes 3 values a row.
func (f *file) storeDot(s isa, rows int) {
	f.op("MOVQ %d(DI), SI", dotOut)
	f.op("MOVQ %d(DI), R8", dotLdOut)
	f.op("MOVQ %d(DI), R9", dotAcc)
	for m := range rows {
		a := dotSum + dotTaps*m
		for t := range dotTaps {
			if s.reg == "Z" {
				f.op("VEXTRACTF64X4 $1, Z%d, Y%d", a+t, t)
				f.op("VADDPS Y%d, Y%d, Y%d", t, a+t, t)
			} else {
				f.op("VMOVAPS Y%d, Y%d", a+t, t)
			}
		}
		f.op("VHADDPS Y1, Y0, Y0")
		f.op("VHADDPS Y2, Y2, Y2")
		f.op("VHADDPS Y2, Y0, Y0")
		f.op("VEXTRACTF128 $1, Y0, X1")
		f.op("VADDPS X1, X0, X0")
		f.op("TESTQ R9, R9")
		f.op("JZ put%d", m)
		f.op("VMOVSD (SI), X1")
		f.op("VMOVSS 8(SI), X2")
		f.op("VMOVLHPS X2, X1, X1")
		f.op("VADDPS X1, X0, X0")
		f.label(fmt.Sprintf("put%d", m))
		f.op("VMOVLPS X0, (SI)")
		f.op("VEXTRACTPS $2, X0, 8(SI)")
		f.op("ADDQ R8, SI")
	}
	f.end()
}
