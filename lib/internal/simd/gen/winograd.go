package main

import (
	"fmt"
	"slices"
	"strings"
)

// Winograd's minimal filtering F(4×4,3×3) (Lavin & Gray 2016) with the points 0, ±1, ±2 and ∞: a 6×6 tile of input d and a
// 3×3 filter g give a 4×4 tile of output y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A. The kernels here are the transforms; the products in
// the middle are 36 matrix products. A register holds the same element of eight tiles, or of eight filters.

// Offsets of winoArgs.
const (
	winoSrc, winoDst, winoTmp, winoOffsets = 0, 8, 16, 24
	winoRow, winoXi, winoGroups, winoBias  = 32, 40, 48, 56
	winoAt, winoFrom, winoTo               = 64, 72, 80
	winoLo, winoHi                         = 88, 92
	winoAhead                              = 96
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

// filterTransform is one dimension of G·g: registers a, b and c in, the middle four of the result in out and the next ones;
// clobbers 0 and 1.
func filterTransform(v vector, a, b, c, out int) [6]int {
	v.add(0, a, c)
	v.mul(0, 0, v.num(-1.0/6))
	v.mul(1, b, v.num(1.0/6))
	v.sub(out, 0, 1)
	v.add(out+1, 0, 1)
	v.mul(0, a, v.num(1.0/24))
	v.addMul(0, c, v.num(1.0/6))
	v.mul(1, b, v.num(1.0/12))
	v.add(out+2, 0, 1)
	v.sub(out+3, 0, 1)
	v.mul(a, a, v.num(0.25))
	return [6]int{a, out, out + 1, out + 2, out + 3, c}
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

// loadTiles reads columns off/4 … of one row of eight tiles, or of eight pairs of tiles with AVX-512: column j of all of
// them into register out+j. R11 is the row.
func loadTiles(v vector, off, out, n int) {
	for i := range 4 {
		v.op("VMOVUPS %d(%s)(R11*1), %s", off, tilePointers[i], v.half(i))
		v.op("%s $1, %d(%s)(R11*1), %s, %s", map[int]string{8: "VINSERTF128", 16: "VINSERTF64X4"}[v.lanes], off, tilePointers[i+4], v.v(i), v.v(i))
	}
	turn(v, 0, out, n)
}

// half names the lower half of register i.
func (s isa) half(i int) string {
	return fmt.Sprintf("%s%d", map[int]string{8: "X", 16: "Y"}[s.lanes], i)
}

// pointTiles loads the addresses of the next eight tiles or pairs of tiles, at base.
func (f *file) pointTiles(s isa, base int) {
	f.op("MOVQ %d(DI), R11", winoAt)
	if s.lanes == 16 { // half as many places as tiles
		f.op("SHRQ $1, R11")
	}
	f.op("ADDQ %d(DI), R11", winoOffsets)
	for i, p := range tilePointers {
		f.op("MOVLQSX %d(R11), %s", 4*i, p)
		f.op("ADDQ %d(DI), %s", base, p)
	}
}

// tmp is the memory operand of element (row, col) of the temporary, 6 to a row.
func tmp(s isa, row, col int) string { return fmt.Sprintf("%d(R12)", s.bytes()*(6*row+col)) }

// forward writes a transform of tiles to 36 planes: of input (6×6) or of output gradient (4×4).
func (f *file) winoForward(s isa, name string, rows int, transform func(v vector, in int) [6]int) string {
	v := vector{f, s}
	name += s.name
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ $0, %d(DI)", winoAt)
	f.label("group")
	f.pointTiles(s, winoSrc)
	f.op("XORQ R11, R11")
	for i := range rows {
		loadTiles(v, 0, 8, 4)
		if rows == 6 {
			loadTiles(v, 16, 12, 2)
		}
		for j, r := range transform(v, 8) {
			f.op("VMOVUPS %s, %s", s.v(r), tmp(s, i, j))
		}
		f.op("ADDQ %d(DI), R11", winoRow)
	}
	f.op("MOVQ %d(DI), R13", winoDst)
	f.op("ADDQ %d(DI), R13", winoAt)
	for j := range 6 {
		for i := range rows {
			v.move(8+i, tmp(s, i, j))
		}
		f.op("MOVQ R13, R11")
		for _, r := range transform(v, 8) {
			f.op("VMOVUPS %s, (R11)", s.v(r))
			f.op("ADDQ R15, R11")
		}
		f.op("ADDQ R14, R13")
	}
	f.op("ADDQ $%d, %d(DI)", s.bytes(), winoAt)
	f.op("DECQ %d(DI)", winoGroups)
	f.op("JNZ group")
	f.end()
	return name
}

// winoOutput writes the transform of 36 planes to tiles of output.
func (f *file) winoOutput(s isa) string {
	v, name := vector{f, s}, "winoOutput"+s.name
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ $0, %d(DI)", winoAt)
	f.label("group")
	f.op("MOVQ %d(DI), R13", winoSrc)
	f.op("ADDQ %d(DI), R13", winoAt)
	if s.regs == 32 {
		outputColumns(v)
		f.pointTiles(s, winoDst)
	} else {
		f.outputColumnsStored(v)
		f.pointTiles(s, winoDst)
		f.op("VBROADCASTSS %d(DI), %s", winoBias, s.v(15))
		f.op("VBROADCASTSS %d(DI), %s", winoLo, s.v(14))
	}
	f.op("XORQ R11, R11")
	for i := range 4 {
		if s.regs == 32 {
			f.outputRow(v, 8+6*i)
		} else {
			f.outputRowStored(v, i)
		}
		for i := range 4 {
			f.op("VMOVUPS %s, (%s)(R11*1)", s.half(i), tilePointers[i])
			f.op("%s $1, %s, (%s)(R11*1)", map[int]string{8: "VEXTRACTF128", 16: "VEXTRACTF64X4"}[s.lanes], s.v(i), tilePointers[i+4])
		}
		f.op("ADDQ %d(DI), R11", winoRow)
	}
	f.op("ADDQ $%d, %d(DI)", s.bytes(), winoAt)
	f.op("DECQ %d(DI)", winoGroups)
	f.op("JNZ group")
	f.end()
	return name
}

// outputColumns transforms the columns of the planes from R13 on, R14 and, from row to row, R15 apart: element (i,j) of
// the result goes to register 8+6i+j. It adds in outputTransform's order.
func outputColumns(v vector) {
	v.op("LEAQ (R15)(R15*2), AX")
	v.op("LEAQ (R15)(R15*4), BX")
	for j := range 6 {
		d := 8 + j
		v.move(0, "(R13)(R15*1)")
		v.sub(1, 0, "(R13)(R15*2)")
		v.add(0, 0, "(R13)(R15*2)")
		v.move(2, "(R13)(AX*1)")
		v.sub(3, 2, "(R13)(R15*4)")
		v.add(2, 2, "(R13)(R15*4)")
		v.add(d, 0, "(R13)")
		v.add(d, d, 2)
		v.add(d+18, 1, "(R13)(BX*1)")
		v.addMul(d+18, 3, v.num(8))
		v.move(d+12, 0)
		v.addMul(d+12, 2, v.num(4))
		v.move(d+6, 1)
		v.addMul(d+6, 3, v.num(2))
		v.op("ADDQ R14, R13")
	}
}

// outputRow transforms the row in registers m to m+5, finishes it and turns it to registers 0 to 3.
func (f *file) outputRow(v vector, m int) {
	r := outputTransform(v, m)
	f.op("VBROADCASTSS %d(DI), %s", winoLo, v.v(4))
	f.op("VBROADCASTSS %d(DI), %s", winoHi, v.v(5))
	for j := range 4 { // r is {m, 1, 0, m+5}, so nothing is overwritten before it is read
		f.op("VADDPS.BCST %d(DI), %s, %s", winoBias, v.v(r[j]), v.v(m+1+j))
		v.max(m+1+j, 4, m+1+j)
		v.min(m+1+j, 5, m+1+j)
	}
	turn(v, m+1, 0, 4)
}

// outputColumnsStored is outputColumns with the temporary in place of registers.
func (f *file) outputColumnsStored(v vector) {
	for j := range 6 {
		f.op("MOVQ R13, R11")
		for i := range 6 {
			v.move(8+i, "(R11)")
			f.op("ADDQ R15, R11")
		}
		for i, r := range outputTransform(v, 8) {
			f.op("VMOVUPS %s, %s", v.v(r), tmp(v.isa, i, j))
		}
		f.op("ADDQ R14, R13")
	}
}

// outputRowStored is outputRow for row i of the temporary, with bias and lower limit in registers 15 and 14.
func (f *file) outputRowStored(v vector, i int) {
	for j := range 6 {
		v.move(8+j, tmp(v.isa, i, j))
	}
	r := outputTransform(v, 8)
	for j := range 4 {
		v.add(9+j, r[j], 15) // r is {8, 1, 0, 13}, so nothing is overwritten before it is read
		v.max(9+j, 14, 9+j)
	}
	f.op("VBROADCASTSS %d(DI), %s", winoHi, v.v(13))
	for j := range 4 {
		v.min(9+j, 13, 9+j)
	}
	turn(v, 9, 0, 4)
}

// unpack8 turns registers 0 to 7 so that register j, lower than 4, has the elements j of registers 0 to 3 in the first
// quarter, of their second quarters in the second and so on, and register 4+j that of registers 4 to 7; it uses all up to
// 15.
func unpack8(v vector) {
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
}

// transpose8 turns registers 0 to 7 into their transpose, in registers 8 to 15. With AVX-512 it turns two matrices at
// once, in the lower and upper halves; a result has the halves of rows 0 to 3, lower and upper, and then those of rows 4
// to 7.
func transpose8(v vector) {
	unpack8(v)
	for j := range 4 {
		if v.lanes == 16 {
			v.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 4+j, j, 8+j)
			v.op("VSHUFF32X4 $0xDD, Z%d, Z%d, Z%d", 4+j, j, 12+j)
			continue
		}
		v.op("VPERM2F128 $0x20, Y%d, Y%d, Y%d", 4+j, j, 8+j)
		v.op("VPERM2F128 $0x31, Y%d, Y%d, Y%d", 4+j, j, 12+j)
	}
}

// prefetch asks for the lines at some addresses, which need not be there.
func (f *file) prefetch(at string) {
	for _, at := range strings.Fields(at) {
		f.op("PREFETCHT0 %s", at)
	}
}

// winoFilter writes the transform of filters, row bytes apart, to 36 planes, as many filters a group as a register has
// lanes; flip turns each filter by half a turn. It asks for the filters that stand ahead of these, so that what it reads of
// large weights is there when their turn comes.
func (f *file) winoFilter(s isa, name string, flip bool) string {
	v := vector{f, s}
	name += s.name
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("MOVQ %d(DI), AX", winoSrc)
	f.op("MOVQ %d(DI), BX", winoDst)
	f.op("MOVQ %d(DI), CX", winoGroups)
	f.op("MOVQ %d(DI), R8", winoRow)
	f.op("MOVQ %d(DI), DX", winoAhead)
	f.op("LEAQ (R8)(R8*2), R9")
	f.op("LEAQ (R8)(R8*4), R10")
	f.op("LEAQ (R9)(R8*4), R11")
	filters := []string{"(AX)", "(AX)(R8*1)", "(AX)(R8*2)", "(AX)(R9*1)", "(AX)(R8*4)", "(AX)(R10*1)", "(AX)(R9*2)", "(AX)(R11*1)"}
	f.label("group")
	if s.lanes == 16 {
		f.op("LEAQ (AX)(R8*8), SI")
		for _, at := range filters {
			filters = append(filters, strings.Replace(at, "AX", "SI", 1))
		}
	}
	f.op("LEAQ (AX)(DX*1), R13")
	f.prefetch(strings.ReplaceAll(strings.Join(filters[:8], " "), "AX", "R13"))
	if s.lanes == 16 {
		f.op("LEAQ (SI)(DX*1), R13")
		f.prefetch(strings.ReplaceAll(strings.Join(filters[:8], " "), "AX", "R13"))
	}
	for i := range 8 {
		if s.lanes == 8 {
			v.move(i, filters[i])
			continue
		}
		k := i + i/4*4 // so that the filters leave transpose8 in order
		f.op("VMOVUPS %s, Y%d", filters[k], i)
		f.op("VINSERTF64X4 $1, %s, Z%d, Z%d", filters[k+4], i, i)
	}
	transpose8(v) // taps 0 to 7 in registers 8 to 15
	for quarter := range s.lanes / 4 {
		f.op("VMOVSS 32%s, X%d", filters[4*quarter], quarter)
		for i := 1; i < 4; i++ {
			f.op("VINSERTPS $%d, 32%s, X%d, X%d", 16*i, filters[4*quarter+i], quarter, quarter)
		}
	}
	f.op("VINSERTF128 $1, X1, Y0, Y6") // tap 8
	if s.lanes == 16 {
		f.op("VINSERTF128 $1, X3, Y2, Y5")
		f.op("VINSERTF64X4 $1, Y5, Z6, Z6")
	}
	taps := [9]int{8, 9, 10, 11, 12, 13, 14, 15, 6}
	if flip {
		slices.Reverse(taps[:])
	}
	f.op("MOVQ BX, R13")
	if s.regs == 32 {
		f.filterRows(v, taps)
	} else {
		f.filterRowsStored(v, taps)
	}
	f.op("ADDQ %d(DI), AX", winoFrom)
	f.op("ADDQ %d(DI), BX", winoTo)
	f.op("DECQ CX")
	f.op("JNZ group")
	f.end()
	return name
}

// filterRows writes the planes of filters, whose taps are in nine registers, from R13 on.
func (f *file) filterRows(v vector, taps [9]int) {
	var columns [3][6]int
	for k := range columns {
		columns[k] = filterTransform(v, taps[k], taps[3+k], taps[6+k], 16+4*k)
	}
	for i := range 6 {
		for _, r := range filterTransform(v, columns[0][i], columns[1][i], columns[2][i], 2) {
			f.op("VMOVUPS %s, (R13)", v.v(r))
			f.op("ADDQ R14, R13")
		}
	}
}

// filterRowsStored is filterRows with the temporary in place of most registers.
func (f *file) filterRowsStored(v vector, taps [9]int) {
	for t, r := range taps {
		f.op("VMOVUPS %s, %s", v.v(r), tmp(v.isa, 6+t/6, t%6))
	}
	for k := range 3 {
		for i := range 3 {
			t := 3*i + k
			v.move(8+i, tmp(v.isa, 6+t/6, t%6))
		}
		for i, r := range filterTransform(v, 8, 9, 10, 2) {
			f.op("VMOVUPS %s, %s", v.v(r), tmp(v.isa, i, k))
		}
	}
	for i := range 6 {
		for k := range 3 {
			v.move(8+k, tmp(v.isa, i, k))
		}
		for _, r := range filterTransform(v, 8, 9, 10, 2) {
			f.op("VMOVUPS %s, (R13)", v.v(r))
			f.op("ADDQ R14, R13")
		}
	}
}

// winoFilterGrad writes the transform of 36 planes to gradients of filters, as many a group as a register has lanes. It asks
// for the lines ahead, which are written next.
func (f *file) winoFilterGrad(s isa) string {
	v, name := vector{f, s}, "winoFilterGrad"+s.name
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ %d(DI), AX", winoSrc)
	f.op("MOVQ %d(DI), BX", winoDst)
	f.op("MOVQ %d(DI), CX", winoGroups)
	f.op("MOVQ %d(DI), DX", winoAhead)
	f.label("group")
	for line := 0; line < 36*s.lanes; line += 64 {
		f.prefetch(fmt.Sprintf("%d(BX)(DX*1)", line))
	}
	f.op("MOVQ AX, R13")
	for j := range 6 {
		f.op("MOVQ R13, R11")
		for i := range 6 {
			v.move(8+i, "(R11)")
			f.op("ADDQ R15, R11")
		}
		for i, r := range filterGradTransform(v, 8) {
			f.op("VMOVUPS %s, %s", s.v(r), tmp(s, i, j))
		}
		f.op("ADDQ R14, R13")
	}
	for i := range 3 {
		for j := range 6 {
			v.move(8+j, tmp(s, i, j))
		}
		for j, r := range filterGradTransform(v, 8) {
			t := 3*i + j
			f.op("VMOVUPS %s, %s", s.v(r), tmp(s, 6+t/6, t%6))
		}
	}
	storeFilters(v)
	f.op("ADDQ $%d, AX", s.bytes())
	f.op("ADDQ $%d, BX", 36*s.lanes)
	f.op("DECQ CX")
	f.op("JNZ group")
	f.end()
	return name
}

// storeFilters writes taps, which are in the temporary, as filters from BX on, eight at a time: AVX-512 would have to
// shuffle as often.
func storeFilters(v vector) {
	w := vector{v.file, avx2}
	for k := 0; k < v.lanes; k += 8 {
		for t := range 8 {
			w.move(t, fmt.Sprintf("%d(R12)", v.bytes()*(6*6+t)+4*k))
		}
		transpose8(w)
		for i := range 8 {
			v.op("VMOVUPS Y%d, %d(BX)", 8+i, 36*(k+i))
		}
	}
	for i := range v.lanes {
		v.op("MOVL %d(R12), R11", v.bytes()*(6*6+8)+4*i)
		v.op("MOVL R11, %d(BX)", 36*i+32)
	}
}
