package main

// Offsets of normArgs.
const (
	normX, normY, normDY, normDX, normGain, normBias = 0, 8, 16, 24, 32, 40
	normMean, normRstd, normPart                     = 48, 56, 64
	normChannels, normPlane, normN, normRC, normEps  = 72, 80, 88, 96, 100
)

// columns writes a loop over n pixels, wide vectors at a time as long as they last, then one under a mask; body gets the
// number of vectors. pointers are advanced by the pixels done. CX and R9 to R14 are free for body, R12 not under a mask.
func (f *file) columns(s isa, wide int, pointers []string, body func(vectors int, masked bool)) {
	f.op("MOVQ %d(DI), R15", normN)
	f.op("MOVQ %d(DI), R8", normPlane)
	for _, part := range []struct {
		name    string
		vectors int
	}{{"wide", wide}, {"narrow", 1}} {
		pixels := part.vectors * s.lanes
		f.label(part.name)
		if part.vectors > 1 {
			f.op("CMPQ R15, $%d", pixels)
			f.op("JLT narrow")
		} else {
			f.op("TESTQ R15, R15")
			f.op("JLE done")
			f.op("MOVQ $%d, CX", s.lanes)
			f.op("CMPQ R15, CX")
			f.op("CMOVQLT R15, CX")
			f.restMask(s, "CX")
		}
		body(part.vectors, part.vectors == 1)
		for _, p := range pointers {
			f.op("ADDQ $%d, %s", 4*pixels, p)
		}
		f.op("SUBQ $%d, R15", pixels)
		f.op("JMP %s", part.name)
	}
	f.label("done")
	f.end()
}

// load reads vector i at base, under the mask if asked.
func (f *file) load(s isa, base string, i, dst int, masked bool) {
	if masked {
		f.restLoad(s, "("+base+")", dst)
		return
	}
	f.op("VMOVUPS %d(%s), %s", i*s.bytes(), base, s.v(dst))
}

// store writes vector i at base, under the mask if asked; register 13 is clobbered then.
func (f *file) store(s isa, src int, base string, i int, masked bool) {
	if masked {
		f.restStore(s, src, "("+base+")")
		return
	}
	f.op("VMOVUPS %s, %d(%s)", s.v(src), i*s.bytes(), base)
}

// each writes a loop over the channels that moves the given pointers by a plane.
func (f *file) each(name string, planes []string, body func()) {
	f.op("MOVQ %d(DI), CX", normChannels)
	f.label(name)
	body()
	for _, p := range planes {
		f.op("ADDQ R8, %s", p)
	}
	f.op("DECQ CX")
	f.op("JNZ %s", name)
}

// norm writes the forward pass of layer normalisation: AX walks along x, BX along y, DX and SI along mean and rstd.
func (f *file) norm(s isa) string {
	name := "norm" + s.name
	f.text(name, "normArgs", 0)
	v := vector{f, s}
	f.op("MOVQ %d(DI), AX", normX)
	f.op("MOVQ %d(DI), BX", normY)
	f.op("MOVQ %d(DI), DX", normMean)
	f.op("MOVQ %d(DI), SI", normRstd)
	f.op("VBROADCASTSS %d(DI), %s", normEps, s.v(14))
	f.op("VBROADCASTSS %d(DI), %s", normRC, s.v(15))
	f.columns(s, 4, []string{"AX", "BX", "DX", "SI"}, func(n int, masked bool) {
		tag := map[bool]string{false: "w", true: "n"}[masked]
		for i := range 2 * n {
			f.zero(s, i)
		}
		f.op("MOVQ AX, R10")
		f.each("mean"+tag, []string{"R10"}, func() {
			for i := range n {
				f.load(s, "R10", i, 8, masked)
				v.add(i, i, 8)
			}
		})
		for i := range n {
			v.mul(i, i, 15)
		}
		f.op("MOVQ AX, R10")
		f.each("variance"+tag, []string{"R10"}, func() {
			for i := range n {
				f.load(s, "R10", i, 8+i, masked)
				v.sub(8+i, 8+i, i)
				v.addMul(n+i, 8+i, 8+i)
			}
		})
		v.move(12, v.num(1))
		for i := range n {
			v.mul(n+i, n+i, 15)
			v.add(n+i, n+i, 14)
			v.sqrt(n+i, n+i)
			v.div(n+i, 12, n+i)
			f.store(s, i, "DX", i, masked)
			f.store(s, n+i, "SI", i, masked)
		}
		f.op("MOVQ AX, R10")
		f.op("MOVQ BX, R11")
		f.op("MOVQ %d(DI), R9", normGain)
		f.op("MOVQ %d(DI), R13", normBias)
		f.each("affine"+tag, []string{"R10", "R11"}, func() {
			f.op("VBROADCASTSS (R9), %s", s.v(12))
			f.op("ADDQ $4, R9")
			for i := range n {
				f.load(s, "R10", i, 8+i, masked)
				v.sub(8+i, 8+i, i)
				v.mul(8+i, 8+i, n+i)
			}
			f.op("VBROADCASTSS (R13), %s", s.v(13))
			f.op("ADDQ $4, R13")
			for i := range n {
				v.mulAdd(8+i, 12, 13)
			}
			for i := range n {
				f.store(s, 8+i, "R11", i, masked)
			}
		})
	})
	return name
}

