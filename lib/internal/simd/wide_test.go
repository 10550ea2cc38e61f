//go:build amd64

package simd

import "unsafe"

// On a processor without AVX-512 its kernels run in gen's interpreter only. The loops around them, which lay out memory
// for vectors of sixteen values and more rows, are tested here with a variant whose kernels are the definitions in
// kernel.go, written in Go.
func init() {
	if !hasAVX2 {
		return
	}
	w := withShared(variant{name: "wide", available: true, lanes: 16, winograd: winoAVX512, depth: wideDepth, winoWoven: winoWovenWide, elements: elementsAVX2, adam: adamAVX2, norm: normAVX2, normGrad: normGradAVX2,
		sum: sumAVX2, squares: sumSquaresAVX2, inner: innerAVX2})
	w.tile, w.planes, w.dot = make([]func(*tileArgs), 15), make([]func(*planeArgs), 15), make([]func(*dotArgs), 10)
	for rows := 1; rows < 15; rows++ {
		w.tile[rows] = func(a *tileArgs) { wideTiles(a, rows) }
		w.planes[rows] = func(a *planeArgs) { widePlanes(a, rows, 2*wideLanes) }
		if rows < len(w.dot) {
			w.dot[rows] = func(a *dotArgs) { wideDot(a, rows) }
		}
	}
	w.narrow = make([]func(*planeArgs), 28)
	for rows := range w.narrow {
		w.narrow[rows] = func(a *planeArgs) { widePlanes(a, rows, wideLanes) }
	}
	variants = append(variants, w)
}

const wideLanes = 16

func at(p unsafe.Pointer, bytes int) *float32 { return (*float32)(unsafe.Add(p, bytes)) }

func wideTiles(a *tileArgs, rows int) {
	for _, q := range unsafe.Slice((*tile)(a.tiles), a.count) {
		for m := range rows {
			for v := range 2 {
				for i := range int(q.n[v]) {
					sum := float32(0)
					if a.bias != nil {
						sum = *at(a.bias, 4*m)
					}
					for _, t := range unsafe.Slice((*tap)(a.table), a.k) {
						sum += *at(a.a, m*a.as+int(t.a)) * *at(a.b, int(q.b[v]+t.b)+4*i)
					}
					c := at(a.c, int(q.c[v])+m*a.ldc+4*i)
					if a.acc != 0 {
						sum += *c
					}
					*c = clamped(sum, a)
				}
			}
		}
	}
}

func clamped(sum float32, a *tileArgs) float32 {
	if a.clamp != 0 {
		return min(max(sum, a.lo), a.hi)
	}
	return sum
}

// winoWovenWide takes eight channels at a time.
func winoWovenWide(a *winoArgs) {
	for half := range 2 {
		b := *a
		b.src, b.dst = unsafe.Add(a.src, 32*half), unsafe.Add(a.dst, 32*half)
		winoWovenAVX2(&b)
	}
}

func wideDepth(a *tileArgs) {
	for _, q := range unsafe.Slice((*wideTile)(a.tiles), a.count) {
		for v := range q.n {
			for i := range int(q.n[v]) {
				sum := float32(0)
				if a.bias != nil {
					sum = *(*float32)(a.bias)
				}
				for _, t := range unsafe.Slice((*tap)(a.table), a.k) {
					sum += *at(a.a, int(t.a)) * *at(a.b, int(q.b[v]+t.b)+4*i)
				}
				*at(a.c, int(q.c[v])+4*i) = clamped(sum, a)
			}
		}
	}
}

func widePlanes(a *planeArgs, rows, width int) {
	for p := range a.n {
		for q := range a.panels {
			for m := range rows {
				for i := range width {
					c := at(a.c, p*a.nextC+q*a.stepC+4*(m*width+i))
					sum := float32(0)
					if a.acc != 0 {
						sum = *c
					}
					for t := range a.k {
						sum += *at(a.a, p*a.nextA+q*a.stepA+m*a.as+4*t) * *at(a.b, p*a.nextB+4*(t*width+i))
					}
					*c = sum
				}
			}
		}
	}
}

func wideDot(a *dotArgs, rows int) {
	places := unsafe.Slice((*place)(a.table), a.full+a.part)
	for m := range rows {
		for j, x := range []unsafe.Pointer{a.x0, a.x1, a.x2} {
			sum := float32(0)
			for p, at2 := range places {
				n := wideLanes
				if p >= a.full {
					n = a.tail
				}
				for i := range n {
					sum += *at(a.y, m*a.ychan+int(at2.y)+4*i) * *at(x, int(at2.x)+4*i)
				}
			}
			out := at(a.out, m*a.ldout+4*j)
			if a.acc != 0 {
				sum += *out
			}
			*out = sum
		}
	}
}
