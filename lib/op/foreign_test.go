package op

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gorgoniaGraphs are small graphs of Gorgonia's own ops: those that return views of their inputs, turn them around,
// fill or need zeroed results, keep state, or give scalars, booleans and integers.
var gorgoniaGraphs = []struct {
	name  string
	in    [][]int
	build func(x []*G.Node) (*G.Node, error)
}{
	{"add", [][]int{{2, 3}, {2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Add(x[0], x[1]) }},
	{"times a constant", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Mul(x[0], constant(x[0], 0.3)) }},
	{"constant minus", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Sub(constant(x[0], 0.3), x[0]) }},
	{"divided by a scalar", [][]int{{2, 3}, {}}, func(x []*G.Node) (*G.Node, error) { return G.HadamardDiv(x[0], x[1]) }},
	{"power", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Pow(x[0], constant(x[0], 3)) }},
	{"pointwise", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) {
		return G.Sigmoid(G.Must(G.Softplus(G.Must(G.Log(G.Must(G.Exp(G.Must(G.Tanh(x[0])))))))))
	}},
	{"more pointwise", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) {
		return G.Sin(G.Must(G.Cube(G.Must(G.Sqrt(G.Must(G.Square(G.Must(G.Neg(x[0])))))))))
	}},
	{"rectify", [][]int{{2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Rectify(x[0]) }},
	{"matrix product", [][]int{{2, 3}, {3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Mul(x[0], x[1]) }},
	{"product with a transpose", [][]int{{2, 3}, {4, 3}}, func(x []*G.Node) (*G.Node, error) {
		return G.Mul(x[0], G.Must(G.Transpose(x[1])))
	}},
	{"matrix times vector", [][]int{{2, 3}, {3}}, func(x []*G.Node) (*G.Node, error) { return G.Mul(x[0], x[1]) }},
	{"batched product", [][]int{{2, 3, 2}, {2, 2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.BatchedMatMul(x[0], x[1]) }},
	{"transpose", [][]int{{2, 3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Transpose(x[0], 2, 0, 1) }},
	{"reshape", [][]int{{2, 6}}, func(x []*G.Node) (*G.Node, error) { return G.Reshape(x[0], tensor.Shape{3, 4}) }},
	{"slice", [][]int{{4, 5}}, func(x []*G.Node) (*G.Node, error) { return G.Slice(x[0], nil, G.S(1, 4)) }},
	{"slice of one", [][]int{{4, 5}}, func(x []*G.Node) (*G.Node, error) { return G.Slice(x[0], G.S(2)) }},
	{"concatenation", [][]int{{2, 3}, {2, 2}}, func(x []*G.Node) (*G.Node, error) { return G.Concat(1, x...) }},
	{"sum along", [][]int{{2, 3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Sum(x[0], 1) }},
	{"mean along", [][]int{{3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Mean(x[0], 0) }},
	{"mean", [][]int{{3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Mean(x[0]) }},
	{"norm", [][]int{{3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.Norm(x[0], 0, 2) }},
	{"broadcast", [][]int{{3, 4}, {4}}, func(x []*G.Node) (*G.Node, error) { return G.BroadcastAdd(x[0], x[1], nil, []byte{0}) }},
	{"softmax", [][]int{{3, 4}}, func(x []*G.Node) (*G.Node, error) { return G.SoftMax(x[0]) }},
	{"comparison", [][]int{{2, 3}, {2, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Gt(x[0], x[1], true) }},
	{"mask", [][]int{{2, 3}, {2, 3}}, func(x []*G.Node) (*G.Node, error) {
		return G.HadamardProd(x[0], G.Must(G.Lte(x[0], x[1], true)))
	}},
	{"convolution", [][]int{{2, 3, 5, 4}, {4, 3, 3, 3}}, func(x []*G.Node) (*G.Node, error) {
		return G.Conv2d(x[0], x[1], tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1})
	}},
	{"max pool", [][]int{{1, 2, 4, 4}}, func(x []*G.Node) (*G.Node, error) {
		return G.MaxPool2D(x[0], tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	}},
	{"upsampling", [][]int{{1, 2, 3, 3}}, func(x []*G.Node) (*G.Node, error) { return G.Upsample2D(x[0], 2) }},
	{"ours between theirs", [][]int{{2, 4, 3, 3}}, func(x []*G.Node) (*G.Node, error) {
		y, err := Permute(G.Must(G.Tanh(x[0])), []int{3, 1, 0, 2})
		if err != nil {
			return nil, err
		}
		y, err = SliceChannels(G.Must(G.Reshape(y, tensor.Shape{2, 2, 6, 3})), 1, 2)
		if err != nil {
			return nil, err
		}
		return G.Sum(y, 2)
	}},
}

func constant(x *G.Node, v float64) *G.Node {
	if x.Dtype() == tensor.Float32 {
		return G.NewConstant(float32(v))
	}
	return G.NewConstant(v)
}

// TestGorgoniaOps: a Program gives what the TapeMachine gives, changes no leaf, and gives it again.
func TestGorgoniaOps(t *testing.T) {
	for _, c := range gorgoniaGraphs {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(c.name, " ", dt), func(t *testing.T) {
				l := law{build: c.build}
				for _, s := range c.in {
					l.in = append(l.in, random(testRand(), 0.2, 1.5, s...))
				}
				want := l.onTape(t, dt)
				x, y := l.graphOf(t, dt)
				p, err := Compile(append([]*G.Node{y}, x...)...)
				check(t, err)
				for range 2 {
					check(t, p.Run(context.Background()))
					near(t, "value", refOf(t, p.Value(y)), ref{y.Shape(), want.data}, 1e-6)
					for i := range x {
						near(t, "leaf", refOf(t, p.Value(x[i])), refOf(t, l.in[i].value(dt)), 0)
					}
				}
			})
		}
	}
}

// TestTwins: every entry of the table stands for an op that Gorgonia makes.
func TestTwins(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", newRef(2, 3), tensor.Float32)
	found := map[string]bool{}
	for _, f := range []func(*G.Node) (*G.Node, error){G.Exp, G.Log, G.Tanh, G.Sigmoid, G.Softplus, G.Neg, G.Square, G.Sqrt} {
		found[fmt.Sprint(PrimitiveOf(G.Must(f(x))))] = true
	}
	for _, f := range []func(a, b *G.Node) (*G.Node, error){G.Add, G.Sub, G.HadamardProd, G.HadamardDiv} {
		found[fmt.Sprint(PrimitiveOf(G.Must(f(x, x))))] = true
	}
	for name, p := range gorgoniaTwins {
		if !found[p.String()] {
			t.Errorf("nothing makes the twin of %s", name)
		}
	}
	for _, n := range []*G.Node{x, G.Must(G.Abs(x)), G.Must(G.Gt(x, x, true))} {
		if p := PrimitiveOf(n); p != nil {
			t.Errorf("%v has the twin %v", n, p)
		}
	}
}

// TestConvAgainstGorgonia: two implementations that share nothing.
func TestConvAgainstGorgonia(t *testing.T) {
	for _, c := range []struct {
		x, w                  []int
		pad, stride, dilation int
	}{
		{[]int{2, 3, 8, 8}, []int{5, 3, 3, 3}, 1, 1, 1},
		{[]int{1, 2, 9, 9}, []int{3, 2, 3, 3}, 0, 2, 1},
		{[]int{2, 4, 7, 7}, []int{2, 4, 1, 1}, 0, 1, 1},
		{[]int{1, 3, 10, 10}, []int{4, 3, 3, 3}, 2, 1, 2},
	} {
		g := G.NewGraph()
		rng := testRand()
		x, w := leaf(g, "x", random(rng, -1, 1, c.x...), tensor.Float32), leaf(g, "w", random(rng, -1, 1, c.w...), tensor.Float32)
		theirs, err := G.Conv2d(x, w, tensor.Shape(c.w[2:]), []int{c.pad, c.pad}, []int{c.stride, c.stride}, []int{c.dilation, c.dilation})
		check(t, err)
		ours, err := Conv2D(x, w, nil, Conv{Stride: [2]int{c.stride, c.stride}, Pad: [4]int{c.pad, c.pad, c.pad, c.pad}, Dilation: [2]int{c.dilation, c.dilation}})
		check(t, err)
		p, err := Compile(theirs, ours)
		check(t, err)
		check(t, p.Run(context.Background()))
		near(t, fmt.Sprint(c), refOf(t, p.Value(ours)), refOf(t, p.Value(theirs)), 1e-6)
	}
}

// TestResearcherSubnet: a subnet as a user writes it, half in Gorgonia's terms and half in ours, differentiates as a whole.
func TestResearcherSubnet(t *testing.T) {
	l := law{
		in: []ref{
			random(testRand(), -1, 1, 2, 3, 2, 2), random(testRand(), -1, 1, 12, 5),
			random(testRand(), -1, 1, 5, 12), random(testRand(), -1, 1, 4, 3, 1, 1),
		},
		build: func(x []*G.Node) (*G.Node, error) {
			flat := G.Must(G.Reshape(x[0], tensor.Shape{2, 12}))
			hidden := G.Must(G.Tanh(G.Must(G.Mul(flat, x[1]))))
			back := G.Must(G.Reshape(G.Must(G.Mul(hidden, x[2])), tensor.Shape{2, 3, 2, 2}))
			sum := G.Must(G.Add(G.Must(G.HadamardProd(back, constant(x[0], 0.5))), x[0]))
			y, err := Conv2D(sum, x[3], nil, Conv{})
			if err != nil {
				return nil, err
			}
			return Permute(G.Must(G.Sigmoid(y)), []int{3, 1, 0, 2})
		},
	}
	l.checkGradient(t)
}

// viewOp returns its input itself, as a careless op might.
type viewOp struct{ G.Op }

func (viewOp) Do(in ...G.Value) (G.Value, error) { return in[0], nil }

// TestViewsDoNotAlias: x → Scale → an op that returns its input → ReLU in place. The middle value is read after its
// twin was overwritten, so they must not share memory.
func TestViewsDoNotAlias(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", ref{[]int{3}, []float64{-1, 2, -3}}, tensor.Float32)
	scaled, err := Scale(x, 2)
	check(t, err)
	view, err := G.ApplyOp(viewOp{relabelled{scaled.Op()}}, scaled)
	check(t, err)
	rectified, err := ReLU(scaled)
	check(t, err)
	y, err := Add(view, rectified)
	check(t, err)
	near(t, "view + relu", compute(t, y), ref{[]int{3}, []float64{-2, 8, -6}}, 0)
}

// turnOp leaves its input's header reshaped, as an op may that is careless in another way.
type turnOp struct{ G.Op }

func (turnOp) Do(in ...G.Value) (G.Value, error) {
	d := in[0].(*tensor.Dense)
	err := d.Reshape(d.Shape().TotalSize())
	return d.Clone().(*tensor.Dense), err
}

func TestTurnedInputs(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", random(testRand(), 0, 1, 2, 3), tensor.Float32)
	scaled, err := Scale(x, 1)
	check(t, err)
	turned, err := G.ApplyOp(turnOp{relabelled{scaled.Op()}}, x)
	check(t, err)
	transposed, err := G.Transpose(x)
	check(t, err)
	p, err := Compile(turned, transposed, x)
	check(t, err)
	for range 2 {
		check(t, p.Run(context.Background()))
		if s := p.Value(x).Shape(); !s.Eq(tensor.Shape{2, 3}) {
			t.Fatalf("x is %v after the run", s)
		}
		if a, b := p.Value(transposed).Float32s()[1], p.Value(x).Float32s()[3]; a != b {
			t.Errorf("xᵀ[0,1] = %v, x[1,0] = %v", a, b)
		}
	}
}

// relabelled hides that an op is ours.
type relabelled struct{ G.Op }

func (relabelled) Hashcode() uint32 { return 1 }
func (relabelled) Type() hm.Type    { a := hm.TypeVariable('a'); return hm.NewFnType(a, a) }

// fillOp is a user's op that fills what it is given.
type fillOp struct{ G.Op }

func (fillOp) UsePreallocDo(y G.Value, in ...G.Value) (G.Value, error) {
	for i, v := range in[0].Data().([]float32) {
		y.Data().([]float32)[i] = 10 * v
	}
	return y, nil
}

func TestUsersPreallocDo(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", ref{[]int{2}, []float64{1, 2}}, tensor.Float32)
	scaled, err := Scale(x, 2)
	check(t, err)
	y, err := G.ApplyOp(fillOp{relabelled{scaled.Op()}}, scaled)
	check(t, err)
	near(t, "10·2x", compute(t, y), ref{[]int{2}, []float64{20, 40}}, 0)
}

// badOp fails, panics, or returns something else than it promised.
type badOp struct {
	G.Op
	do func() (G.Value, error)
}

func (b badOp) Do(...G.Value) (G.Value, error) { return b.do() }

func TestForeignFailures(t *testing.T) {
	for want, do := range map[string]func() (G.Value, error){
		"disk on fire":         func() (G.Value, error) { return nil, errors.New("disk on fire") },
		"index out of range":   func() (G.Value, error) { var none []int; return nil, fmt.Errorf("%d", none[3]) },
		"not what it promised": func() (G.Value, error) { return newRef(7).value(tensor.Float32), nil },
		"no value":             func() (G.Value, error) { return nil, nil },
		"float64":              func() (G.Value, error) { return newRef(3).value(tensor.Float64), nil },
	} {
		g := G.NewGraph()
		x := leaf(g, "x", newRef(3), tensor.Float32)
		scaled, err := Scale(x, 2)
		check(t, err)
		y, err := G.ApplyOp(badOp{relabelled{scaled.Op()}, do}, scaled)
		check(t, err)
		p, err := Compile(y)
		check(t, err)
		err = p.Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "at node") {
			t.Errorf("error %v; want one that says %q and names the node", err, want)
		}
	}
}

// TestDropout: SetTraining reaches ops that behave differently in training.
func TestDropout(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", random(testRand(), 1, 2, 100), tensor.Float32)
	y, err := G.Dropout(x, 0.5)
	check(t, err)
	p, err := Compile(y, x)
	check(t, err)
	zeros := func(training bool) (n int) {
		check(t, p.SetTraining(training))
		check(t, p.Run(context.Background()))
		for _, v := range p.Value(y).Float32s() {
			if v == 0 {
				n++
			}
		}
		return n
	}
	if n := zeros(false); n != 0 {
		t.Errorf("%d of 100 dropped out of training", n)
	}
	if n := zeros(true); n < 20 || n > 80 {
		t.Errorf("%d of 100 dropped in training with probability 1/2", n)
	}
}
