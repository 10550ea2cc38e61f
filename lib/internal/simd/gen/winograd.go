package main

import "fmt"

// Winograd's minimal filtering F(4×4,3×3) (Lavin & Gray 2016) with the points 0, ±1, ±2 and ∞: a 6×6 tile of input d and a
// 3×3 filter g give a 4×4 tile of output y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A. The kernels here are the transforms; the products in
// the middle are 36 matrix products. A register holds the same element of eight tiles, or of eight filters.

// Offsets of winoArgs.
const (
	winoSrc, winoDst, winoTmp, winoOffsets = 0, 8, 16, 24
	winoRow, winoXi, winoGroups, winoBias  = 32, 40, 48, 56
	winoAt, winoFrom, winoTo               = 64, 72, 80
	winoLo, winoHi                         = 88, 92
)

// tilePointers are the registers that hold the addresses of eight tiles.
var tilePointers = []string{"AX", "BX", "CX", "DX", "SI", "R8", "R9", "R10"}

// inputTransform is one dimension of Bᵀd: registers d to d+5 in, the result's registers out; clobbers 0 to 7.
func inputTransform(v vector, d int) [6]int {
	c2, c4, c5 := v.num(2), v.num(4), v.num(5)
	v.move(0, d+4)
	v.addMul(0, d, c4)
	v.subMul(0, d+2, c5)
	v.move(1, d+4)
	v.subMul(1, d+2, c4)
	v.move(2, d+3)
	v.subMul(2, d+1, c4)
	v.add(3, 1, 2)
	v.sub(4, 1, 2)
	v.sub(5, d+4, d+2)
	v.sub(6, d+3, d+1)
	v.move(7, 5)
	v.addMul(7, 6, c2)
	v.subMul(5, 6, c2)
	v.addMul(d+5, d+1, c4)
	v.subMul(d+5, d+3, c5)
	return [6]int{0, 3, 4, 7, 5, d + 5}
}

// outputTransform is one dimension of Aᵀm: registers m to m+5 in, the result's registers out; clobbers 0 to 3.
func outputTransform(v vector, m int) [4]int {
	v.add(0, m+1, m+2)
	v.sub(1, m+1, m+2)
	v.add(2, m+3, m+4)
	v.sub(3, m+3, m+4)
	v.add(m, m, 0)
	v.add(m, m, 2)
	v.add(m+5, m+5, 1)
	v.addMul(m+5, 3, v.num(8))
	v.addMul(0, 2, v.num(4))
	v.addMul(1, 3, v.num(2))
	return [4]int{m, 1, 0, m + 5}
}

// gradTransform is one dimension of A·y, the transpose of outputTransform: registers y to y+3 in; clobbers 0 to 5.
func gradTransform(v vector, y int) [6]int {
	v.add(0, y, y+2)
	v.add(1, y+1, y+3)
	v.add(2, 0, 1)
	v.sub(3, 0, 1)
	v.move(0, y)
	v.addMul(0, y+2, v.num(4))
	v.move(1, y+1)
	v.addMul(1, y+3, v.num(4))
	v.add(1, 1, 1)
	v.add(4, 0, 1)
	v.sub(5, 0, 1)
	return [6]int{y, 2, 3, 4, 5, y + 3}
}

// filterTransform is one dimension of G·g: registers g to g+2 in; clobbers 0 to 5.
func filterTransform(v vector, g int) [6]int {
	v.add(0, g, g+2)
	v.mul(0, 0, v.num(-1.0/6))
	v.mul(1, g+1, v.num(1.0/6))
	v.sub(2, 0, 1)
	v.add(3, 0, 1)
	v.mul(0, g, v.num(1.0/24))
	v.addMul(0, g+2, v.num(1.0/6))
	v.mul(1, g+1, v.num(1.0/12))
	v.add(4, 0, 1)
	v.sub(5, 0, 1)
	v.mul(g, g, v.num(0.25))
	return [6]int{g, 2, 3, 4, 5, g + 2}
}

// filterGradTransform is one dimension of Gᵀ·u: registers u to u+5 in; clobbers 0 to 2.
func filterGradTransform(v vector, u int) [3]int {
	v.add(0, u+1, u+2)
	v.mul(0, 0, v.num(1.0/6))
	v.add(1, u+3, u+4)
	v.mul(u, u, v.num(0.25))
	v.sub(u, u, 0)
	v.addMul(u, 1, v.num(1.0/24))
	v.sub(u+5, u+5, 0)
	v.addMul(u+5, 1, v.num(1.0/6))
	v.sub(2, u+2, u+1)
	v.mul(2, 2, v.num(1.0/6))
	v.sub(u+3, u+3, u+4)
	v.addMul(2, u+3, v.num(1.0/12))
	return [3]int{u, 2, u + 5}
}

