package op

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// UnaryOp applies the function named Func to every element; A and B are the function's parameters, as unaryFuncs says.
type UnaryOp struct {
	Func string
	A, B float64
}

// unaryFunc is one row of the table of pointwise functions.
type unaryFunc struct {
	params  int
	float32 func(y, x []float32, a, b float64) // uses all cores; y may be x
	float64 func(y, x []float64, a, b float64) // called for a span at a time
	// grad is dx as an expression in x, y and dy; nil if there is none.
	grad func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node
}

// unaryFuncs is filled by init because the gradients, through Scale and the like, refer to it.
var unaryFuncs map[string]unaryFunc

func init() {
	unaryFuncs = map[string]unaryFunc{
		"relu": {0, lanes(simd.ReLU), relu, gradRelu},
		"exp":  {0, lanes(simd.Exp), each(math.Exp), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node { return c.do(Mul(dy, y)) }},
		"log":  {0, lanes(simd.Log), each(math.Log), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node { return c.do(Div(dy, x)) }},
		"tanh": {0, lanes(simd.Tanh), each(math.Tanh), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Mul(dy, c.do(AddConst(c.do(Neg(c.do(Square(y)))), 1)))) // dy·(1−y²)
		}},
		"atan": {0, lanes(simd.Atan), each(math.Atan), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Div(dy, c.do(AddConst(c.do(Square(x)), 1)))) // dy/(1+x²)
		}},
		"sigmoid": {0, lanes(simd.Sigmoid), each(sigmoid), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Mul(dy, c.do(Mul(y, c.do(AddConst(c.do(Neg(y)), 1)))))) // dy·y·(1−y)
		}},
		// A is β: ln(1+e^{βx})/β
		"softplus": {1, softplus32, softplus, func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Mul(dy, c.do(Sigmoid(c.do(Scale(x, a)))))) // dy·σ(βx)
		}},
		// A and B are the limits
		"clamp": {2, func(y, x []float32, a, b float64) { simd.Clamp(y, x, float32(a), float32(b)) }, clamp, func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Mul(dy, c.do(inside(x, a, b))))
		}},
		"inside": {2, inSpans(indicator[float32]), indicator[float64], nil}, // 1 where A ≤ x ≤ B, else 0
		// A is the constant
		"scale": {1, func(y, x []float32, a, b float64) { simd.Scale(y, float32(a), x) }, scale, func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node { return c.do(Scale(dy, a)) }},
		"add const": {1, func(y, x []float32, a, b float64) { simd.AddConst(y, float32(a), x) }, shift, func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Scale(dy, 1))
		}},
		"square": {0, func(y, x []float32, a, b float64) { simd.Mul(y, x, x) }, each(func(x float64) float64 { return x * x }), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Mul(dy, c.do(Scale(x, 2))))
		}},
		"sqrt": {0, inSpans(sqrt32), each(math.Sqrt), func(c *chain, x, y, dy *G.Node, a, b float64) *G.Node {
			return c.do(Scale(c.do(Div(dy, y)), 0.5)) // dy/(2√x)
		}},
	}
}

// UnaryFuncs lists the functions that a UnaryOp can have.
func UnaryFuncs() []string { return slices.Sorted(maps.Keys(unaryFuncs)) }

// ReLU is max(x, 0). Its gradient at 0 is 0.
func ReLU(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "relu"}, x) }

// Exp is eˣ.
func Exp(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "exp"}, x) }

// Log is the natural logarithm.
func Log(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "log"}, x) }

// Tanh is the hyperbolic tangent.
func Tanh(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "tanh"}, x) }

// Atan is the arc tangent in radians.
func Atan(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "atan"}, x) }

// Sigmoid is 1/(1+e⁻ˣ).
func Sigmoid(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "sigmoid"}, x) }

// Softplus is ln(1+e^{βx})/β. It panics unless β > 0.
func Softplus(x *G.Node, beta float64) (*G.Node, error) {
	if !(beta > 0) {
		panic(fmt.Sprintf("op: Softplus with β = %v", beta))
	}
	return apply(UnaryOp{Func: "softplus", A: beta}, x)
}

// Clamp limits x to [lo,hi]. Its gradient is dy inside, limits included, and 0 outside. It panics if lo > hi.
func Clamp(x *G.Node, lo, hi float64) (*G.Node, error) {
	if !(lo <= hi) {
		panic(fmt.Sprintf("op: Clamp to [%v, %v]", lo, hi))
	}
	return apply(UnaryOp{Func: "clamp", A: lo, B: hi}, x)
}

