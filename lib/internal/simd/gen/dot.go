package main

import "fmt"

// Offsets of dotArgs.
const (
	dotY, dotX0, dotX1, dotX2, dotOut      = 0, 8, 16, 24, 32
	dotImages, dotRows, dotVecs, dotTail   = 40, 48, 56, 64
	dotYChan, dotYRow, dotYImg             = 72, 80, 88
	dotXRow, dotXImg, dotLdOut, dotAcc     = 96, 104, 112, 120
	dotTaps, dotAccumulator, dotX, dotGrad = 3, 4, 0, 3
)

// dot writes the kernel that correlates rows output-gradient planes with 3 input planes; see dotArgs.
func (f *file) dot(s isa, rows int) string {
	name := fmt.Sprintf("dot%s_%d", s.name, rows)
	f.text(name, "dotArgs", 24)
	for i := range rows * dotTaps {
		f.zero(s, dotAccumulator+i)
	}
	f.op("MOVQ %d(DI), R8", dotYChan)
	f.op("LEAQ (R8)(R8*2), R9")
	f.op("LEAQ (R8)(R8*4), R10")
	f.op("LEAQ (R9)(R8*4), R11")
	f.op("MOVQ %d(DI), CX", dotTail)
	f.laneMaskDot(s)
	f.op("MOVQ %d(DI), AX", dotY)  // gradient, start of the image
	f.op("MOVQ %d(DI), BX", dotX0) // input, start of the image; the other two planes at fixed distances
	f.op("MOVQ %d(DI), SI", dotX1)
	f.op("SUBQ BX, SI")
	f.op("MOVQ %d(DI), R13", dotX2)
	f.op("SUBQ BX, R13")
	f.op("MOVQ %d(DI), DX", dotImages)
	f.label("image")
	f.op("MOVQ DX, images-8(SP)")
	f.op("MOVQ AX, grad-16(SP)")
	f.op("MOVQ BX, input-24(SP)")
	f.op("MOVQ %d(DI), CX", dotRows)
	f.label("row")
	f.op("MOVQ AX, R14")
	f.op("MOVQ BX, R15")
	f.op("MOVQ %d(DI), DX", dotVecs)
	f.op("TESTQ DX, DX")
	f.op("JZ rest")
	f.label("vec")
	f.dotStep(s, rows, false)
	f.op("ADDQ $%d, R14", s.bytes())
	f.op("ADDQ $%d, R15", s.bytes())
	f.op("DECQ DX")
	f.op("JNZ vec")
	f.label("rest")
	f.op("CMPQ %d(DI), $0", dotTail)
	f.op("JE next")
	f.dotStep(s, rows, true)
	f.label("next")
	f.op("ADDQ %d(DI), AX", dotYRow)
	f.op("ADDQ %d(DI), BX", dotXRow)
	f.op("DECQ CX")
	f.op("JNZ row")
	f.op("MOVQ grad-16(SP), AX")
	f.op("MOVQ input-24(SP), BX")
	f.op("MOVQ images-8(SP), DX")
	f.op("ADDQ %d(DI), AX", dotYImg)
	f.op("ADDQ %d(DI), BX", dotXImg)
	f.op("DECQ DX")
	f.op("JNZ image")
	f.storeDot(s, rows)
	return name
}

// laneMaskDot prepares the mask of a row's last vector: in R12 the address of the words (AVX2) or in K1 (AVX-512).
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
func (f *file) dotStep(s isa, rows int, masked bool) {
	index := []string{"", "(R8*1)", "(R8*2)", "(R9*1)", "(R8*4)", "(R10*1)", "(R9*2)", "(R11*1)", "(R8*8)"}
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
			f.op("VFMADD231PS %s, %s, %s", g, s.v(dotX+t), s.v(dotAccumulator+dotTaps*m+t))
		}
	}
}

// storeDot sums the lanes of every accumulator and writes 3 values a row.
func (f *file) storeDot(s isa, rows int) {
	f.op("MOVQ %d(DI), SI", dotOut)
	f.op("MOVQ %d(DI), R8", dotLdOut)
	f.op("MOVQ %d(DI), R9", dotAcc)
	for m := range rows {
		a := dotAccumulator + dotTaps*m
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
