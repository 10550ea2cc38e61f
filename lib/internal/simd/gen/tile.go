package main

import "fmt"

// Offsets of tileArgs and of tile.
const (
	tileA, tileB, tileC, tileTab, tileK = 0, 8, 16, 24, 32
	tileAS, tileLdc, tileAcc, tileBias  = 40, 48, 56, 64
	tileTiles, tileCount                = 72, 80
	tileClamp, tileLo, tileHi           = 88, 96, 100
	tileB0, tileB1, tileC0, tileC1      = 0, 4, 8, 12
	tileN0, tileN1, tileSize            = 16, 20, 24
)

// rowAddress is the address of row m of the weights at base: R10 holds the row stride, R12, R13 and R14 hold 3, 5 and 7
// strides, and base9 holds base plus 9 strides.
func rowAddress(base, base9 string, m int) string {
	if m >= 9 {
		return rowAddress(base9, "", m-9)
	}
	index := []string{"", "(R10*1)", "(R10*2)", "(R12*1)", "(R10*4)", "(R13*1)", "(R12*2)", "(R14*1)", "(R10*8)"}
	return "(" + base + ")" + index[m]
}

// tile writes the kernel that computes rows × 2 vectors of a gathered matrix product for a list of places; see tileArgs
// for the loop it equals.
func (f *file) tile(s isa, rows int) string {
	name := fmt.Sprintf("tile%s_%d", s.name, rows)
	f.text(name, "tileArgs", 16)
	f.op("MOVQ %d(DI), SI", tileTiles)
	f.op("MOVQ %d(DI), CX", tileCount)
	f.label("place")
	f.op("MOVQ SI, place-8(SP)")
	f.op("MOVQ CX, count-16(SP)")
	f.op("MOVLQSX %d(SI), BX", tileB0)
	f.op("MOVLQSX %d(SI), R11", tileB1)
	f.op("ADDQ %d(DI), BX", tileB)
	f.op("ADDQ %d(DI), R11", tileB)
	f.op("MOVQ %d(DI), AX", tileA)
	f.op("MOVQ %d(DI), DX", tileTab)
	f.op("MOVQ %d(DI), CX", tileK)
	f.op("MOVQ %d(DI), R10", tileAS)
	f.op("LEAQ (R10)(R10*2), R12")
	f.op("LEAQ (R10)(R10*4), R13")
	f.op("LEAQ (R12)(R10*4), R14")
	f.startTile(s, rows)
	f.op("MOVQ CX, R15")
	f.op("ANDQ $3, CX")
	f.op("SHRQ $2, R15")
	f.op("JZ tail")
	f.label("loop")
	for u := range 4 {
		f.tileStep(s, rows, 8*u)
	}
	f.op("ADDQ $32, DX")
	f.op("DECQ R15")
	f.op("JNZ loop")
	f.label("tail")
	f.op("TESTQ CX, CX")
	f.op("JZ done")
	f.label("one")
	f.tileStep(s, rows, 0)
	f.op("ADDQ $8, DX")
	f.op("DECQ CX")
	f.op("JNZ one")
	f.label("done")
	f.storeTile(s, rows)
	f.label("next")
	f.op("MOVQ place-8(SP), SI")
	f.op("MOVQ count-16(SP), CX")
	f.op("ADDQ $%d, SI", tileSize)
	f.op("DECQ CX")
	f.op("JNZ place")
	f.end()
	return name
}

// startTile sets the accumulators, registers 4 and up, to the bias or to zero.
func (f *file) startTile(s isa, rows int) {
	f.op("MOVQ %d(DI), SI", tileBias)
	f.op("TESTQ SI, SI")
	f.op("JZ nobias")
	for m := range rows {
		f.op("VBROADCASTSS %d(SI), %s", 4*m, s.v(4+2*m))
		f.op("VMOVAPS %s, %s", s.v(4+2*m), s.v(5+2*m))
	}
	f.op("JMP started")
	f.label("nobias")
	for i := range 2 * rows {
		f.zero(s, 4+i)
	}
	f.label("started")
}

// tileStep adds one term of the sum, whose table entry stands at offset off.
func (f *file) tileStep(s isa, rows, off int) {
	f.op("MOVLQSX %d(DX), R8", off)
	f.op("MOVLQSX %d(DX), R9", off+4)
	f.op("VMOVUPS (BX)(R8*1), %s", s.v(0))
	f.op("VMOVUPS (R11)(R8*1), %s", s.v(1))
	f.op("ADDQ AX, R9")
	if rows > 9 {
		f.op("LEAQ (R9)(R10*8), SI")
		f.op("ADDQ R10, SI")
	}
	for m := range rows {
		t := s.v(2 + m%2)
		f.op("VBROADCASTSS %s, %s", rowAddress("R9", "SI", m), t)
		f.op("VFMADD231PS %s, %s, %s", t, s.v(0), s.v(4+2*m))
		f.op("VFMADD231PS %s, %s, %s", t, s.v(1), s.v(5+2*m))
	}
}