// normGrad writes the backward pass: AX walks along x, BX along dy, SI along dx; registers 0 and 2 on hold mean and rstd, 4
// and 6 on the sums over channels.
func (f *file) normGrad(s isa) string {
	name := "normGrad" + s.name
	f.text(name, "normArgs", 16)
	v := vector{f, s}
	f.op("MOVQ %d(DI), AX", normX)
	f.op("MOVQ %d(DI), BX", normDY)
	f.op("MOVQ %d(DI), SI", normDX)
	f.op("MOVQ %d(DI), R10", normMean)
	f.op("MOVQ R10, mean-8(SP)")
	f.op("MOVQ %d(DI), R10", normRstd)
	f.op("MOVQ R10, rstd-16(SP)")
	f.op("VBROADCASTSS %d(DI), %s", normRC, s.v(15))
	f.columns(s, 2, []string{"AX", "BX", "SI", "mean-8(SP)", "rstd-16(SP)"}, func(n int, masked bool) {
		tag := map[bool]string{false: "w", true: "n"}[masked]
		f.op("MOVQ mean-8(SP), R10")
		f.op("MOVQ rstd-16(SP), R11")
		for i := range n {
			f.load(s, "R10", i, i, masked)
			f.load(s, "R11", i, 2+i, masked)
			f.zero(s, 4+i)
			f.zero(s, 6+i)
		}
		f.op("MOVQ AX, R10")
		f.op("MOVQ BX, R11")
		f.op("MOVQ %d(DI), R9", normGain)
		f.op("MOVQ %d(DI), DX", normPart)
		normalized := func() { // registers 8 on: x̂; 10 on: dy; 12: gain
			f.op("VBROADCASTSS (R9), %s", s.v(12))
			f.op("ADDQ $4, R9")
			for i := range n {
				f.load(s, "R10", i, 8+i, masked)
				f.load(s, "R11", i, 10+i, masked)
				v.sub(8+i, 8+i, i)
				v.mul(8+i, 8+i, 2+i)
			}
		}
		f.each("sums"+tag, []string{"R10", "R11"}, func() {
			normalized()
			for i := range n {
				v.mul(13, 10+i, 12)
				v.add(4+i, 4+i, 13)
				v.addMul(6+i, 13, 8+i)
			}
			v.mul(13, 8, 10)
			if n > 1 {
				v.addMul(13, 9, 11)
				v.add(10, 10, 11)
			}
			v.add(13, 13, "(DX)")
			v.add(10, 10, "64(DX)")
			f.op("VMOVUPS %s, (DX)", s.v(13))
			f.op("VMOVUPS %s, 64(DX)", s.v(10))
			f.op("ADDQ $128, DX")
		})
		for i := range n {
			v.mul(4+i, 4+i, 15)
			v.mul(6+i, 6+i, 15)
		}
		f.op("MOVQ AX, R10")
		f.op("MOVQ BX, R11")
		f.op("MOVQ SI, R13")
		f.op("MOVQ %d(DI), R9", normGain)
		f.each("input"+tag, []string{"R10", "R11", "R13"}, func() {
			normalized()
			for i := range n {
				v.mul(10+i, 10+i, 12)
				v.sub(10+i, 10+i, 4+i)
				v.subMul(10+i, 8+i, 6+i)
				v.mul(10+i, 10+i, 2+i)
			}
			for i := range n {
				f.store(s, 10+i, "R13", i, masked)
			}
		})
	})
	return name
}
