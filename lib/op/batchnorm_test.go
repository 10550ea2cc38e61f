package op

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func batchLaws() []law {
	var laws []law
	for _, s := range append(mapShapes, []int{3, 2}) {
		rng := testRand()
		x, mean := random(rng, -1, 3, s...), random(rng, 0, 1, s[1])
		n := float64(tensor.Shape(s).TotalSize() / s[1])
		laws = append(laws, law{
			name:  "BatchMean" + shapeText(s),
			in:    []ref{x},
			build: func(x []*G.Node) (*G.Node, error) { return BatchMean(x[0]) },
			want: func(x []ref) ref {
				y := newRef(s[1])
				build(s, func(i []int) float64 { y.add(x[0].at(i...)/n, i[1]); return 0 })
				return y
			},
		}, law{
			name:  "BatchVar" + shapeText(s),
			in:    []ref{x, mean},
			build: func(x []*G.Node) (*G.Node, error) { return BatchVar(x[0], x[1]) },
			want: func(x []ref) ref {
				y := newRef(s[1])
				build(s, func(i []int) float64 { y.add(math.Pow(x[0].at(i...)-x[1].at(i[1]), 2)/n, i[1]); return 0 })
				return y
			},
		})
	}
	return laws
}
