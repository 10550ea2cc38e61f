package op

import (
	G "gorgonia.org/gorgonia"
)

func affineLaws() []law {
	var laws []law
	for _, s := range append(mapShapes, []int{2, 3}) {
		for _, g := range [][]int{{s[1]}, {1, s[1], 1, 1}} {
			rng := testRand()
			x, gain, offset := random(rng, -1, 1, s...), random(rng, -1, 1, g...), random(rng, -1, 1, g...)
			laws = append(laws, law{
				name:  "ChannelAffine" + shapeText(s) + shapeText(g),
				in:    []ref{x, gain, offset},
				build: func(x []*G.Node) (*G.Node, error) { return ChannelAffine(x[0], x[1], x[2]) },
				want: func(x []ref) ref {
					return build(s, func(i []int) float64 { return x[0].at(i...)*x[1].data[i[1]] + x[2].data[i[1]] })
				},
			}, law{
				name:  "ChannelAffine without offset" + shapeText(s) + shapeText(g),
				in:    []ref{x, gain},
				build: func(x []*G.Node) (*G.Node, error) { return ChannelAffine(x[0], x[1], nil) },
				want: func(x []ref) ref {
					return build(s, func(i []int) float64 { return x[0].at(i...) * x[1].data[i[1]] })
				},
			}, law{
				name:  "ChannelAffine without gain" + shapeText(s) + shapeText(g),
				in:    []ref{x, offset},
				build: func(x []*G.Node) (*G.Node, error) { return ChannelAffine(x[0], nil, x[1]) },
				want: func(x []ref) ref {
					return build(s, func(i []int) float64 { return x[0].at(i...) + x[1].data[i[1]] })
				},
			}, law{
				name:  "dot per channel" + shapeText(s) + shapeText(g),
				in:    []ref{x, random(rng, -1, 1, s...)},
				build: func(x []*G.Node) (*G.Node, error) { return apply(DotOp{g}, x...) },
				want: func(x []ref) ref {
					y := newRef(g...)
					build(s, func(i []int) float64 { y.data[i[1]] += x[0].at(i...) * x[1].at(i...); return 0 })
					return y
				},
			})
		}
	}
	return laws
}
