package op

import (
	G "gorgonia.org/gorgonia"
)

func reduceLaws() []law {
	var laws []law
	for _, s := range append(mapShapes, []int{2, 3, 150, 131}) {
		// into is where element i of the input is added
		reduction := func(name string, out []int, build1 func(*G.Node) (*G.Node, error), scale float64, into func(y ref, v float64, i []int)) {
			laws = append(laws, law{
				name:  name + shapeText(s),
				in:    []ref{random(testRand(), -1, 2, s...)},
				build: func(x []*G.Node) (*G.Node, error) { return build1(x[0]) },
				want: func(x []ref) ref {
					y := newRef(out...)
					build(s, func(i []int) float64 { into(y, x[0].at(i...)*scale, i); return 0 })
					return y
				},
				step: len(s) == 4 && s[2] > 100, // too large for finite differences
			})
		}
		n := float64(s[0] * s[1] * s[2] * s[3])
		all := func(y ref, v float64, i []int) { y.data[0] += v }
		channel := func(y ref, v float64, i []int) { y.data[i[1]] += v }
		reduction("SumAll", nil, SumAll, 1, all)
		reduction("MeanAll", nil, MeanAll, 1/n, all)
		reduction("SumPerSample", s[:1], SumPerSample, 1, func(y ref, v float64, i []int) { y.add(v, i[0]) })
		reduction("ChannelSum", s[1:2], ChannelSum, 1, channel)
		reduction("BatchSum", append([]int{1}, s[1:]...), BatchSum, 1, func(y ref, v float64, i []int) { y.add(v, 0, i[1], i[2], i[3]) })
	}
	for _, e := range []struct {
		over Over
		in   []int
		from func(x ref, i []int) float64
	}{
		{OverAll, nil, func(x ref, i []int) float64 { return x.data[0] }},
		{OverSample, []int{2}, func(x ref, i []int) float64 { return x.at(i[0]) }},
		{OverChannel, []int{1, 3, 1, 1}, func(x ref, i []int) float64 { return x.data[i[1]] }},
		{OverBatch, []int{1, 3, 4, 5}, func(x ref, i []int) float64 { return x.at(0, i[1], i[2], i[3]) }},
	} {
		laws = append(laws, law{
			name:  "Expand over " + string(e.over),
			in:    []ref{random(testRand(), -1, 1, e.in...)},
			build: func(x []*G.Node) (*G.Node, error) { return apply(ExpandOp{e.over, []int{2, 3, 4, 5}}, x[0]) },
			want: func(x []ref) ref {
				return build([]int{2, 3, 4, 5}, func(i []int) float64 { return e.from(x[0], i) })
			},
		})
	}
	return laws
}
