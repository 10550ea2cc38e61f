package main

import "fmt"

// Offsets of planeArgs.
const (
	planeA, planeB, planeC, planeK, planeAS    = 0, 8, 16, 24, 32
	planeNextA, planeNextB, planeNextC, planeN = 40, 48, 56, 64
	planeStepA, planeStepC, planePanels        = 72, 80, 88
)

// planes writes the kernel for Winograd's products: panels of rows × 2 vectors of n matrix products, with both factors side by
// side. The panels of a plane follow one another, so that B's part of it is in the first-level cache for all but the first.
func (f *file) planes(s isa, rows int) string {
	name := fmt.Sprintf("planes%s_%d", s.name, rows)
	f.text(name, "planeArgs", 24)
	f.op("MOVQ %d(DI), R10", planeAS)
	f.op("LEAQ (R10)(R10*2), R12")
	f.op("LEAQ (R10)(R10*4), R13")
	f.op("LEAQ (R12)(R10*4), R14")
	f.op("LEAQ (R10)(R10*8), R11")
	f.op("MOVQ %d(DI), AX", planeA)
	f.op("MOVQ %d(DI), BX", planeB)
	f.op("MOVQ %d(DI), SI", planeC)
	f.op("MOVQ %d(DI), R15", planeN)
	f.label("plane")
	f.op("MOVQ AX, a-8(SP)")
	f.op("MOVQ SI, c-16(SP)")
	f.op("MOVQ %d(DI), CX", planePanels)
	f.op("MOVQ CX, panels-24(SP)")
	f.label("panel")
	f.op("MOVQ a-8(SP), R8")
	f.op("MOVQ BX, R9")
	for i := range 2 * rows {
		f.zero(s, 4+i)
	}
	f.op("MOVQ %d(DI), CX", planeK)
	f.op("SHRQ $2, CX")
	f.op("JZ tail")
	f.label("loop")
	for u := range 4 {
		f.planeStep(s, rows, u)
	}
	f.op("ADDQ $16, R8")
	f.op("ADDQ $%d, R9", 8*s.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.label("tail")
	f.op("MOVQ %d(DI), CX", planeK)
	f.op("ANDQ $3, CX")
	f.op("JZ done")
	f.label("one")
	f.planeStep(s, rows, 0)
	f.op("ADDQ $4, R8")
	f.op("ADDQ $%d, R9", 2*s.bytes())
	f.op("DECQ CX")
	f.op("JNZ one")
	f.label("done")
	f.op("MOVQ c-16(SP), R8")
	for m := range 2 * rows {
		f.op("VMOVUPS %s, %d(R8)", s.v(4+m), m*s.bytes())
	}
	f.op("ADDQ %d(DI), R8", planeStepC)
	f.op("MOVQ R8, c-16(SP)")
	f.op("MOVQ a-8(SP), R8")
	f.op("ADDQ %d(DI), R8", planeStepA)
	f.op("MOVQ R8, a-8(SP)")
	f.op("DECQ panels-24(SP)")
	f.op("JNZ panel")
	f.op("ADDQ %d(DI), AX", planeNextA)
	f.op("ADDQ %d(DI), BX", planeNextB)
	f.op("ADDQ %d(DI), SI", planeNextC)
	f.op("DECQ R15")
	f.op("JNZ plane")
	f.end()
	return name
}

// planeStep adds the term u places ahead of R8 and R9.
func (f *file) planeStep(s isa, rows, u int) {
	f.op("VMOVUPS %d(R9), %s", 2*u*s.bytes(), s.v(0))
	f.op("VMOVUPS %d(R9), %s", (2*u+1)*s.bytes(), s.v(1))
	if rows > 9 {
		f.op("LEAQ (R8)(R11*1), DX")
	}
	for m := range rows {
		t := s.v(2 + m%2)
		f.op("VBROADCASTSS %d%s, %s", 4*u, rowAddress("R8", "DX", m), t)
		f.op("VFMADD231PS %s, %s, %s", t, s.v(0), s.v(4+2*m))
		f.op("VFMADD231PS %s, %s, %s", t, s.v(1), s.v(5+2*m))
	}
}
