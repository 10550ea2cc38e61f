package op

import (
	"context"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func normLaws() []law {
	var laws []law
	for _, s := range [][]int{{2, 3, 4, 5}, {1, 5, 3, 2}, {3, 4, 1, 1}, {2, 7}, {1, 3, 9, 31}} {
		rng := testRand()
		laws = append(laws, law{
			name:  "LayerNorm" + shapeText(s),
			in:    []ref{random(rng, -2, 3, s...), random(rng, 0.5, 1.5, s[1]), random(rng, -1, 1, s[1])},
			build: func(x []*G.Node) (*G.Node, error) { return LayerNorm(x[0], x[1], x[2], 1e-3) },
			want: func(x []ref) ref {
				return build(s, func(i []int) float64 {
					j := append([]int(nil), i...)
					var mean, variance float64
					for j[1] = range s[1] {
						mean += x[0].at(j...) / float64(s[1])
					}
					for j[1] = range s[1] {
						variance += math.Pow(x[0].at(j...)-mean, 2) / float64(s[1])
					}
					return (x[0].at(i...)-mean)/math.Sqrt(variance+1e-3)*x[1].at(i[1]) + x[2].at(i[1])
				})
			},
		})
	}
	return laws
}

// TestLayerNormGradientsAlone: the gain's gradient is the same with and without that of the input beside it.
func TestLayerNormGradientsAlone(t *testing.T) {
	l := normLaws()[0]
	grads := func(which ...int) []ref {
		x, cost := l.cost(t, tensor.Float32)
		all, err := G.Grad(cost, x...)
		check(t, err)
		var chosen []*G.Node
		for _, i := range which {
			chosen = append(chosen, all[i])
		}
		p, err := Compile(chosen...)
		check(t, err)
		check(t, p.Run(context.Background()))
		var out []ref
		for _, n := range chosen {
			out = append(out, refOf(t, p.Value(n)))
		}
		return out
	}
	both := grads(0, 1)
	near(t, "by x alone", grads(0)[0], both[0], 0)
	near(t, "by the gain alone", grads(1)[0], both[1], 0)
}
