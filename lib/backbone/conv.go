package backbone

import (
	"math"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// padding is how a convolution continues its input beyond the edges.
type padding int

const (
	padZero    padding = iota // k/2 zeros on every side
	padReflect                // k/2 pixels, mirrored about the edge pixel
	padSame                   // TensorFlow's SAME: zeros, output ⌈n/stride⌉, the odd one at the end
)

// activation follows a convolution.
type activation int

const (
	linear activation = iota
	relu
	relu6
)

// conv is a k×k convolution with batch normalisation folded into its weights
// (Cout,Cin/groups,k,k) and bias, and what follows it.
type conv struct {
	in, out, k, stride, groups int
	pad                        padding
	act                        activation
	w, bias                    []float32
}

// run computes the convolution of one image in scratch memory. x stays the caller's.
func (c *conv) run(s *scratch, x Feature) Feature {
	shape := c.shape(x.H, x.W)
	in := x.Data
	if c.pad == padReflect && c.k > 1 {
		p := c.k / 2
		in = s.take(x.C * shape.H * shape.W)
		defer s.put(in)
		reflectPad(in, x, p)
	}
	y := Feature{C: c.out}
	y.H, y.W = shape.Out()
	y.Data = s.take(y.C * y.H * y.W)
	simd.Conv2DThen(y.Data, in, c.w, c.bias, shape, c.act.finish())
	return y
}

// shape is the convolution of an image of h×w pixels, or of what reflectPad makes of it.
func (c *conv) shape(h, w int) simd.ConvShape {
	s := simd.ConvShape{B: 1, Cin: c.in, H: h, W: w, Cout: c.out, KH: c.k, KW: c.k,
		StrideH: c.stride, StrideW: c.stride, DilationH: 1, DilationW: 1, Groups: c.groups}
	p := c.k / 2
	switch {
	case c.k == 1:
	case c.pad == padReflect:
		s.H, s.W = h+2*p, w+2*p
	case c.pad == padSame:
		s.Top, s.Bottom = samePadding(h, c.k, c.stride)
		s.Left, s.Right = samePadding(w, c.k, c.stride)
	default:
		s.Top, s.Bottom, s.Left, s.Right = p, p, p, p
	}
	return s
}

func (a activation) finish() simd.Finish {
	switch a {
	case relu:
		return simd.Finish{Clamp: true, Hi: float32(math.Inf(1))}
	case relu6:
		return simd.Finish{Clamp: true, Hi: 6}
	}
	return simd.Finish{}
}

// samePadding is TensorFlow's padding before and after n pixels.
func samePadding(n, k, stride int) (before, after int) {
	out := (n + stride - 1) / stride
	total := max(0, (out-1)*stride+k-n)
	return total / 2, total - total/2
}

// reflectPad copies x with p more pixels on every side: pixel −i is pixel i. p is smaller than the map.
func reflectPad(dst []float32, x Feature, p int) {
	h, w := x.H+2*p, x.W+2*p
	simd.Parallel(x.C, func(c int) {
		out := dst[c*h*w : (c+1)*h*w]
		for y := range h {
			row := out[y*w : (y+1)*w]
			from := c*x.H*x.W + mirror(y-p, x.H)*x.W
			copy(row[p:p+x.W], x.Data[from:from+x.W])
			for i := range p {
				row[p-1-i] = row[p+1+i]
				row[p+x.W+i] = row[p+x.W-2-i]
			}
		}
	})
}

// mirror folds an index that is less than n out of range back into 0…n−1.
func mirror(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*(n-1) - i
	}
	return i
}
