package simd

import (
	"fmt"
	"math"
)

// Conv2D sets y (B,Cout,OH,OW) to the convolution of x with w plus bias (Cout), which may be nil:
//
//	y[b,o,oy,ox] = bias[o] + Σ_{c,ky,kx} w[o,c,ky,kx] · x[b, group(o)·Cin/Groups+c, oy·StrideH+ky·DilationH−Top, ox·StrideW+kx·DilationW−Left]
//
// where x is zero outside its bounds.
func Conv2D(y, x, w, bias []float32, s ConvShape) { Conv2DThen(y, x, w, bias, s, Finish{}) }

// A Finish is what happens to every sum of a convolution before it is written: first, if Add, what y held is added, then,
// if Clamp, it is brought between Lo and Hi, and what is not a number stays.
type Finish struct {
	Add, Clamp bool
	Lo, Hi     float32
}

// Conv2DThen is Conv2D with a finish. Only a convolution of 1×1 without stride, padding and groups can Add; others panic.
func Conv2DThen(y, x, w, bias []float32, s ConvShape, then Finish) {
	s.check()
	if then.Add && !s.pointwise() {
		panic(fmt.Sprintf("simd: convolution %+v: only one of 1×1 can add to its output", s))
	}
	y, x, w = sized("y", y, s.lenY()), sized("x", x, s.lenX()), sized("w", w, s.lenW())
	if bias != nil {
		bias = sized("bias", bias, s.Cout)
	}
	active.conv2D(y, x, w, bias, s, then)
}

// limits are what the finish clamps to; they change nothing if it does not.
func (f Finish) limits() (lo, hi float32) {
	if !f.Clamp {
		return float32(math.Inf(-1)), float32(math.Inf(1))
	}
	return f.Lo, f.Hi
}

// clampTile makes a tile's sums end as f says, if they are the last ones.
func (f Finish) clampTile(a *tileArgs, last bool) {
	a.clamp, a.lo, a.hi = 0, f.Lo, f.Hi
	if f.Clamp && last {
		a.clamp = 1
	}
}

// ConvGradInput sets dx, the gradient of a loss with respect to Conv2D's x, from dy, its gradient with respect to y:
//
//	dx[b,c,iy,ix] = Σ_{o,ky,kx} w[o,c,ky,kx] · dy[b,o,oy,ox]   over all (oy,ox) that see (iy,ix) through (ky,kx)
func ConvGradInput(dx, dy, w []float32, s ConvShape) {
	s.check()
	dx, dy, w = sized("dx", dx, s.lenX()), sized("dy", dy, s.lenY()), sized("w", w, s.lenW())
	active.gradInput(dx, dy, w, s)
}

// ConvGradWeight sets dw, the gradient with respect to Conv2D's w:
//
//	dw[o,c,ky,kx] = Σ_{b,oy,ox} dy[b,o,oy,ox] · x[b,c,oy·StrideH+ky·DilationH−Top,ox·StrideW+kx·DilationW−Left]
func ConvGradWeight(dw, x, dy []float32, s ConvShape) {
	s.check()
	dw, x, dy = sized("dw", dw, s.lenW()), sized("x", x, s.lenX()), sized("dy", dy, s.lenY())
	active.gradWeight(dw, x, dy, s)
}