// turn transposes 4×4 blocks: registers in to in+3 to out to out+3, of which only the first n are wanted; clobbers 4 to 7.
func turn(v vector, in, out, n int) {
	v.do("VUNPCKLPS", 4, in, in+1)
	v.do("VUNPCKLPS", 5, in+2, in+3)
	if n > 2 {
		v.do("VUNPCKHPS", 6, in, in+1)
		v.do("VUNPCKHPS", 7, in+2, in+3)
	}
	v.do("VUNPCKLPD", out, 4, 5)
	v.do("VUNPCKHPD", out+1, 4, 5)
	if n > 2 {
		v.do("VUNPCKLPD", out+2, 6, 7)
		v.do("VUNPCKHPD", out+3, 6, 7)
	}
}

// loadTiles reads columns off/4 … of one row of eight tiles: column j of all of them into register out+j. R11 is the row.
func loadTiles(v vector, off, out, n int) {
	for i := range 4 {
		v.op("VMOVUPS %d(%s)(R11*1), X%d", off, tilePointers[i], i)
		v.op("VINSERTF128 $1, %d(%s)(R11*1), Y%d, Y%d", off, tilePointers[i+4], i, i)
	}
	turn(v, 0, out, n)
}

// pointTiles loads the addresses of the next eight tiles, at base.
func (f *file) pointTiles(base int) {
	f.op("MOVQ %d(DI), R11", winoOffsets)
	f.op("ADDQ %d(DI), R11", winoAt)
	for i, p := range tilePointers {
		f.op("MOVLQSX %d(R11), %s", 4*i, p)
		f.op("ADDQ %d(DI), %s", base, p)
	}
}

// tmp is the memory operand of element (row, col) of the temporary, 6 to a row.
func tmp(row, col int) string { return wideTmp(avx2, row, col) }

// wideTmp is tmp for the registers of s.
func wideTmp(s isa, row, col int) string { return fmt.Sprintf("%d(R12)", s.bytes()*(6*row+col)) }

// forward writes a transform of tiles to 36 planes: of input (6×6) or of output gradient (4×4).
func (f *file) winoForward(name string, rows int, transform func(v vector, in int) [6]int) string {
	v := vector{f, avx2}
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ $0, %d(DI)", winoAt)
	f.label("group")
	f.pointTiles(winoSrc)
	f.op("XORQ R11, R11")
	for i := range rows {
		loadTiles(v, 0, 8, 4)
		if rows == 6 {
			loadTiles(v, 16, 12, 2)
		}
		for j, r := range transform(v, 8) {
			f.op("VMOVUPS Y%d, %s", r, tmp(i, j))
		}
		f.op("ADDQ %d(DI), R11", winoRow)
	}
	f.op("MOVQ %d(DI), R13", winoDst)
	f.op("ADDQ %d(DI), R13", winoAt)
	for j := range 6 {
		for i := range rows {
			v.move(8+i, tmp(i, j))
		}
		f.op("MOVQ R13, R11")
		for _, r := range transform(v, 8) {
			f.op("VMOVUPS Y%d, (R11)", r)
			f.op("ADDQ R15, R11")
		}
		f.op("ADDQ R14, R13")
	}
	f.op("ADDQ $32, %d(DI)", winoAt)
	f.op("DECQ %d(DI)", winoGroups)
	f.op("JNZ group")
	f.end()
	return name
}

// winoOutput writes the transform of 36 planes to tiles of output.
func (f *file) winoOutput(name string) string {
	v := vector{f, avx2}
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ $0, %d(DI)", winoAt)
	f.label("group")
	f.op("MOVQ %d(DI), R13", winoSrc)
	f.op("ADDQ %d(DI), R13", winoAt)
	for j := range 6 {
		f.op("MOVQ R13, R11")
		for i := range 6 {
			v.move(8+i, "(R11)")
			f.op("ADDQ R15, R11")
		}
		for i, r := range outputTransform(v, 8) {
			f.op("VMOVUPS Y%d, %s", r, tmp(i, j))
		}
		f.op("ADDQ R14, R13")
	}
	f.pointTiles(winoDst)
	f.op("VBROADCASTSS %d(DI), Y15", winoBias)
	f.op("VBROADCASTSS %d(DI), Y14", winoLo)
	f.op("XORQ R11, R11")
	for i := range 4 {
		for j := range 6 {
			v.move(8+j, tmp(i, j))
		}
		r := outputTransform(v, 8)
		for j := range 4 {
			v.add(9+j, r[j], 15) // r is {8, 1, 0, 13}, so nothing is overwritten before it is read
			v.max(9+j, 14, 9+j)
		}
		f.op("VBROADCASTSS %d(DI), Y13", winoHi)
		for j := range 4 {
			v.min(9+j, 13, 9+j)
		}
		turn(v, 9, 0, 4)
		for i := range 4 {
			f.op("VMOVUPS X%d, (%s)(R11*1)", i, tilePointers[i])
			f.op("VEXTRACTF128 $1, Y%d, (%s)(R11*1)", i, tilePointers[i+4])
		}
		f.op("ADDQ %d(DI), R11", winoRow)
	}
	f.op("ADDQ $32, %d(DI)", winoAt)
	f.op("DECQ %d(DI)", winoGroups)
	f.op("JNZ group")
	f.end()
	return name
}