// storeTile writes the accumulators, adding what is there if asked, and only the lanes that exist.
func (f *file) storeTile(s isa, rows int) {
	f.op("MOVQ place-8(SP), R15")
	f.op("MOVLQSX %d(R15), SI", tileC0)
	f.op("MOVLQSX %d(R15), R12", tileC1)
	f.op("ADDQ %d(DI), SI", tileC)
	f.op("ADDQ %d(DI), R12", tileC)
	f.op("MOVLQSX %d(R15), R8", tileN0)
	f.op("MOVLQSX %d(R15), R9", tileN1)
	f.op("MOVQ %d(DI), R10", tileLdc)
	f.op("MOVQ %d(DI), R13", tileAcc)
	f.op("CMPQ R8, $%d", s.lanes)
	f.op("JNE part")
	f.op("CMPQ R9, $%d", s.lanes)
	f.op("JNE part")
	f.op("TESTQ R13, R13")
	f.op("JZ added")
	f.addTile(s, rows, func(m int) {
		f.op("VADDPS (R14), %s, %s", s.v(4+2*m), s.v(4+2*m))
		f.op("VADDPS (R15), %s, %s", s.v(5+2*m), s.v(5+2*m))
	})
	f.label("added")
	f.clampTile(s, rows, "store")
	for m := range rows {
		f.op("VMOVUPS %s, (SI)", s.v(4+2*m))
		f.op("VMOVUPS %s, (R12)", s.v(5+2*m))
		f.op("ADDQ R10, SI")
		f.op("ADDQ R10, R12")
	}
	f.op("JMP next")
	f.label("part")
	f.laneMask(s, 0, "R8")
	f.laneMask(s, 1, "R9")
	f.op("TESTQ R13, R13")
	f.op("JZ partadded")
	f.addTile(s, rows, func(m int) {
		f.maskLoad(s, 0, "(R14)", 2)
		f.maskLoad(s, 1, "(R15)", 3)
		f.op("VADDPS %s, %s, %s", s.v(2), s.v(4+2*m), s.v(4+2*m))
		f.op("VADDPS %s, %s, %s", s.v(3), s.v(5+2*m), s.v(5+2*m))
	})
	f.label("partadded")
	f.clampTile(s, rows, "partstore")
	for m := range rows {
		f.maskStore(s, 0, 4+2*m, "(SI)")
		f.maskStore(s, 1, 5+2*m, "(R12)")
		f.op("ADDQ R10, SI")
		f.op("ADDQ R10, R12")
	}
}

// addTile runs add for every row, with R14 and R15 on what the row's two vectors stand for.
func (f *file) addTile(s isa, rows int, add func(m int)) {
	f.op("MOVQ SI, R14")
	f.op("MOVQ R12, R15")
	for m := range rows {
		add(m)
		f.op("ADDQ R10, R14")
		f.op("ADDQ R10, R15")
	}
}

// clampTile brings the accumulators between the limits if asked, and goes on at the label called then. What is not a
// number stays, because the instructions return their last operand then.
func (f *file) clampTile(s isa, rows int, then string) {
	v := vector{f, s}
	f.op("CMPQ %d(DI), $0", tileClamp)
	f.op("JE %s", then)
	f.op("VBROADCASTSS %d(DI), %s", tileLo, s.v(2))
	f.op("VBROADCASTSS %d(DI), %s", tileHi, s.v(3))
	for i := range 2 * rows {
		v.max(4+i, 2, 4+i)
		v.min(4+i, 3, 4+i)
	}
	f.label(then)
}

// laneMask builds mask i that selects the first n lanes; n and R14 are clobbered. AVX2 keeps it in register i, AVX-512 in
// K(i+1).
func (f *file) laneMask(s isa, i int, n string) {
	if s.reg == "Z" {
		f.op("MOVQ $-1, R14")
		f.op("BZHIQ %s, R14, R14", n)
		f.op("KMOVW R14, K%d", i+1)
		return
	}
	f.op("LEAQ masks<>+32(SB), R14")
	f.op("SHLQ $2, %s", n)
	f.op("SUBQ %s, R14", n)
	f.op("VMOVUPS (R14), %s", s.v(i))
}

func (f *file) maskLoad(s isa, i int, addr string, dst int) {
	if s.reg == "Z" {
		f.op("VMOVUPS.Z %s, K%d, %s", addr, i+1, s.v(dst))
		return
	}
	f.op("VMASKMOVPS %s, %s, %s", addr, s.v(i), s.v(dst))
}

func (f *file) maskStore(s isa, i, src int, addr string) {
	if s.reg == "Z" {
		f.op("VMOVUPS %s, K%d, %s", s.v(src), i+1, addr)
		return
	}
	f.op("VMASKMOVPS %s, %s, %s", s.v(src), s.v(i), addr)
}

// maskTable is eight set words and eight clear ones: n set words start at offset 4·(8−n).
func (f *file) maskTable() {
	for i := range 8 {
		word := "-1"
		if i >= 4 {
			word = "0"
		}
		fmt.Fprintf(&f.asm, "DATA masks<>+%d(SB)/8, $%s\n", 8*i, word)
	}
	fmt.Fprintf(&f.asm, "GLOBL masks<>(SB), RODATA|NOPTR, $64\n")
}
