package conformance

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
)

// mapShapes are (B,C,H,W) that find mistakes: odd channels, not square, batch 1, one pixel.
var mapShapes = [][]int{{2, 3, 4, 5}, {1, 5, 3, 2}, {3, 2, 1, 1}}

func one(f func(x *G.Node) (*G.Node, error)) func(x []*G.Node) (*G.Node, error) {
	return func(x []*G.Node) (*G.Node, error) { return f(x[0]) }
}

// ourLaws has a row for every primitive of lib/op.
func ourLaws() []law {
	var all []law
	all = append(all, pointwiseLaws()...)
	all = append(all, convLaws()...)
	all = append(all, sharedLaws()...)
	all = append(all, channelLaws()...)
	return append(all, poolLaws()...)
}

func pointwiseLaws() []law {
	var all []law
	for name, f := range map[string]func(*G.Node) (*G.Node, error){
		"relu": op.ReLU, "exp": op.Exp, "tanh": op.Tanh, "atan": op.Atan, "sigmoid": op.Sigmoid, "square": op.Square, "neg": op.Neg,
		"softplus":  func(x *G.Node) (*G.Node, error) { return op.Softplus(x, 0.5) },
		"clamp":     func(x *G.Node) (*G.Node, error) { return op.Clamp(x, -0.5, 0.7) },
		"scale":     func(x *G.Node) (*G.Node, error) { return op.Scale(x, 0.3) },
		"add const": func(x *G.Node) (*G.Node, error) { return op.AddConst(x, 0.3) },
	} {
		// the long one runs through compilers' vectorised code, and with ±4 through the far ends of the functions
		for _, s := range append(mapShapes, []int{2, 12, 32, 32}) {
			all = append(all, law{name: fmt.Sprint(name, " ", s), in: [][]int{s}, build: one(f), lo: -4, hi: 4})
		}
	}
	for name, f := range map[string]func(*G.Node) (*G.Node, error){"log": op.Log, "sqrt": op.Sqrt} {
		all = append(all, law{name: name, in: [][]int{{2, 3, 4, 5}}, build: one(f), lo: 0.2, hi: 3})
	}
	for name, f := range map[string]func(a, b *G.Node) (*G.Node, error){"add": op.Add, "sub": op.Sub, "mul": op.Mul, "div": op.Div} {
		build := func(x []*G.Node) (*G.Node, error) { return f(x[0], x[1]) }
		for _, in := range [][][]int{{{2, 3, 4, 5}, {2, 3, 4, 5}}, {{2, 3, 4, 5}, {}}, {{}, {3, 2}}, {{7}, {7}}} {
			all = append(all, law{name: fmt.Sprint(name, " ", in), in: in, build: build, lo: 0.5, hi: 2})
		}
	}
	return all
}

func convLaws() []law {
	var all []law
	for _, c := range []struct {
		x, w []int
		conv op.Conv
		bias bool
	}{
		{[]int{2, 3, 8, 7}, []int{4, 3, 3, 3}, op.Conv{Pad: [4]int{1, 1, 1, 1}}, true},
		{[]int{2, 3, 9, 10}, []int{4, 3, 3, 3}, op.Conv{Stride: [2]int{2, 2}, Pad: [4]int{1, 1, 1, 1}}, false},
		{[]int{2, 3, 8, 7}, []int{2, 3, 3, 2}, op.Conv{Stride: [2]int{1, 3}, Dilation: [2]int{2, 1}, Pad: [4]int{0, 2, 1, 0}}, true},
		{[]int{1, 2, 5, 5}, []int{3, 2, 1, 1}, op.Conv{Stride: [2]int{2, 2}, Pad: [4]int{2, 2, 0, 1}}, false}, // negative padding in dx
		{[]int{2, 4, 6, 6}, []int{6, 2, 3, 3}, op.Conv{Stride: [2]int{1, 2}, Pad: [4]int{1, 1, 1, 1}, Groups: 2}, true},
		{[]int{2, 4, 6, 6}, []int{4, 1, 3, 3}, op.Conv{Stride: [2]int{2, 2}, Pad: [4]int{1, 1, 0, 1}, Groups: 4}, false}, // depthwise
		{[]int{2, 5, 4, 4}, []int{7, 5, 1, 1}, op.Conv{}, true},
		{[]int{1, 2, 11, 9}, []int{3, 2, 7, 7}, op.Conv{Stride: [2]int{2, 2}, Pad: [4]int{3, 3, 3, 3}}, false},
	} {
		in := [][]int{c.x, c.w}
		if c.bias {
			in = append(in, []int{c.w[0]})
		}
		all = append(all, law{name: fmt.Sprintf("conv %v %v %+v", c.x, c.w, c.conv), in: in, build: func(x []*G.Node) (*G.Node, error) {
			if c.bias {
				return op.Conv2D(x[0], x[1], x[2], c.conv)
			}
			return op.Conv2D(x[0], x[1], nil, c.conv)
		}})
	}
	return all
}

