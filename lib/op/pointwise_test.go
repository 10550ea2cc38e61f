package op

import (
	"math"

	G "gorgonia.org/gorgonia"
)

// unaryLaws are a function's laws on all shapes, the values in [lo,hi).
func unaryLaws(name string, lo, hi float64, build func(x *G.Node) (*G.Node, error), f func(x float64) float64) []law {
	var laws []law
	for _, s := range append([][]int{{}, {4}}, mapShapes...) {
		laws = append(laws, law{
			name:  name + shapeText(s),
			in:    []ref{random(testRand(), lo, hi, s...)},
			build: func(x []*G.Node) (*G.Node, error) { return build(x[0]) },
			want: func(x []ref) ref {
				y := newRef(x[0].shape...)
				for i, v := range x[0].data {
					y.data[i] = f(v)
				}
				return y
			},
		})
	}
	return laws
}

func pointwiseLaws() []law {
	with := func(f func(*G.Node, float64) (*G.Node, error), k float64) func(*G.Node) (*G.Node, error) {
		return func(x *G.Node) (*G.Node, error) { return f(x, k) }
	}
	var all []law
	for _, laws := range [][]law{
		unaryLaws("ReLU", -2, 2, ReLU, func(x float64) float64 {
			if x > 0 {
				return x
			}
			return 0
		}),
		unaryLaws("Exp", -3, 3, Exp, math.Exp),
		unaryLaws("Log", 0.2, 3, Log, math.Log),
		unaryLaws("Tanh", -3, 3, Tanh, math.Tanh),
		unaryLaws("Atan", -3, 3, Atan, math.Atan),
		unaryLaws("Sigmoid", -5, 5, Sigmoid, func(x float64) float64 { return math.Exp(x) / (1 + math.Exp(x)) }),
		unaryLaws("Softplus", -9, 9, with(Softplus, 0.5), func(x float64) float64 { return 2 * math.Log(1+math.Exp(x/2)) }),
		unaryLaws("Clamp", -2, 2, func(x *G.Node) (*G.Node, error) { return Clamp(x, -0.5, 1.25) }, func(x float64) float64 {
			return math.Max(-0.5, math.Min(1.25, x))
		}),
		unaryLaws("Scale", -2, 2, with(Scale, -1.7), func(x float64) float64 { return -1.7 * x }),
		unaryLaws("AddConst", -2, 2, with(AddConst, 0.3), func(x float64) float64 { return x + 0.3 }),
		unaryLaws("Neg", -2, 2, Neg, func(x float64) float64 { return -x }),
		unaryLaws("Square", -2, 2, Square, func(x float64) float64 { return x * x }),
		unaryLaws("Sqrt", 0.5, 2, Sqrt, math.Sqrt),
	} {
		all = append(all, laws...)
	}
	return all
}
