package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

func blockLaws() []law {
	var laws []law
	for _, k := range []struct{ n, b, c, h, w int }{{2, 2, 3, 2, 1}, {3, 1, 1, 1, 2}, {1, 2, 2, 3, 2}} {
		flat, deep := []int{k.b, k.c, k.h * k.n, k.w * k.n}, []int{k.b, k.c * k.n * k.n, k.h, k.w}
		split := func(i []int) []int { // coordinates in flat of element i of deep
			block := i[1] % (k.n * k.n)
			return []int{i[0], i[1] / (k.n * k.n), i[2]*k.n + block/k.n, i[3]*k.n + block%k.n}
		}
		laws = append(laws, law{
			name:  fmt.Sprintf("SpaceToDepth %d%s", k.n, shapeText(flat)),
			in:    []ref{random(testRand(), -1, 1, flat...)},
			build: func(x []*G.Node) (*G.Node, error) { return SpaceToDepth(x[0], k.n) },
			want: func(x []ref) ref {
				return build(deep, func(i []int) float64 { return x[0].at(split(i)...) })
			},
		}, law{
			name:  fmt.Sprintf("DepthToSpace %d%s", k.n, shapeText(deep)),
			in:    []ref{random(testRand(), -1, 1, deep...)},
			build: func(x []*G.Node) (*G.Node, error) { return DepthToSpace(x[0], k.n) },
			want: func(x []ref) ref {
				y := newRef(flat...)
				build(deep, func(i []int) float64 { y.add(x[0].at(i...), split(i)...); return 0 })
				return y
			},
		})
	}
	return laws
}
