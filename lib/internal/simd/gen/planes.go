package main

import "fmt"

// Offsets of planeArgs.
const (
	planeA, planeB, planeC, planeK, planeAS    = 0, 8, 16, 24, 32
	planeNextA, planeNextB, planeNextC, planeN = 40, 48, 56, 64
	planeStepA, planeStepC, planePanels        = 72, 80, 88
	planeAcc                                   = 96
)

// planes writes the kernel for Winograd's products: panels of rows × 2 vectors of n matrix products, with both factors
// side by side. The panels of a plane follow one another, so that B's part of it is in the first-level cache for all but
// the first.
func (f *file) planes(s isa, rows int) string {
	return f.planeKernel(s, fmt.Sprintf("planes%s_%d", s.name, rows), rows, 2)
}

// narrow is planes for panels of one vector, which the other factor, read by the multiplications themselves, leaves room
// for more rows.
func (f *file) narrow(s isa, rows int) string {
	return f.planeKernel(s, fmt.Sprintf("narrow%s_%d", s.name, rows), rows, 1)
}

func (f *file) planeKernel(s isa, name string, rows, vectors int) string {
	f.text(name, "planeArgs", 32)
	step := func(u int) { f.planeStep(s, rows, u) }
	if vectors == 1 {
		step = func(u int) { f.narrowStep(s, rows, u) }
	}
	f.op("MOVQ %d(DI), R10", planeAS)
	f.op("LEAQ (R10)(R10*2), R12")
	f.op("LEAQ (R10)(R10*4), R13")
	f.op("LEAQ (R12)(R10*4), R14")
	f.op("LEAQ (R10)(R10*8), R11")
	f.op("MOVQ %d(DI), AX", planeA)
	f.op("MOVQ %d(DI), BX", planeB)
	f.op("MOVQ %d(DI), R15", planeC)
	f.op("MOVQ R15, plane-32(SP)")
	f.op("MOVQ %d(DI), R15", planeN)
	f.label("plane")
	f.op("MOVQ AX, a-8(SP)")
	f.op("MOVQ plane-32(SP), SI")
	f.op("MOVQ SI, c-16(SP)")
	f.op("MOVQ %d(DI), CX", planePanels)
	f.op("MOVQ CX, panels-24(SP)")
	f.label("panel")
	f.op("MOVQ a-8(SP), R8")
	f.op("MOVQ BX, R9")
	f.startPlanes(s, vectors*rows)
	f.op("MOVQ %d(DI), CX", planeK)
	f.op("SHRQ $2, CX")
	f.op("JZ tail")
	f.label("loop")
	for u := range 4 {
		step(u)
	}
	f.op("ADDQ $16, R8")
	f.op("ADDQ $%d, R9", 4*vectors*s.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.label("tail")
	f.op("MOVQ %d(DI), CX", planeK)
	f.op("ANDQ $3, CX")
	f.op("JZ done")
	f.label("one")
	step(0)
	f.op("ADDQ $4, R8")
	f.op("ADDQ $%d, R9", vectors*s.bytes())
	f.op("DECQ CX")
	f.op("JNZ one")
	f.label("done")
	f.op("MOVQ c-16(SP), R8")
	for m := range vectors * rows {
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
	f.op("MOVQ plane-32(SP), SI")
	f.op("ADDQ %d(DI), SI", planeNextC)
	f.op("MOVQ SI, plane-32(SP)")
	f.op("DECQ R15")
	f.op("JNZ plane")
	f.end()
	return name
}

// startPlanes sets the accumulators to zero or, if asked, to the sums so far.
func (f *file) startPlanes(s isa, vectors int) {
	f.op("CMPQ %d(DI), $0", planeAcc)
	f.op("JE zero")
	f.op("MOVQ c-16(SP), CX")
	for i := range vectors {
		f.op("VMOVUPS %d(CX), %s", i*s.bytes(), s.v(4+i))
	}
	f.op("JMP started")
	f.label("zero")
	for i := range vectors {
		f.zero(s, 4+i)
	}
	f.label("started")
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

// narrowStep is planeStep for one vector.
func (f *file) narrowStep(s isa, rows, u int) {
	f.op("VMOVUPS %d(R9), %s", u*s.bytes(), s.v(0))
	for i, base := range []string{"DX", "SI"} {
		if rows > 9*(i+1) {
			f.op("LEAQ (R8)(R11*%d), %s", i+1, base)
		}
	}
	for m := range rows {
		base := []string{"R8", "DX", "SI"}[m/9]
		f.op("VFMADD231PS.BCST %d%s, %s, %s", 4*u, rowAddress(base, "", m%9), s.v(0), s.v(4+m))
	}
}
