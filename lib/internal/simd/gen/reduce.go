package main

// Offsets of reduceArgs.
const reduceA, reduceN, reduceOut, reduceB = 0, 8, 16, 24

// What a sum adds.
const (
	values = iota
	squares
	products // of two arrays
)

// sum writes the kernel that adds n values, a multiple of 16, their squares or their products with others, in float64.
// Registers 0 to 3 hold sums, each of every fourth register of values.
func (f *file) sum(s isa, name string, of int) string {
	name += s.name
	f.text(name, "reduceArgs", 0)
	f.op("MOVQ %d(DI), AX", reduceA)
	f.op("MOVQ %d(DI), BX", reduceB)
	f.op("MOVQ %d(DI), CX", reduceN)
	for i := range 4 {
		f.zero(s, i)
	}
	turn := 2 * s.lanes // values at a time
	f.op("MOVQ CX, R15")
	f.op("SHRQ $%d, R15", s.shift()+1)
	f.op("JZ rest")
	f.label("loop")
	f.sumStep(s, of, 4)
	f.op("ADDQ $%d, AX", 4*turn)
	f.op("ADDQ $%d, BX", 4*turn)
	f.op("DECQ R15")
	f.op("JNZ loop")
	f.label("rest")
	if turn > 16 {
		f.op("TESTQ $16, CX")
		f.op("JZ done")
		f.sumStep(s, of, 2)
		f.label("done")
	}
	f.op("VADDPD %s, %s, %s", s.v(1), s.v(0), s.v(0))
	f.op("VADDPD %s, %s, %s", s.v(3), s.v(2), s.v(2))
	f.op("VADDPD %s, %s, %s", s.v(2), s.v(0), s.v(0))
	if s.lanes == 16 {
		f.op("VEXTRACTF64X4 $1, Z0, Y1")
		f.op("VADDPD Y1, Y0, Y0")
	}
	f.op("VEXTRACTF128 $1, Y0, X1")
	f.op("VADDPD X1, X0, X0")
	f.op("VHADDPD X0, X0, X0")
	f.op("VMOVSD X0, %d(DI)", reduceOut)
	f.end()
	return name
}

// sumStep adds n registers of values, as float64.
func (f *file) sumStep(s isa, of, n int) {
	for i := range n {
		off := s.bytes() / 2 * i
		f.op("VCVTPS2PD %d(AX), %s", off, s.v(4+i))
		switch of {
		case values:
			f.op("VADDPD %s, %s, %s", s.v(4+i), s.v(i), s.v(i))
		case squares:
			f.op("VFMADD231PD %s, %s, %s", s.v(4+i), s.v(4+i), s.v(i))
		case products:
			f.op("VCVTPS2PD %d(BX), %s", off, s.v(8+i))
			f.op("VFMADD231PD %s, %s, %s", s.v(4+i), s.v(8+i), s.v(i))
		}
	}
}

// Offsets of adamArgs.
const (
	adamP, adamG, adamM, adamV, adamN                             = 0, 8, 16, 24, 32
	adamScale, adamB1, adamR1, adamB2, adamR2, adamStep, adamCorr = 40, 44, 48, 52, 56, 60, 64
	adamEps                                                       = 68
)

// adam writes the optimiser's update.
func (f *file) adam(s isa) string {
	name := "adam" + s.name
	f.text(name, "adamArgs", 0)
	v := vector{f, s}
	for i, off := range []int{adamP, adamG, adamM, adamV} {
		f.op("MOVQ %d(DI), %s", off, []string{"AX", "BX", "DX", "SI"}[i])
	}
	f.op("MOVQ %d(DI), CX", adamN)
	for i, off := range []int{adamScale, adamB1, adamR1, adamB2, adamR2, adamStep, adamCorr, adamEps} {
		f.op("VBROADCASTSS %d(DI), %s", off, s.v(4+i))
	}
	f.op("MOVQ CX, R15")
	f.op("SHRQ $%d, R15", s.shift())
	f.op("JZ rest")
	f.label("loop")
	for i, reg := range []string{"AX", "BX", "DX", "SI"} {
		v.move(i, "("+reg+")")
	}
	adamBody(v)
	for i, reg := range []string{"AX", "", "DX", "SI"} {
		if reg != "" {
			f.op("VMOVUPS %s, (%s)", s.v(i), reg)
		}
	}
	for _, reg := range []string{"AX", "BX", "DX", "SI"} {
		f.op("ADDQ $%d, %s", s.bytes(), reg)
	}
	f.op("DECQ R15")
	f.op("JNZ loop")
	f.label("rest")
	f.op("ANDQ $%d, CX", s.lanes-1)
	f.op("JZ done")
	f.restMask(s, "CX")
	for i, reg := range []string{"AX", "BX", "DX", "SI"} {
		f.restLoad(s, "("+reg+")", i)
	}
	adamBody(v)
	f.restStore(s, 0, "(AX)")
	f.restStore(s, 2, "(DX)")
	f.restStore(s, 3, "(SI)")
	f.label("done")
	f.end()
	return name
}

// adamBody updates p, m and v in registers 0, 2 and 3 from the gradient in register 1.
func adamBody(v vector) {
	v.mul(1, 1, 4)
	v.mul(2, 2, 5)
	v.addMul(2, 1, 6)
	v.mul(12, 1, 1)
	v.mul(3, 3, 7)
	v.addMul(3, 12, 8)
	v.mul(12, 3, 10)
	v.sqrt(12, 12)
	v.add(12, 12, 11)
	v.mul(13, 2, 9)
	v.div(13, 13, 12)
	v.sub(0, 0, 13)
}
