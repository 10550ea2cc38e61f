package op

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// law is one row of the table that every op goes through: on these inputs, build must compute want, in both types, in a
// Program and in Gorgonia's TapeMachine, and G.Grad of it must agree with finite differences.
type law struct {
	name  string
	in    []ref
	build func(x []*G.Node) (*G.Node, error)
	want  func(x []ref) ref
	step  bool // constant between jumps: no gradient
}

// graphOf builds the law's graph; leaves are named x0, x1 ...
func (l law) graphOf(t *testing.T, dt tensor.Dtype) (x []*G.Node, y *G.Node) {
	t.Helper()
	g := G.NewGraph()
	for i, r := range l.in {
		x = append(x, leaf(g, fmt.Sprint("x", i), r, dt))
	}
	y, err := l.build(x)
	check(t, err)
	return x, y
}

func compute(t *testing.T, y *G.Node) ref {
	t.Helper()
	p, err := Compile(y)
	check(t, err)
	check(t, p.Run(context.Background()))
	return refOf(t, p.Value(y))
}

func TestLaws(t *testing.T) {
	for _, l := range allLaws() {
		t.Run(l.name, func(t *testing.T) {
			want := l.want(l.in)
			_, y := l.graphOf(t, tensor.Float64)
			near(t, "float64 value", compute(t, y), want, 1e-12)
			_, y = l.graphOf(t, tensor.Float32)
			near(t, "float32 value", compute(t, y), want, 2e-6)
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				near(t, "TapeMachine value", l.onTape(t, dt), want, 2e-6)
			}
			if !l.step {
				l.checkGradient(t)
			}
		})
	}
}

func (l law) onTape(t *testing.T, dt tensor.Dtype) ref {
	t.Helper()
	_, y := l.graphOf(t, dt)
	vm := G.NewTapeMachine(y.Graph())
	defer vm.Close()
	check(t, vm.RunAll())
	return refOf(t, y.Value())
}

// cost is Σ r⊙y with random r, so that every element of y matters differently.
func (l law) cost(t *testing.T, dt tensor.Dtype) (x []*G.Node, cost *G.Node) {
	t.Helper()
	x, y := l.graphOf(t, dt)
	r := random(rand.New(rand.NewPCG(7, 7)), -1, 1, y.Shape()...)
	if y.IsScalar() {
		return x, y
	}
	prod, err := Mul(y, leaf(y.Graph(), "r", r, dt))
	check(t, err)
	cost, err = SumAll(prod)
	check(t, err)
	return x, cost
}

func (l law) checkGradient(t *testing.T) {
	t.Helper()
	x, cost := l.cost(t, tensor.Float64)
	grads, err := G.Grad(cost, x...)
	check(t, err)
	p, err := Compile(append(grads, cost)...)
	check(t, err)
	check(t, p.Run(context.Background()))
	got := make([]ref, len(x))
	for i := range x {
		got[i] = refOf(t, p.Value(grads[i]))
	}
	for i := range x {
		near(t, fmt.Sprintf("float64 gradient by x%d", i), got[i], l.differences(t, i), 1e-6)
	}
	l.checkGradient32(t, got)
}

// checkGradient32 compares the float32 gradients with the float64 ones.
func (l law) checkGradient32(t *testing.T, want []ref) {
	t.Helper()
	x, cost := l.cost(t, tensor.Float32)
	grads, err := G.Grad(cost, x...)
	check(t, err)
	p, err := Compile(grads...)
	check(t, err)
	check(t, p.Run(context.Background()))
	for i, g := range grads {
		near(t, fmt.Sprintf("float32 gradient by x%d", i), refOf(t, p.Value(g)), want[i], 2e-5)
	}
}

// differences is the gradient of the cost by input i from central differences.
func (l law) differences(t *testing.T, i int) ref {
	t.Helper()
	x, cost := l.cost(t, tensor.Float64)
	p, err := Compile(cost)
	check(t, err)
	const h = 1e-5
	out := newRef(l.in[i].shape...)
	at := func(k int, v float64) float64 {
		r := ref{l.in[i].shape, append([]float64(nil), l.in[i].data...)}
		r.data[k] = v
		check(t, G.Let(x[i], r.value(tensor.Float64)))
		check(t, p.Run(context.Background()))
		return refOf(t, p.Value(cost)).data[0]
	}
	for k, v := range l.in[i].data {
		out.data[k] = (at(k, v+h) - at(k, v-h)) / (2 * h)
	}
	return out
}

func allLaws() []law {
	var all []law
	for _, laws := range [][]law{pointwiseLaws(), binaryLaws(), convLaws(), normLaws(), affineLaws(), channelLaws(), reduceLaws()} {
		all = append(all, laws...)
	}
	return all
}

var testRand = func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// mapShapes are (B,C,H,W) that find mistakes: odd channels, not square, batch 1, one pixel.
var mapShapes = [][]int{{2, 3, 4, 5}, {1, 5, 3, 2}, {3, 2, 1, 1}, {1, 1, 1, 7}}

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

