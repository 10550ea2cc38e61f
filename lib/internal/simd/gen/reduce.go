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
func (f *file) sum(name string, of int) string {
	f.text(name, "reduceArgs", 0)
	f.op("MOVQ %d(DI), AX", reduceA)
	f.op("MOVQ %d(DI), BX", reduceB)
	f.op("MOVQ %d(DI), CX", reduceN)
	for i := range 4 {
		f.zero(avx2, i)
	}
	f.op("SHRQ $4, CX")
	f.op("JZ done")
	f.label("loop")
	for i := range 4 {
		f.op("VCVTPS2PD %d(AX), Y%d", 16*i, 4+i)
		switch of {
		case values:
			f.op("VADDPD Y%d, Y%d, Y%d", 4+i, i, i)
		case squares:
			f.op("VFMADD231PD Y%d, Y%d, Y%d", 4+i, 4+i, i)
		case products:
			f.op("VCVTPS2PD %d(BX), Y%d", 16*i, 8+i)
			f.op("VFMADD231PD Y%d, Y%d, Y%d", 4+i, 8+i, i)
		}
	}
	f.op("ADDQ $64, AX")
	f.op("ADDQ $64, BX")
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.label("done")
	f.op("VADDPD Y1, Y0, Y0")
	f.op("VADDPD Y3, Y2, Y2")
	f.op("VADDPD Y2, Y0, Y0")
	f.op("VEXTRACTF128 $1, Y0, X1")
	f.op("VADDPD X1, X0, X0")
	f.op("VHADDPD X0, X0, X0")
	f.op("VMOVSD X0, %d(DI)", reduceOut)
	f.end()
	return name
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
