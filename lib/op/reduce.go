package op

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Over says which elements of x (B,C,...) are summed into one.
type Over string

// The four sums.
const (
	OverAll     Over = "all"     // everything, into a scalar
	OverSample  Over = "sample"  // all of a sample, into (B)
	OverChannel Over = "channel" // batch and pixels, into C values
	OverBatch   Over = "batch"   // the batch, into (1,C,...)
)

// SumOp is the sum of x over a part of its axes, accumulated in float64. Out is the shape of the result.
type SumOp struct {
	Over Over
	Out  []int
}

// ExpandOp repeats every element of x where SumOp would have summed: y has shape Out. It is SumOp's transpose.
type ExpandOp struct {
	Over Over
	Out  []int
}

// DotOp is the sum over batch and pixels of a⊙b, two inputs (B,C,...), accumulated in float64. Out is the shape of the
// result, which holds C values.
type DotOp struct{ Out []int }

// SumAll is the sum of all elements, a scalar.
func SumAll(x *G.Node) (*G.Node, error) { return apply(SumOp{OverAll, nil}, x) }

// MeanAll is the mean of all elements, a scalar.
func MeanAll(x *G.Node) (*G.Node, error) {
	var c chain
	sum := c.do(SumAll(x))
	if c.err != nil {
		return nil, c.err
	}
	return Scale(sum, 1/float64(x.Shape().TotalSize()))
}

// SumPerSample sums (B,...) over everything but the batch; the result is (B).
func SumPerSample(x *G.Node) (*G.Node, error) {
	if x == nil || x.Dims() < 1 {
		return nil, fmt.Errorf("op: SumPerSample: the input has no batch axis")
	}
	return apply(SumOp{OverSample, x.Shape()[:1].Clone()}, x)
}

// ChannelSum sums (B,C,...) over the batch and the pixels; the result is (C).
func ChannelSum(x *G.Node) (*G.Node, error) {
	if x == nil || x.Dims() < 2 {
		return nil, fmt.Errorf("op: ChannelSum: the input has no channel axis")
	}
	return apply(SumOp{OverChannel, x.Shape()[1:2].Clone()}, x)
}

// BatchSum sums (B,C,...) over the batch; the result is (1,C,...).
func BatchSum(x *G.Node) (*G.Node, error) {
	if x == nil || x.Dims() < 1 {
		return nil, fmt.Errorf("op: BatchSum: the input has no batch axis")
	}
	s := x.Shape().Clone()
	s[0] = 1
	return apply(SumOp{OverBatch, s}, x)
}

// split views an array of the given shape as (p,k,q): element k of a reduced array stands for all p and q.
func (o Over) split(shape []int) (p, k, q int, err error) {
	size := tensor.Shape(shape).TotalSize()
	switch {
	case o == OverAll:
		return 1, 1, max(size, 1), nil
	case o == OverSample && len(shape) >= 1:
		return 1, shape[0], size / shape[0], nil
	case o == OverChannel && len(shape) >= 2:
		return shape[0], shape[1], size / shape[0] / shape[1], nil
	case o == OverBatch && len(shape) >= 1:
		return shape[0], size / shape[0], 1, nil
	}
	return 0, 0, 0, fmt.Errorf("the input %s has too few axes", shapeText(shape))
}

func (p SumOp) String() string { return fmt.Sprintf("Sum over %s", p.Over) }
func (p ExpandOp) String() string {
	return fmt.Sprintf("Expand over %s to %s", p.Over, shapeText(p.Out))
}
func (p DotOp) String() string { return "Dot per channel" }

// Shape is Out.
func (p SumOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return p.Over.reduced(in[0], p.Out)
}

// reduced checks that a reduction of in fits into out.
func (o Over) reduced(in tensor.Shape, out []int) (tensor.Shape, error) {
	_, k, _, err := o.split(in)
	if err == nil && tensor.Shape(out).TotalSize() != k {
		err = fmt.Errorf("%s over %s gives %d values, not %s", shapeText(in), o, k, shapeText(out))
	}
	return append(tensor.Shape{}, out...), err
}

// Shape is Out.
func (p ExpandOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	_, err := p.Over.reduced(p.Out, in[0])
	return append(tensor.Shape{}, p.Out...), err
}

// Shape is Out.
func (p DotOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, fmt.Errorf("the shapes differ: %s and %s", shapeText(in[0]), shapeText(in[1]))
	}
	return OverChannel.reduced(in[0], p.Out)
}

