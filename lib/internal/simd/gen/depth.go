package main

import "fmt"

// Offsets of wideTile: places, destinations and lanes of six vectors.
const wideB, wideC, wideN, wideSize, wideVectors = 0, 24, 48, 72, 6

// depth writes the kernel for one output channel: like tile, but six vectors at a time, because one weight for every load
// of pixels leaves nothing else to share.
func (f *file) depth(s isa) string {
	name := "depth" + s.name
	f.text(name, "tileArgs", 0)
	pointers := []string{"BX", "R8", "R9", "R10", "R11", "R12"}
	f.op("MOVQ %d(DI), SI", tileTiles)
	f.op("MOVQ %d(DI), CX", tileCount)
	f.op("MOVQ %d(DI), AX", tileA)
	f.label("place")
	for i, p := range pointers {
		f.op("MOVLQSX %d(SI), %s", wideB+4*i, p)
		f.op("ADDQ %d(DI), %s", tileB, p)
		f.zero(s, i)
	}
	f.op("MOVQ %d(DI), R15", tileBias)
	f.op("TESTQ R15, R15")
	f.op("JZ nobias")
	f.op("VBROADCASTSS (R15), %s", s.v(0))
	for i := 1; i < wideVectors; i++ {
		f.op("VMOVAPS %s, %s", s.v(0), s.v(i))
	}
	f.label("nobias")
	f.op("MOVQ %d(DI), DX", tileTab)
	f.op("MOVQ %d(DI), R15", tileK)
	f.label("term")
	f.op("MOVLQSX (DX), R13")
	f.op("MOVLQSX 4(DX), R14")
	f.op("VBROADCASTSS (AX)(R14*1), %s", s.v(6))
	for i, p := range pointers {
		f.op("VFMADD231PS (%s)(R13*1), %s, %s", p, s.v(6), s.v(i))
	}
	f.op("ADDQ $8, DX")
	f.op("DECQ R15")
	f.op("JNZ term")
	f.clampDepth(s)
	for i := range wideVectors {
		f.storeDepth(s, i)
	}
	f.op("ADDQ $%d, SI", wideSize)
	f.op("DECQ CX")
	f.op("JNZ place")
	f.end()
	return name
}

// clampDepth is clampTile for the accumulators of depth.
func (f *file) clampDepth(s isa) {
	v := vector{f, s}
	f.op("CMPQ %d(DI), $0", tileClamp)
	f.op("JE store")
	f.op("VBROADCASTSS %d(DI), %s", tileLo, s.v(6))
	f.op("VBROADCASTSS %d(DI), %s", tileHi, s.v(7))
	for i := range wideVectors {
		v.max(i, 6, i)
		v.min(i, 7, i)
	}
	f.label("store")
}

// storeDepth writes vector i, or the lanes of it that exist.
func (f *file) storeDepth(s isa, i int) {
	f.op("MOVLQSX %d(SI), R13", wideC+4*i)
	f.op("MOVLQSX %d(SI), R15", wideN+4*i)
	f.op("ADDQ %d(DI), R13", tileC)
	f.op("CMPQ R15, $%d", s.lanes)
	f.op("JNE part%d", i)
	f.op("VMOVUPS %s, (R13)", s.v(i))
	f.op("JMP stored%d", i)
	f.label(fmt.Sprintf("part%d", i))
	f.laneMask(s, 6, "R15")
	f.maskStore(s, 6, i, "(R13)")
	f.label(fmt.Sprintf("stored%d", i))
}

// Offsets of stackTile: a place, its lanes, and the destinations of four rows.
const stackB, stackN, stackC, stackSize, stackRows = 0, 4, 8, 24, 4

