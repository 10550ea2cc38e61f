package main

import (
	"fmt"
	"math"
	"strings"
)

// vector emits straight-line arithmetic on whole registers, numbered from 0; the operand order is (result, inputs…).
type vector struct {
	*file
	isa
}

// constant returns the memory operand of a register full of the given 32-bit word.
func (f *file) constant(word uint32) string {
	i, ok := f.constantAt[word]
	if !ok {
		if f.constantAt == nil {
			f.constantAt = map[uint32]int{}
		}
		i = len(f.constants)
		f.constantAt[word] = i
		f.constants = append(f.constants, word)
	}
	return fmt.Sprintf("constants<>+%d(SB)", 64*i)
}

// writeConstants defines the constants that were used, 16 copies of each.
func (f *file) writeConstants() {
	for i, word := range f.constants {
		for j := range 8 {
			fmt.Fprintf(&f.asm, "DATA constants<>+%d(SB)/8, $0x%08x%08x\n", 64*i+8*j, word, word)
		}
	}
	fmt.Fprintf(&f.asm, "GLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 64*len(f.constants))
}

func (v vector) num(x float64) string { return v.constant(math.Float32bits(float32(x))) }

// operand renders a register number or a memory operand.
func (v vector) operand(x any) string {
	if i, ok := x.(int); ok {
		return v.v(i)
	}
	return x.(string)
}

// do emits name with Intel's operands dst, a, b.
func (v vector) do(name string, dst, a int, b any) {
	v.op("%s %s, %s, %s", name, v.operand(b), v.v(a), v.v(dst))
}

func (v vector) add(dst, a int, b any) { v.do("VADDPS", dst, a, b) }
func (v vector) sub(dst, a int, b any) { v.do("VSUBPS", dst, a, b) }
func (v vector) mul(dst, a int, b any) { v.do("VMULPS", dst, a, b) }
func (v vector) div(dst, a int, b any) { v.do("VDIVPS", dst, a, b) }

// min and max return b where either is not a number.
func (v vector) min(dst, a int, b any) { v.do("VMINPS", dst, a, b) }
func (v vector) max(dst, a int, b any) { v.do("VMAXPS", dst, a, b) }

// bits of a and b together; AVX-512 has the same names, on whole registers.
func (v vector) and(dst, a int, b any) { v.do("VANDPS", dst, a, b) }
func (v vector) or(dst, a int, b any)  { v.do("VORPS", dst, a, b) }

func (v vector) move(dst int, src any) { v.op("VMOVUPS %s, %s", v.operand(src), v.v(dst)) }
func (v vector) sqrt(dst, a int)       { v.op("VSQRTPS %s, %s", v.v(a), v.v(dst)) }

// mulAdd sets dst = dst·a + b; addMul dst += a·b; subMul dst −= a·b.
func (v vector) mulAdd(dst, a int, b any) { v.do("VFMADD213PS", dst, a, b) }
func (v vector) addMul(dst, a int, b any) { v.do("VFMADD231PS", dst, a, b) }
func (v vector) subMul(dst, a int, b any) { v.do("VFNMADD231PS", dst, a, b) }

// round goes to the nearest integer.
func (v vector) round(dst, a int) {
	if v.reg == "Z" {
		v.op("VRNDSCALEPS $8, %s, %s", v.v(a), v.v(dst))
		return
	}
	v.op("VROUNDPS $8, %s, %s", v.v(a), v.v(dst))
}

// Comparisons, false for what is not a number.
const (
	equal   = 0
	less    = 17
	greater = 30
)

// choose sets dst = yes where x compares to y, else no; tmp is clobbered.
func (v vector) choose(dst, compare, x int, y any, yes, no, tmp int) {
	if v.reg == "Z" {
		v.op("VCMPPS $%d, %s, %s, K3", compare, v.operand(y), v.v(x))
		v.op("VBLENDMPS %s, %s, K3, %s", v.v(yes), v.v(no), v.v(dst))
		return
	}
	v.op("VCMPPS $%d, %s, %s, %s", compare, v.operand(y), v.v(x), v.v(tmp))
	v.op("VBLENDVPS %s, %s, %s, %s", v.v(tmp), v.v(yes), v.v(no), v.v(dst))
}

// polynomial sets dst to the polynomial in x with the given coefficients, lowest first.
func (v vector) polynomial(dst, x int, c []float64) {
	v.move(dst, v.num(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		v.mulAdd(dst, x, v.num(c[i]))
	}
}

// Offsets of mapArgs.
const mapDst, mapA, mapB, mapN, mapK, mapL = 0, 8, 16, 24, 32, 36

// elementwise writes a kernel dst[i] = body(a[i], b[i]): the inputs arrive in registers 0 and 1 and the result leaves in
// register 0. Registers 14 and 15 hold the parameters k and l. The rest of the array, shorter than a register, is loaded
// and stored under a mask.
func (f *file) elementwise(s isa, name string, inputs int, body func(v vector)) string {
	full := name + s.name
	f.text(full, "mapArgs", 0)
	v := vector{f, s}
	f.op("MOVQ %d(DI), AX", mapDst)
	f.op("MOVQ %d(DI), BX", mapA)
	f.op("MOVQ %d(DI), DX", mapB)
	f.op("MOVQ %d(DI), CX", mapN)
	f.op("VBROADCASTSS %d(DI), %s", mapK, s.v(14))
	f.op("VBROADCASTSS %d(DI), %s", mapL, s.v(15))
	f.op("MOVQ CX, R15")
	f.op("SHRQ $%d, R15", s.shift())
	f.op("JZ rest")
	f.label("loop")
	v.move(0, "(BX)")
	if inputs > 1 {
		v.move(1, "(DX)")
		f.op("ADDQ $%d, DX", s.bytes())
	}
	body(v)
	f.op("VMOVUPS %s, (AX)", s.v(0))
	f.op("ADDQ $%d, AX", s.bytes())
	f.op("ADDQ $%d, BX", s.bytes())
	f.op("DECQ R15")
	f.op("JNZ loop")
	f.label("rest")
	f.op("ANDQ $%d, CX", s.lanes-1)
	f.op("JZ done")
	f.restMask(s, "CX")
	f.restLoad(s, "(BX)", 0)
	if inputs > 1 {
		f.restLoad(s, "(DX)", 1)
	}
	body(v)
	f.restStore(s, 0, "(AX)")
	f.label("done")
	f.end()
	return full
}

// shift is log₂ of the number of lanes.
func (s isa) shift() int { return len(strings.TrimRight(fmt.Sprintf("%b", s.lanes), "1")) - 1 }

// restMask prepares the mask of the first n lanes: the address of its words in R12, or K1. n is clobbered.
func (f *file) restMask(s isa, n string) {
	if s.reg == "Z" {
		f.op("MOVQ $-1, R14")
		f.op("BZHIQ %s, R14, R14", n)
		f.op("KMOVW R14, K1")
		return
	}
	f.op("LEAQ masks<>+32(SB), R12")
	f.op("SHLQ $2, %s", n)
	f.op("SUBQ %s, R12", n)
}

// restLoad reads the lanes of the mask and zeros the others.
func (f *file) restLoad(s isa, addr string, dst int) {
	if s.reg == "Z" {
		f.op("VMOVUPS.Z %s, K1, %s", addr, s.v(dst))
		return
	}
	f.op("VMOVUPS (R12), %s", s.v(dst))
	f.op("VMASKMOVPS %s, %s, %s", addr, s.v(dst), s.v(dst))
}

// restStore writes the lanes of the mask; AVX2 clobbers register 13.
func (f *file) restStore(s isa, src int, addr string) {
	if s.reg == "Z" {
		f.op("VMOVUPS %s, K1, %s", s.v(src), addr)
		return
	}
	f.op("VMOVUPS (R12), %s", s.v(13))
	f.op("VMASKMOVPS %s, %s, %s", s.v(src), s.v(13), addr)
}