func (p SumOp) Float32(c *Call[float32])    { sum(p.Over, c, simd.RowSums) }
func (p SumOp) Float64(c *Call[float64])    { sum(p.Over, c, rowTotals) }
func (p ExpandOp) Float32(c *Call[float32]) { expand(p.Over, c) }
func (p ExpandOp) Float64(c *Call[float64]) { expand(p.Over, c) }
func (p DotOp) Float32(c *Call[float32])    { dot(c, simd.RowDots) }
func (p DotOp) Float64(c *Call[float64])    { dot(c, rowInners) }

func sum[T Float](over Over, c *Call[T], totals func(sums []float64, x []T, n int)) {
	p, k, q, _ := over.split(c.X[0].Shape)
	x := c.X[0].Data
	if q == 1 {
		sumColumns(c.Y.Data, x, p)
		return
	}
	reduce(c.Y.Data, p, k, q, func(sums []float64, lo, hi, n int) { totals(sums, x[lo:hi], n) })
}

func dot[T Float](c *Call[T], inners func(sums []float64, a, b []T, n int)) {
	a, b := c.X[0].Data, c.X[1].Data
	p, k, q, _ := OverChannel.split(c.X[0].Shape)
	reduce(c.Y.Data, p, k, q, func(sums []float64, lo, hi, n int) { inners(sums, a[lo:hi], b[lo:hi], n) })
}

// reduce sets y[k] = Σ_p Σ of the row (p,k,·); part sets the sums of rows of n elements that lie from lo to hi. Long rows
// are cut into pieces, always the same ones, and the pieces' sums are added in order, so that the result does not depend
// on the number of cores.
func reduce[T Float](y []T, p, k, q int, part func(sums []float64, lo, hi, n int)) {
	pieces := (q + grain - 1) / grain
	partial := borrow[float64](p * k * pieces)
	defer giveBack(partial)
	sums := *partial
	if pieces == 1 {
		part(sums, 0, p*k*q, q)
	} else {
		rows(p*k*pieces, grain, func(i int) {
			row, piece := i/pieces, i%pieces
			lo, hi := row*q+piece*grain, row*q+min(q, (piece+1)*grain)
			part(sums[i:i+1], lo, hi, hi-lo)
		})
	}
	for i := range k {
		var s float64
		for j := range p {
			for _, v := range sums[(j*k+i)*pieces : (j*k+i+1)*pieces] {
				s += v
			}
		}
		y[i] = T(s)
	}
}

// sumColumns sets y[k] = Σ_p x[p,k].
func sumColumns[T Float](y, x []T, p int) {
	spans(len(y), func(lo, hi int) {
		var acc [256]float64
		for ; lo < hi; lo += len(acc) {
			n := min(len(acc), hi-lo)
			clear(acc[:n])
			for j := range p {
				for i, v := range x[j*len(y)+lo : j*len(y)+lo+n] {
					acc[i] += float64(v)
				}
			}
			for i, v := range acc[:n] {
				y[lo+i] = T(v)
			}
		}
	})
}

func rowTotals(sums, x []float64, n int) {
	for i := range sums {
		sums[i] = 0
		for _, v := range x[i*n : (i+1)*n] {
			sums[i] += v
		}
	}
}

func rowInners(sums, x, y []float64, n int) {
	for i := range sums {
		sums[i] = 0
		for j := i * n; j < (i+1)*n; j++ {
			sums[i] += x[j] * y[j]
		}
	}
}

func expand[T Float](over Over, c *Call[T]) {
	x, y := c.X[0].Data, c.Y.Data
	_, k, q, _ := over.split(c.Y.Shape)
	if q == 1 {
		rows(len(y)/k, k, func(i int) { copy(y[i*k:(i+1)*k], x) })
		return
	}
	if k == 1 {
		spans(len(y), func(lo, hi int) { fill(y[lo:hi], x[0]) })
		return
	}
	rows(len(y)/q, q, func(i int) { fill(y[i*q:(i+1)*q], x[i%k]) })
}

func fill[T Float](y []T, v T) {
	for i := range y {
		y[i] = v
	}
}

// Grad: every summed element gets dy.
func (p SumOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(apply(ExpandOp{p.Over, x[0].Shape().Clone()}, dy)))
}

// Grad sums dy over the repetitions.
func (p ExpandOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(apply(SumOp{p.Over, x[0].Shape().Clone()}, dy)))
}

// Grad: da = b⊙dy and db = a⊙dy, channel by channel.
func (p DotOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(ChannelAffine(x[1], dy, nil)), c.do(ChannelAffine(x[0], dy, nil)))
}