// transpose8 turns registers 0 to 7 into their transpose, in the returned registers; it uses all sixteen.
func transpose8(v vector) {
	for i := range 4 {
		v.do("VUNPCKLPS", 8+2*i, 2*i, 2*i+1)
		v.do("VUNPCKHPS", 9+2*i, 2*i, 2*i+1)
	}
	for i := range 2 { // 8, 10: low halves of rows 0-1, 2-3; 9, 11: high halves; 12 to 15 the same of rows 4 to 7
		for j := range 2 {
			a, b := 8+4*i+j, 10+4*i+j
			v.do("VUNPCKLPD", 4*i+2*j, a, b)
			v.do("VUNPCKHPD", 4*i+2*j+1, a, b)
		}
	}
	for j := range 4 {
		v.op("VPERM2F128 $0x20, Y%d, Y%d, Y%d", 4+j, j, 8+j)
		v.op("VPERM2F128 $0x31, Y%d, Y%d, Y%d", 4+j, j, 12+j)
	}
}

// winoFilter writes the transform of filters, row bytes apart, to 36 planes, eight filters a group; flip turns each filter by
// half a turn.
func (f *file) winoFilter(name string, flip bool) string {
	v := vector{f, avx2}
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("MOVQ %d(DI), AX", winoSrc)
	f.op("MOVQ %d(DI), BX", winoDst)
	f.op("MOVQ %d(DI), CX", winoGroups)
	f.op("MOVQ %d(DI), R8", winoRow)
	f.op("LEAQ (R8)(R8*2), R9")
	f.op("LEAQ (R8)(R8*4), R10")
	f.op("LEAQ (R9)(R8*4), R11")
	filters := []string{"(AX)", "(AX)(R8*1)", "(AX)(R8*2)", "(AX)(R9*1)", "(AX)(R8*4)", "(AX)(R10*1)", "(AX)(R9*2)", "(AX)(R11*1)"}
	f.label("group")
	for i, at := range filters {
		v.move(i, at)
	}
	transpose8(v) // taps 0 to 7 in registers 8 to 15
	for half := range 2 {
		f.op("VMOVSS 32%s, X%d", filters[4*half], half)
		for i := 1; i < 4; i++ {
			f.op("VINSERTPS $%d, 32%s, X%d, X%d", 16*i, filters[4*half+i], half, half)
		}
	}
	f.op("VINSERTF128 $1, X1, Y0, Y6") // tap 8
	for t := range 9 {
		r, place := 8+t, t
		if t == 8 {
			r = 6
		}
		if flip {
			place = 8 - t
		}
		f.op("VMOVUPS Y%d, %s", r, tmp(6+place/6, place%6))
	}
	for k := range 3 {
		for i := range 3 {
			t := 3*i + k
			v.move(8+i, tmp(6+t/6, t%6))
		}
		for i, r := range filterTransform(v, 8) {
			f.op("VMOVUPS Y%d, %s", r, tmp(i, k))
		}
	}
	f.op("MOVQ BX, R13")
	for i := range 6 {
		for k := range 3 {
			v.move(8+k, tmp(i, k))
		}
		for _, r := range filterTransform(v, 8) {
			f.op("VMOVUPS Y%d, (R13)", r)
			f.op("ADDQ R14, R13")
		}
	}
	f.op("ADDQ %d(DI), AX", winoFrom)
	f.op("ADDQ %d(DI), BX", winoTo)
	f.op("DECQ CX")
	f.op("JNZ group")
	f.end()
	return name
}

// winoFilterGrad writes the transform of 36 planes to gradients of filters, eight a group.
func (f *file) winoFilterGrad(name string) string {
	v := vector{f, avx2}
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ %d(DI), AX", winoSrc)
	f.op("MOVQ %d(DI), BX", winoDst)
	f.op("MOVQ %d(DI), CX", winoGroups)
	f.label("group")
	f.op("MOVQ AX, R13")
	for j := range 6 {
		f.op("MOVQ R13, R11")
		for i := range 6 {
			v.move(8+i, "(R11)")
			f.op("ADDQ R15, R11")
		}
		for i, r := range filterGradTransform(v, 8) {
			f.op("VMOVUPS Y%d, %s", r, tmp(i, j))
		}
		f.op("ADDQ R14, R13")
	}
	for i := range 3 {
		for j := range 6 {
			v.move(8+j, tmp(i, j))
		}
		for j, r := range filterGradTransform(v, 8) {
			t := 3*i + j
			f.op("VMOVUPS Y%d, %s", r, tmp(6+t/6, t%6))
		}
	}
	for t := range 8 {
		v.move(t, tmp(6+t/6, t%6))
	}
	transpose8(v)
	for i := range 8 {
		f.op("VMOVUPS Y%d, %d(BX)", 8+i, 36*i)
		f.op("MOVL %d(R12), R11", 32*(6*6+8)+4*i)
		f.op("MOVL R11, %d(BX)", 36*i+32)
	}
	f.op("ADDQ $32, AX")
	f.op("ADDQ $288, BX")
	f.op("DECQ CX")
	f.op("JNZ group")
	f.end()
	return name
}