// sharedLaws are convolutions of inputs in which all samples share some channels, which a program computes in parts.
func sharedLaws() []law {
	conv := func(c op.Conv, bias bool) func(x []*G.Node) (*G.Node, error) {
		return func(x []*G.Node) (*G.Node, error) {
			joined, err := op.Concat(x[0], x[1])
			if err != nil {
				return nil, err
			}
			if bias {
				return op.Conv2D(joined, x[2], x[3], c)
			}
			return op.Conv2D(joined, x[2], nil, c)
		}
	}
	return []law{
		{name: "conv of shared channels", in: [][]int{{2, 3, 5, 6}, {1, 2, 5, 6}, {4, 5, 3, 3}, {4}}, build: conv(op.Conv{Pad: [4]int{1, 1, 1, 1}}, true)},
		{name: "conv of shared channels with stride", in: [][]int{{3, 3, 7, 6}, {1, 1, 7, 6}, {2, 4, 3, 2}},
			build: conv(op.Conv{Stride: [2]int{2, 1}, Dilation: [2]int{1, 2}, Pad: [4]int{1, 0, 0, 2}}, false)},
	}
}

func channelLaws() []law {
	all := []law{
		{name: "batch sum", in: [][]int{{3, 2, 4, 5}}, build: one(op.BatchSum)},
		{name: "concat", in: [][]int{{2, 3, 4, 5}, {1, 2, 4, 5}, {2, 1, 4, 5}}, build: func(x []*G.Node) (*G.Node, error) { return op.Concat(x...) }},
		{name: "slice", in: [][]int{{2, 5, 3, 2}}, build: one(func(x *G.Node) (*G.Node, error) { return op.SliceChannels(x, 1, 4) })},
		{name: "permute", in: [][]int{{2, 5, 3, 2}}, build: one(func(x *G.Node) (*G.Node, error) { return op.Permute(x, []int{3, 0, 4, 2, 1}) })},
		{name: "space to depth", in: [][]int{{2, 3, 4, 6}}, build: one(func(x *G.Node) (*G.Node, error) { return op.SpaceToDepth(x, 2) })},
		{name: "depth to space", in: [][]int{{2, 9, 2, 3}}, build: one(func(x *G.Node) (*G.Node, error) { return op.DepthToSpace(x, 3) })},
		{name: "batch mean and variance", in: [][]int{{3, 4, 2, 5}}, build: one(func(x *G.Node) (*G.Node, error) {
			m, err := op.BatchMean(x)
			if err != nil {
				return nil, err
			}
			return op.BatchVar(x, m)
		})},
		{name: "triangle", in: [][]int{{4, 4, 1, 1}}, build: one(func(x *G.Node) (*G.Node, error) { return op.TriangularPart(x, true) })},
		{name: "mean of a scalar", in: [][]int{{}}, build: one(op.SumAll)},
	}
	for _, upper := range []bool{false, true} {
		all = append(all, law{name: fmt.Sprint("triangular solve, upper ", upper), in: [][]int{{2, 4, 3, 2}, {4, 4, 1, 1}}, lo: -0.5, hi: 0.5,
			build: func(x []*G.Node) (*G.Node, error) { return op.SolveTriangular(x[0], x[1], upper) }})
	}
	for _, s := range mapShapes {
		all = append(all, sumLaws(s)...)
	}
	return all
}