// stack writes the kernel for one output channel of a k×k convolution without stride or dilation: the weights stay in
// registers, and every load of pixels serves all of four output rows that see them. The window's rows are as bytes apart.
func (f *file) stack(s isa, k int) string {
	const sum, weight = 1, 7 // first registers; 0 and 5 hold pixels
	name := fmt.Sprintf("stack%s_%d", s.name, k)
	f.text(name, "tileArgs", 0)
	f.op("MOVQ %d(DI), SI", tileTiles)
	f.op("MOVQ %d(DI), CX", tileCount)
	f.op("MOVQ %d(DI), AX", tileA)
	f.op("MOVQ %d(DI), R8", tileAS)
	f.op("MOVQ %d(DI), R9", tileBias)
	for t := range k * k {
		f.op("VBROADCASTSS %d(AX), %s", 4*t, s.v(weight+t))
	}
	f.label("place")
	f.op("MOVLQSX %d(SI), BX", stackB)
	f.op("ADDQ %d(DI), BX", tileB)
	f.op("VBROADCASTSS (R9), %s", s.v(sum))
	for y := 1; y < stackRows; y++ {
		f.op("VMOVAPS %s, %s", s.v(sum), s.v(sum+y))
	}
	for r := range stackRows + k - 1 {
		for kx := range k {
			x := s.v(5 * ((r*k + kx) % 2))
			f.op("VMOVUPS %d(BX), %s", 4*kx, x)
			for y := max(0, r-k+1); y <= min(r, stackRows-1); y++ {
				f.op("VFMADD231PS %s, %s, %s", x, s.v(weight+(r-y)*k+kx), s.v(sum+y))
			}
		}
		f.op("ADDQ R8, BX")
	}
	f.clampStack(s, sum)
	f.op("MOVLQSX %d(SI), R15", stackN)
	f.op("CMPQ R15, $%d", s.lanes)
	f.op("JNE part")
	f.storeStack(func(y int) { f.op("VMOVUPS %s, (R13)", s.v(sum+y)) })
	f.op("JMP next")
	f.label("part")
	f.laneMask(s, 6, "R15")
	f.storeStack(func(y int) { f.maskStore(s, 6, sum+y, "(R13)") })
	f.label("next")
	f.op("ADDQ $%d, SI", stackSize)
	f.op("DECQ CX")
	f.op("JNZ place")
	f.end()
	return name
}

// clampStack is clampTile for the accumulators of stack, from register sum on.
func (f *file) clampStack(s isa, sum int) {
	v := vector{f, s}
	f.op("CMPQ %d(DI), $0", tileClamp)
	f.op("JE store")
	f.op("VBROADCASTSS %d(DI), %s", tileLo, s.v(0))
	f.op("VBROADCASTSS %d(DI), %s", tileHi, s.v(5))
	for y := range stackRows {
		v.max(sum+y, 0, sum+y)
		v.min(sum+y, 5, sum+y)
	}
	f.label("store")
}

// storeStack runs store for every row, with R13 on its destination.
func (f *file) storeStack(store func(y int)) {
	for y := range stackRows {
		f.op("MOVLQSX %d(SI), R13", stackC+4*y)
		f.op("ADDQ %d(DI), R13", tileC)
		store(y)
	}
}

// Offsets of mergeArgs.
const mergeDst, mergeEven, mergeOdd, mergeRows, mergeWidth, mergeTo, mergeFrom = 0, 8, 16, 24, 32, 40, 48

// merge writes the kernel that interleaves rows of width values each from even and odd columns.
func (f *file) merge(name string) string {
	f.text(name, "mergeArgs", 0)
	f.op("MOVQ %d(DI), AX", mergeDst)
	f.op("MOVQ %d(DI), BX", mergeEven)
	f.op("MOVQ %d(DI), SI", mergeOdd)
	f.op("MOVQ %d(DI), CX", mergeRows)
	f.op("MOVQ %d(DI), DX", mergeWidth)
	f.op("SUBQ BX, SI")
	f.label("row")
	f.op("MOVQ AX, R10")
	f.op("MOVQ BX, R11")
	f.op("MOVQ DX, R15")
	f.label("vector")
	f.op("CMPQ R15, $8")
	f.op("JLT rest")
	f.op("VPERMPD $0xD8, (R11), Y0")
	f.op("VPERMPD $0xD8, (R11)(SI*1), Y1")
	f.op("VUNPCKLPS Y1, Y0, Y2")
	f.op("VUNPCKHPS Y1, Y0, Y3")
	f.op("VMOVUPS Y2, (R10)")
	f.op("VMOVUPS Y3, 32(R10)")
	f.op("ADDQ $32, R11")
	f.op("ADDQ $64, R10")
	f.op("SUBQ $8, R15")
	f.op("JMP vector")
	f.label("rest")
	f.op("TESTQ R15, R15")
	f.op("JZ next")
	f.op("MOVL (R11), R12")
	f.op("MOVL (R11)(SI*1), R13")
	f.op("MOVL R12, (R10)")
	f.op("MOVL R13, 4(R10)")
	f.op("ADDQ $4, R11")
	f.op("ADDQ $8, R10")
	f.op("DECQ R15")
	f.op("JMP rest")
	f.label("next")
	f.op("ADDQ %d(DI), AX", mergeTo)
	f.op("ADDQ %d(DI), BX", mergeFrom)
	f.op("DECQ CX")
	f.op("JNZ row")
	f.end()
	return name
}
