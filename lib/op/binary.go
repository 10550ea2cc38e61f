package op

import (
	"fmt"
	"maps"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BinaryOp combines two arrays of one shape element by element with the function named Func. One of the two may be a
// scalar, which then meets every element of the other.
type BinaryOp struct{ Func string }

// binaryFunc is one row of the table of pointwise functions of two arguments.
type binaryFunc struct {
	float32 func(y, a, b []float32) // uses all cores; y may be a or b
	float64 func(y, a, b []float64) // called for a span at a time
	grad    func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node)
}

// binaryFuncs is filled by init because the gradients refer to it.
var binaryFuncs map[string]binaryFunc

func init() {
	binaryFuncs = map[string]binaryFunc{
		"add": {simd.Add, add, func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node) { return dy, dy }},
		"sub": {simd.Sub, sub, func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node) { return dy, c.do(Neg(dy)) }},
		"mul": {simd.Mul, mul, func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node) {
			return c.do(Mul(dy, b)), c.do(Mul(dy, a))
		}},
		"div": {simd.Div, div, func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node) {
			da = c.do(Div(dy, b))
			return da, c.do(Neg(c.do(Mul(da, y))))
		}},
		// a where b > 0, else 0; the derivative by b is 0 almost everywhere
		"gate": {simd.ReLUGrad, gating, func(c *chain, a, b, y, dy *G.Node) (da, db *G.Node) {
			return c.do(gate(dy, b)), c.do(Scale(b, 0))
		}},
	}
}

// Add is a+b, for two nodes of one shape or a node and a scalar.
func Add(a, b *G.Node) (*G.Node, error) { return apply(BinaryOp{"add"}, a, b) }

// Sub is a−b, for two nodes of one shape or a node and a scalar.
func Sub(a, b *G.Node) (*G.Node, error) { return apply(BinaryOp{"sub"}, a, b) }

// Mul is a⊙b, for two nodes of one shape or a node and a scalar.
func Mul(a, b *G.Node) (*G.Node, error) { return apply(BinaryOp{"mul"}, a, b) }

// Div is a/b element by element, for two nodes of one shape or a node and a scalar.
func Div(a, b *G.Node) (*G.Node, error) { return apply(BinaryOp{"div"}, a, b) }

// gate is a where b > 0 and 0 elsewhere.
func gate(a, b *G.Node) (*G.Node, error) { return apply(BinaryOp{"gate"}, a, b) }

// BinaryFuncs lists the functions that a BinaryOp can have.
func BinaryFuncs() []string { return slices.Sorted(maps.Keys(binaryFuncs)) }

func (p BinaryOp) String() string { return p.Func }

// Shape is that of both inputs.
func (p BinaryOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	switch {
	case len(in[0]) == 0:
		return in[1].Clone(), nil
	case len(in[1]) == 0 || len(in[0]) == len(in[1]) && in[0].Eq(in[1]):
		return in[0].Clone(), nil
	}
	return nil, fmt.Errorf("the shapes differ: %s and %s", shapeText(in[0]), shapeText(in[1]))
}

// Overwrites lets y be a or b.
func (p BinaryOp) Overwrites() int { return 2 }

func (p BinaryOp) Float32(c *Call[float32]) { binary(binaryFuncs[p.Func].float32, c) }

func (p BinaryOp) Float64(c *Call[float64]) {
	f := binaryFuncs[p.Func].float64
	binary(func(y, a, b []float64) {
		spans(len(y), func(lo, hi int) { f(y[lo:hi], a[lo:hi], b[lo:hi]) })
	}, c)
}

func binary[T Float](f func(y, a, b []T), c *Call[T]) {
	y, a, b := c.Y.Data, c.X[0].Data, c.X[1].Data
	if len(a) == len(b) {
		f(y, a, b)
		return
	}
	// One is a scalar: it is repeated for a block of the other.
	scalar := a[:1]
	if len(b) < len(a) {
		scalar = b
	}
	repeated := make([]T, min(len(y), 4096))
	fill(repeated, scalar[0])
	rows((len(y)+4095)/4096, 4096, func(i int) {
		lo, hi := i*4096, min(len(y), (i+1)*4096)
		f(y[lo:hi], operand(a, repeated, lo, hi), operand(b, repeated, lo, hi))
	})
}

// operand is elements lo to hi−1 of x, or as many repetitions if x is the scalar.
func operand[T Float](x, repeated []T, lo, hi int) []T {
	if len(x) == 1 {
		return repeated[:hi-lo]
	}
	return x[lo:hi]
}

// Grad follows the table.
func (p BinaryOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	da, db := binaryFuncs[p.Func].grad(&c, x[0], x[1], y, dy)
	return c.nodes(c.likeInput(da, x[0]), c.likeInput(db, x[1]))
}

// likeInput sums the gradient of a scalar input over the elements that it met.
func (c *chain) likeInput(dx, x *G.Node) *G.Node {
	if c.err == nil && x.IsScalar() && !dx.IsScalar() {
		return c.do(SumAll(dx))
	}
	return dx
}

func add(y, a, b []float64) {
	for i, v := range a {
		y[i] = v + b[i]
	}
}

func sub(y, a, b []float64) {
	for i, v := range a {
		y[i] = v - b[i]
	}
}

func mul(y, a, b []float64) {
	for i, v := range a {
		y[i] = v * b[i]
	}
}

func div(y, a, b []float64) {
	for i, v := range a {
		y[i] = v / b[i]
	}
}

func gating(y, a, b []float64) {
	for i, v := range a {
		if !(b[i] > 0) {
			v = 0
		}
		y[i] = v
	}
}
