package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// MaxPoolOp is the largest value of each K×K window of x (B,C,H,W), Stride apart, with Pad pixels of −∞ around x.
type MaxPoolOp struct{ K, Stride, Pad int }

// MaxPoolGradOp is MaxPoolOp's ∂/∂x. Its inputs are x, y and dy.
type MaxPoolGradOp struct{ K, Stride, Pad int }

// MaxPool is the largest value of each window of k×k pixels of x (B,C,H,W), stride apart; padding counts as −∞. The
// gradient goes to the first of equal values in reading order. It panics unless k > 0, stride > 0 and 0 ≤ 2·pad ≤ k.
func MaxPool(x *G.Node, k, stride, pad int) (*G.Node, error) {
	checkWindow("MaxPool", k, stride, pad)
	if 2*pad > k {
		panic(fmt.Sprintf("op: MaxPool with windows of %d and padding %d: some windows would be empty", k, pad))
	}
	return apply(MaxPoolOp{k, stride, pad}, x)
}

func (p MaxPoolOp) String() string {
	return fmt.Sprintf("MaxPool{k %d stride %d pad %d}", p.K, p.Stride, p.Pad)
}

func (p MaxPoolGradOp) String() string { return MaxPoolOp(p).String() + " gradient" }

// Shape is (B,C,OH,OW).
func (p MaxPoolOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) != 4 {
		return nil, fmt.Errorf("x is %s, want (B,C,H,W)", shapeText(x))
	}
	oh, ow := pooled(x[2], p.K, p.Stride, p.Pad), pooled(x[3], p.K, p.Stride, p.Pad)
	if oh < 1 || ow < 1 {
		return nil, fmt.Errorf("x %s is smaller than the window of %d", shapeText(x), p.K)
	}
	return tensor.Shape{x[0], x[1], oh, ow}, nil
}

// Shape is x's.
func (p MaxPoolGradOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	y, err := MaxPoolOp(p).Shape(in[:1])
	if err == nil && (!y.Eq(in[1]) || !y.Eq(in[2])) {
		err = fmt.Errorf("x %s makes y %s, not %s with dy %s", shapeText(in[0]), shapeText(y), shapeText(in[1]), shapeText(in[2]))
	}
	return in[0].Clone(), err
}

func (p MaxPoolOp) Float32(c *Call[float32])     { maxPool(p, c) }
func (p MaxPoolOp) Float64(c *Call[float64])     { maxPool(p, c) }
func (p MaxPoolGradOp) Float32(c *Call[float32]) { maxPoolGrad(MaxPoolOp(p), c) }
func (p MaxPoolGradOp) Float64(c *Call[float64]) { maxPoolGrad(MaxPoolOp(p), c) }

func maxPool[T Float](p MaxPoolOp, c *Call[T]) {
	p.eachWindow(c.X[0].Shape, c.Y.Shape, func(out int, window [4]int, base, w int) {
		best := c.X[0].Data[base+window[0]*w+window[2]]
		for y := window[0]; y < window[1]; y++ {
			for _, v := range c.X[0].Data[base+y*w+window[2] : base+y*w+window[3]] {
				best = max(best, v) // NaN wins
			}
		}
		c.Y.Data[out] = best
	})
}

func maxPoolGrad[T Float](p MaxPoolOp, c *Call[T]) {
	x, y, dy, dx := c.X[0], c.X[1].Data, c.X[2].Data, c.Y.Data
	clear(dx)
	p.eachWindow(x.Shape, c.X[1].Shape, func(out int, window [4]int, base, w int) {
		for r := window[0]; r < window[1]; r++ {
			for i := base + r*w + window[2]; i < base+r*w+window[3]; i++ {
				if x.Data[i] == y[out] {
					dx[i] += dy[out]
					return
				}
			}
		}
	})
}

// eachWindow calls fn for every output element with its window {top, bottom, left, right}, the bottom and right
// excluded, in the plane of width w that starts at base. The windows of one plane are visited in order by one worker.
func (p MaxPoolOp) eachWindow(x, y []int, fn func(out int, window [4]int, base, w int)) {
	h, w, oh, ow := x[2], x[3], y[2], y[3]
	rows(x[0]*x[1], h*w, func(plane int) {
		for i := range oh {
			for j := range ow {
				top, left := i*p.Stride-p.Pad, j*p.Stride-p.Pad
				fn((plane*oh+i)*ow+j, [4]int{max(top, 0), min(top+p.K, h), max(left, 0), min(left+p.K, w)}, plane*h*w, w)
			}
		}
	})
}

// Grad gives dy to the largest element of each window.
func (p MaxPoolOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(apply(MaxPoolGradOp(p), x[0], y, dy)))
}