func convLaws() []law {
	var laws []law
	for _, k := range []struct {
		x, w []int
		c    Conv
	}{
		{[]int{2, 3, 5, 4}, []int{2, 3, 3, 3}, Conv{Pad: [4]int{1, 1, 1, 1}}},
		{[]int{1, 5, 4, 4}, []int{7, 5, 1, 1}, Conv{}},
		{[]int{1, 2, 7, 5}, []int{3, 2, 3, 3}, Conv{Stride: [2]int{2, 2}, Pad: [4]int{0, 1, 0, 1}}},
		{[]int{2, 4, 6, 5}, []int{6, 2, 3, 2}, Conv{Groups: 2, Stride: [2]int{1, 2}, Pad: [4]int{2, 0, 1, 1}}},
		{[]int{1, 3, 8, 7}, []int{3, 1, 3, 3}, Conv{Groups: 3, Dilation: [2]int{2, 3}, Pad: [4]int{2, 2, 3, 3}}},
		{[]int{3, 2, 1, 1}, []int{2, 2, 3, 3}, Conv{Pad: [4]int{1, 1, 1, 1}}},
		{[]int{1, 2, 6, 6}, []int{2, 2, 3, 3}, Conv{Stride: [2]int{4, 4}}},
	} {
		rng := testRand()
		in := []ref{random(rng, -1, 1, k.x...), random(rng, -1, 1, k.w...), random(rng, -1, 1, k.w[0])}
		laws = append(laws, law{
			name:  fmt.Sprintf("Conv2D%s%s%+v", shapeText(k.x), shapeText(k.w), k.c),
			in:    in,
			build: func(x []*G.Node) (*G.Node, error) { return Conv2D(x[0], x[1], x[2], k.c) },
			want:  func(x []ref) ref { return convolution(x[0], x[1], x[2], k.c) },
		}, law{
			name:  fmt.Sprintf("Conv2D without bias%s%s%+v", shapeText(k.x), shapeText(k.w), k.c),
			in:    in[:2],
			build: func(x []*G.Node) (*G.Node, error) { return Conv2D(x[0], x[1], nil, k.c) },
			want:  func(x []ref) ref { return convolution(x[0], x[1], newRef(k.w[0]), k.c) },
		})
	}
	return laws
}

// convolution as its definition says.
func convolution(x, w, bias ref, c Conv) ref {
	c = c.resolved()
	oh := (x.shape[2]+c.Pad[0]+c.Pad[1]-c.Dilation[0]*(w.shape[2]-1)-1)/c.Stride[0] + 1
	ow := (x.shape[3]+c.Pad[2]+c.Pad[3]-c.Dilation[1]*(w.shape[3]-1)-1)/c.Stride[1] + 1
	return build([]int{x.shape[0], w.shape[0], oh, ow}, func(i []int) float64 {
		sum := bias.at(i[1])
		group := i[1] / (w.shape[0] / c.Groups)
		for k := range w.shape[1] {
			for dy := range w.shape[2] {
				for dx := range w.shape[3] {
					sum += w.at(i[1], k, dy, dx) * x.padded(i[0], group*w.shape[1]+k,
						i[2]*c.Stride[0]+dy*c.Dilation[0]-c.Pad[0], i[3]*c.Stride[1]+dx*c.Dilation[1]-c.Pad[2])
				}
			}
		}
		return sum
	})
}

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

func channelLaws() []law {
	var laws []law
	for _, s := range mapShapes {
		rng := testRand()
		x := random(rng, -1, 1, s...)
		perm := rng.Perm(s[1])
		laws = append(laws, law{
			name:  "Permute" + shapeText(s),
			in:    []ref{x},
			build: func(x []*G.Node) (*G.Node, error) { return Permute(x[0], perm) },
			want: func(x []ref) ref {
				return build(s, func(i []int) float64 { return x[0].at(i[0], perm[i[1]], i[2], i[3]) })
			},
		})
		for lo := range s[1] {
			for hi := lo + 1; hi <= s[1]; hi++ {
				laws = append(laws, law{
					name:  fmt.Sprintf("SliceChannels%s %d:%d", shapeText(s), lo, hi),
					in:    []ref{x},
					build: func(x []*G.Node) (*G.Node, error) { return SliceChannels(x[0], lo, hi) },
					want: func(x []ref) ref {
						return build([]int{s[0], hi - lo, s[2], s[3]}, func(i []int) float64 { return x[0].at(i[0], lo+i[1], i[2], i[3]) })
					},
				})
			}
		}
		laws = append(laws, law{
			name:  "EmbedChannels" + shapeText(s),
			in:    []ref{x},
			build: func(x []*G.Node) (*G.Node, error) { return apply(EmbedOp{2, s[1] + 3}, x[0]) },
			want: func(x []ref) ref {
				return build([]int{s[0], s[1] + 3, s[2], s[3]}, func(i []int) float64 {
					if i[1] < 2 || i[1] >= 2+s[1] {
						return 0
					}
					return x[0].at(i[0], i[1]-2, i[2], i[3])
				})
			},
		}, concatLaw(x, random(rng, -1, 1, s[0], 2, s[2], s[3])),
			concatLaw(x, random(rng, -1, 1, 1, 4, s[2], s[3]), random(rng, -1, 1, s[0], 1, s[2], s[3])),
			concatLaw(random(rng, -1, 1, 1, 4, s[2], s[3]), x))
	}
	return laws
}

func concatLaw(in ...ref) law {
	l := law{name: "Concat", in: in, build: func(x []*G.Node) (*G.Node, error) { return Concat(x...) }}
	s := append([]int(nil), in[0].shape...)
	s[1] = 0
	for _, x := range in {
		l.name += shapeText(x.shape)
		s[0], s[1] = max(s[0], x.shape[0]), s[1]+x.shape[1]
	}
	l.want = func(in []ref) ref {
		return build(s, func(i []int) float64 {
			c := i[1]
			for _, x := range in {
				if c < x.shape[1] {
					return x.at(i[0]%x.shape[0], c, i[2], i[3])
				}
				c -= x.shape[1]
			}
			panic("no such channel")
		})
	}
	return l
}

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
		reduction("ChannelMean", s[1:2], ChannelMean, float64(s[1])/n, channel)
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
