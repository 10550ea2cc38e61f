package op

import (
	G "gorgonia.org/gorgonia"
)

func binaryLaws() []law {
	var laws []law
	for _, op := range []struct {
		name  string
		build func(a, b *G.Node) (*G.Node, error)
		f     func(a, b float64) float64
	}{
		{"Add", Add, func(a, b float64) float64 { return a + b }},
		{"Sub", Sub, func(a, b float64) float64 { return a - b }},
		{"Mul", Mul, func(a, b float64) float64 { return a * b }},
		{"Div", Div, func(a, b float64) float64 { return a / b }},
	} {
		for _, s := range append([][]int{{}, {4}, {1}}, mapShapes...) {
			for _, shapes := range [][2][]int{{s, s}, {s, {}}, {{}, s}} {
				rng := testRand()
				laws = append(laws, law{
					name:  op.name + shapeText(shapes[0]) + shapeText(shapes[1]),
					in:    []ref{random(rng, 0.5, 2, shapes[0]...), random(rng, 0.5, 2, shapes[1]...)},
					build: func(x []*G.Node) (*G.Node, error) { return op.build(x[0], x[1]) },
					want: func(x []ref) ref {
						y := newRef(s...)
						for i := range y.data {
							y.data[i] = op.f(x[0].data[i%len(x[0].data)], x[1].data[i%len(x[1].data)])
						}
						return y
					},
				})
			}
		}
		laws = append(laws, law{
			name:  op.name + " of a node with itself",
			in:    []ref{random(testRand(), 0.5, 2, 2, 3)},
			build: func(x []*G.Node) (*G.Node, error) { return op.build(x[0], x[0]) },
			want: func(x []ref) ref {
				return build(x[0].shape, func(i []int) float64 { return op.f(x[0].at(i...), x[0].at(i...)) })
			},
			step: op.name == "Sub" || op.name == "Div", // their gradient is zero
		})
	}
	return laws
}