func sumLaws(s []int) []law {
	c := []int{s[1]}
	at := func(name string) string { return fmt.Sprint(name, " ", s) }
	return []law{
		{name: at("sum all"), in: [][]int{s}, build: one(op.SumAll)},
		{name: at("mean all"), in: [][]int{s}, build: one(op.MeanAll)},
		{name: at("sum per sample"), in: [][]int{s}, build: one(op.SumPerSample)},
		{name: at("channel sum"), in: [][]int{s}, build: one(op.ChannelSum)},
		{name: at("affine"), in: [][]int{s, {1, s[1], 1, 1}, c}, build: func(x []*G.Node) (*G.Node, error) { return op.ChannelAffine(x[0], x[1], x[2]) }},
		{name: at("gain"), in: [][]int{s, c}, build: func(x []*G.Node) (*G.Node, error) { return op.ChannelAffine(x[0], x[1], nil) }},
		{name: at("offset"), in: [][]int{s, c}, build: func(x []*G.Node) (*G.Node, error) { return op.ChannelAffine(x[0], nil, x[1]) }},
		// of two channels nothing but eps gives a gradient, which the CPU loses in rounding
		{name: at("layer norm"), in: [][]int{s, c, c}, tol: 1e-4, build: func(x []*G.Node) (*G.Node, error) { return op.LayerNorm(x[0], x[1], x[2], 1e-5) }},
	}
}

func poolLaws() []law {
	var all []law
	add := func(name string, f func(x *G.Node) (*G.Node, error), shapes ...[]int) {
		for _, s := range shapes {
			all = append(all, law{name: fmt.Sprint(name, " ", s), in: [][]int{s}, build: one(f)})
		}
	}
	add("average pool 3 2 1", func(x *G.Node) (*G.Node, error) { return op.AvgPool(x, 3, 2, 1) }, []int{2, 3, 7, 8}, []int{1, 2, 4, 4}, []int{1, 1, 2, 5})
	add("average pool 2 3 0", func(x *G.Node) (*G.Node, error) { return op.AvgPool(x, 2, 3, 0) }, []int{2, 3, 7, 8}, []int{1, 2, 6, 9})
	add("max pool 3 2 1", func(x *G.Node) (*G.Node, error) { return op.MaxPool(x, 3, 2, 1) }, []int{2, 3, 7, 8}, []int{1, 2, 4, 4})
	add("max pool 2 2 0", func(x *G.Node) (*G.Node, error) { return op.MaxPool(x, 2, 2, 0) }, []int{2, 3, 7, 8})
	add("max pool of equal values", func(x *G.Node) (*G.Node, error) {
		y, err := op.ReLU(x)
		if err != nil {
			return nil, err
		}
		return op.MaxPool(y, 3, 2, 1)
	}, []int{2, 3, 7, 8})
	add("adaptive pool", func(x *G.Node) (*G.Node, error) { return op.AdaptiveAvgPool(x, 3, 2) }, []int{2, 3, 7, 8}, []int{1, 2, 6, 4})
	add("resize", func(x *G.Node) (*G.Node, error) { return op.Resize(x, 5, 9) }, []int{2, 3, 3, 4}, []int{1, 2, 1, 1}, []int{1, 1, 11, 12})
	add("reflect pad", func(x *G.Node) (*G.Node, error) { return op.ReflectPad(x, 2, 1, 0, 3) }, []int{2, 3, 5, 6}, []int{1, 1, 3, 4})
	return all
}