func inside(x *G.Node, lo, hi float64) (*G.Node, error) {
	return apply(UnaryOp{Func: "inside", A: lo, B: hi}, x)
}

// Scale is k·x.
func Scale(x *G.Node, k float64) (*G.Node, error) { return apply(UnaryOp{Func: "scale", A: k}, x) }

// AddConst is x+k.
func AddConst(x *G.Node, k float64) (*G.Node, error) {
	return apply(UnaryOp{Func: "add const", A: k}, x)
}

// Neg is −x.
func Neg(x *G.Node) (*G.Node, error) { return Scale(x, -1) }

// Square is x².
func Square(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "square"}, x) }

// Sqrt is √x.
func Sqrt(x *G.Node) (*G.Node, error) { return apply(UnaryOp{Func: "sqrt"}, x) }

func (p UnaryOp) String() string {
	switch unaryFuncs[p.Func].params {
	case 1:
		return fmt.Sprintf("%s %v", p.Func, p.A)
	case 2:
		return fmt.Sprintf("%s %v..%v", p.Func, p.A, p.B)
	}
	return p.Func
}

// Shape is the input's, a scalar included.
func (p UnaryOp) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

// Overwrites lets y be x.
func (p UnaryOp) Overwrites() int { return 1 }

func (p UnaryOp) Float32(c *Call[float32]) {
	unaryFuncs[p.Func].float32(c.Y.Data, c.X[0].Data, p.A, p.B)
}

func (p UnaryOp) Float64(c *Call[float64]) {
	inSpans(unaryFuncs[p.Func].float64)(c.Y.Data, c.X[0].Data, p.A, p.B)
}

// inSpans runs f on spans of the arrays, on all cores.
func inSpans[T Float](f func(y, x []T, a, b float64)) func(y, x []T, a, b float64) {
	return func(y, x []T, a, b float64) {
		spans(len(y), func(lo, hi int) { f(y[lo:hi], x[lo:hi], a, b) })
	}
}

// Grad follows the table.
func (p UnaryOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	grad := unaryFuncs[p.Func].grad
	if grad == nil {
		return nil, fmt.Errorf("%s is a step", p.Func)
	}
	var c chain
	return c.nodes(grad(&c, x[0], y, dy, p.A, p.B))
}

func gradRelu(c *chain, x, y, dy *G.Node, a, b float64) *G.Node { return c.do(gate(dy, y)) }

// lanes makes a row's function of a vectorised one.
func lanes(f func(y, x []float32)) func(y, x []float32, a, b float64) {
	return func(y, x []float32, a, b float64) { f(y, x) }
}

// each makes a row's function of a scalar one.
func each(f func(float64) float64) func(y, x []float64, a, b float64) {
	return func(y, x []float64, a, b float64) {
		for i, v := range x {
			y[i] = f(v)
		}
	}
}

func relu(y, x []float64, a, b float64) {
	for i, v := range x {
		y[i] = max(v, 0)
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus32(y, x []float32, beta, _ float64) {
	simd.Scale(y, float32(beta), x)
	simd.Softplus(y, y)
	simd.Scale(y, float32(1/beta), y)
}

// softplus is max(z,0) + ln(1+e^{−|z|}), z = βx, which does not overflow.
func softplus(y, x []float64, beta, _ float64) {
	for i, v := range x {
		z := beta * v
		y[i] = (max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))) / beta
	}
}

func clamp(y, x []float64, lo, hi float64) {
	for i, v := range x {
		y[i] = min(max(v, lo), hi)
	}
}

func indicator[T Float](y, x []T, a, b float64) {
	lo, hi := T(a), T(b)
	y = y[:len(x)]
	for i, v := range x {
		y[i] = 0
		if v >= lo && v <= hi {
			y[i] = 1
		}
	}
}

func scale(y, x []float64, k, _ float64) {
	for i, v := range x {
		y[i] = k * v
	}
}

func shift(y, x []float64, k, _ float64) {
	for i, v := range x {
		y[i] = v + k
	}
}

func sqrt32(y, x []float32, _, _ float64) {
	for i, v := range x {
		y[i] = float32(math.Sqrt(float64(v)))
	}
}
