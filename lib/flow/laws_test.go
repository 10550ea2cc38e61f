package flow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

// A law is one row: a block and the maps to try it on. Every row is held to all the laws below.
type law struct {
	name  string
	build func(rng *rand.Rand, maps []Map) (Block, error)
	maps  [][]Map
	opts  []TapeOption // conditions
}

// each lists single maps.
func each(ms ...Map) [][]Map {
	var out [][]Map
	for _, m := range ms {
		out = append(out, []Map{m})
	}
	return out
}

var (
	anyMap  = each(Map{2, 1, 1}, Map{5, 3, 4}, Map{6, 4, 2}) // odd and even channels, not square
	evenMap = each(Map{1, 2, 2}, Map{3, 4, 2})
	pyramid = [][]Map{{{4, 4, 6}, {5, 2, 3}}, {{3, 5, 4}, {2, 3, 2}, {5, 2, 1}}}
)

// built hides the concrete type of a constructor's block.
func built[B Block](b B, err error) (Block, error) {
	if err != nil {
		return nil, err
	}
	return b, nil
}

func allInOne(name string, cfg AllInOneConfig) law {
	return law{name: "AllInOne/" + name, maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) {
		return built(NewAllInOne(m[0].C, cfg, rng))
	}}
}

func couplings(name string, cfg CouplingConfig) []law {
	row := func(kind string, build func(rng *rand.Rand, m []Map) (Block, error)) law {
		return law{name: kind + "/" + name, maps: anyMap, build: build}
	}
	return []law{
		row("NICE", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewNICE(m[0].C, cfg, rng)) }),
		row("RealNVP", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewRealNVP(m[0].C, cfg, rng)) }),
		row("GLOW", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewGLOW(m[0].C, cfg, rng)) }),
	}
}

func position(D int) Condition {
	p, err := PositionCode(D)
	if err != nil {
		panic(err)
	}
	return p
}

func laws() []law {
	rows := []law{
		allInOne("plain", AllInOneConfig{}),
		allInOne("position", AllInOneConfig{Condition: position(4)}),
		allInOne("sigmoid", AllInOneConfig{Scale: Sigmoid, ScaleStart: 0.7}),
		allInOne("exp", AllInOneConfig{Scale: Exponential, Clamp: Clamp{Form: TanhUndivided, Alpha: 1.2}}),
		allInOne("volume preserving", AllInOneConfig{VolumePreserving: true}),
		allInOne("soft", AllInOneConfig{Soft: true}),
		allInOne("householder", AllInOneConfig{Householder: 2}),
		allInOne("soft householder", AllInOneConfig{Householder: 3, Soft: true, ReversePrePermute: true}),
		allInOne("reversed", AllInOneConfig{ReversePrePermute: true}),
		allInOne("unclamped", AllInOneConfig{Clamp: Clamp{Form: Unclamped}, Subnet: ConvOnly}),
		allInOne("batch norm", AllInOneConfig{Subnet: ConvBN}),
		allInOne("pointwise", AllInOneConfig{Subnet: Pointwise(7, 5), Clamp: Clamp{Form: Atan, Alpha: 2}}),
		given1("AllInOne/given"),
		{name: "AllInOne/user", maps: each(Map{2, 1, 1}, Map{5, 1, 1}), build: func(rng *rand.Rand, m []Map) (Block, error) {
			return built(NewAllInOne(m[0].C, AllInOneConfig{Subnet: newMatmulNet}, rng))
		}},
		{name: "ActNorm", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewActNorm(m[0].C)) }},
		{name: "Permute", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewPermute(m[0].C, rng)) }},
		{name: "Orthogonal", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewOrthogonal(m[0].C, rng)) }},
		{name: "Householder", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewHouseholder(m[0].C, 3, rng)) }},
		{name: "LU", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewLU(m[0].C, rng)) }},
		{name: "Haar/channel", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return NewHaar(false), nil }},
		{name: "Haar/wavelet", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return NewHaar(true), nil }},
		{name: "Haar/up", maps: each(Map{4, 1, 2}, Map{8, 3, 1}), build: func(*rand.Rand, []Map) (Block, error) { return NewInverse(NewHaar(true)), nil }},
		{name: "Squeeze/2", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return built(NewSqueeze(2)) }},
		{name: "Squeeze/3", maps: each(Map{2, 3, 6}), build: func(*rand.Rand, []Map) (Block, error) { return built(NewSqueeze(3)) }},
		{name: "Squeeze/up", maps: each(Map{8, 1, 2}), build: func(*rand.Rand, []Map) (Block, error) {
			s, err := NewSqueeze(2)
			return NewInverse(s), err
		}},
		{name: "Split", maps: each(Map{6, 2, 3}), build: func(*rand.Rand, []Map) (Block, error) { return built(NewSplit(1, 2, 3)) }},
		{name: "Concat", maps: [][]Map{{{1, 2, 3}, {4, 2, 3}}}, build: func(*rand.Rand, []Map) (Block, error) { return NewConcat(1, 4) }},
		{name: "Sequence", maps: each(Map{1, 4, 2}), build: newTestSequence},
		{name: "Graph", maps: [][]Map{{{6, 2, 2}, {1, 4, 4}}}, build: newTestGraph},
		{name: "Fusion", maps: append(pyramid, []Map{{5, 3, 2}}), build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewFusion(channels(ms), 1.9, rng))
		}},
		{name: "MSFlow", maps: pyramid, build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewMSFlow(Config{Channels: channels(ms), Blocks: extend([]int{1, 2}, len(ms)), Cond: extend([]int{4, 0}, len(ms))}, rng))
		}},
		{name: "MSFlow/no fusion", maps: pyramid[:1], build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewMSFlow(Config{Channels: channels(ms), Blocks: []int{1, 1}, Cond: []int{8, 8}, Subnet: "conv_bn", NoFusion: true}, rng))
		}},
	}
	rows = append(rows, couplings("plain", CouplingConfig{})...)
	rows = append(rows, couplings("one-sided", CouplingConfig{OneSided: true, Condition: position(4)})...)
	return append(rows, couplings("atan", CouplingConfig{Subnet: Pointwise(6), Clamp: Clamp{Form: Atan, Alpha: 2}})...)
}

func channels(ms []Map) []int {
	var c []int
	for _, m := range ms {
		c = append(c, m.C)
	}
	return c
}

// given1 has a condition that is handed over at run time, the same for all samples.
func given1(name string) law {
	v := gaussian(1, Map{3, 3, 4}, 1, tensor.Float64, rand.New(rand.NewPCG(5, 5)))
	return law{name: name, maps: each(Map{5, 3, 4}), opts: []TapeOption{WithCondition("where", v)}, build: func(rng *rand.Rand, m []Map) (Block, error) {
		return built(NewAllInOne(m[0].C, AllInOneConfig{Condition: Given("where", 3)}, rng))
	}}
}

// matmulNet is a subnet as a user would write it, with Gorgonia's own ops only: tanh(x·W)·V for vectors (C,1,1).
type matmulNet struct{ w, v *Param }

func newMatmulNet(name string, in, out int, rng *rand.Rand) (Net, error) {
	return &matmulNet{normalParam(name+".w", rng, 0.5, in, 6), normalParam(name+".v", rng, 0.5, 6, out)}, nil
}

func (n *matmulNet) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	rows := G.Must(G.Reshape(x, tensor.Shape{x.Shape()[0], x.Shape()[1]}))
	hidden := G.Must(G.Tanh(G.Must(G.Mul(rows, t.Node(n.w)))))
	y := G.Must(G.Mul(hidden, t.Node(n.v)))
	return G.Reshape(y, tensor.Shape{y.Shape()[0], y.Shape()[1], 1, 1})
}

func (n *matmulNet) Params() []*Param { return []*Param{n.w, n.v} }

// newTestSequence down-samples, mixes and couples; one block stands in it twice.
func newTestSequence(rng *rand.Rand, m []Map) (Block, error) {
	a, err := NewActNorm(4 * m[0].C)
	if err != nil {
		return nil, err
	}
	b, err := NewGLOW(4*m[0].C, CouplingConfig{}, rng)
	return NewSequence(NewHaar(true), a, b, a), err
}

// newTestGraph splits one input, joins a part with the other input after up-sampling the first, and leaves two outputs.
func newTestGraph(rng *rand.Rand, m []Map) (Block, error) {
	g := NewGraph()
	x, y := g.Input(m[0]), g.Input(m[1])
	split, err := NewSplit(4, 2)
	if err != nil {
		return nil, err
	}
	parts, err := g.Add(split, x)
	if err != nil {
		return nil, err
	}
	up, err := g.Add(NewInverse(NewHaar(false)), parts[0])
	if err != nil {
		return nil, err
	}
	join, err := NewConcat(1, 1)
	if err != nil {
		return nil, err
	}
	both, err := g.Add(join, up[0], y)
	if err != nil {
		return nil, err
	}
	c, err := NewAllInOne(2, AllInOneConfig{}, rng)
	if err != nil {
		return nil, err
	}
	out, err := g.Add(c, both...)
	if err != nil {
		return nil, err
	}
	return built(g.Build(parts[1], out[0]))
}

// everyLaw runs check for all rows and shapes, with parameters away from where they start.
func everyLaw(t *testing.T, dt tensor.Dtype, check func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand)) {
	for _, l := range laws() {
		for _, maps := range l.maps {
			t.Run(fmt.Sprintf("%s%v", l.name, maps), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				b, err := l.build(rng, maps)
				if err != nil {
					t.Fatal(err)
				}
				unsettle(b, rng)
				Cast(b, dt)
				orthogonalize(b)
				check(t, l, b, maps, rng)
			})
		}
	}
}

// unsettle moves the parameters, and gives running statistics some history.
func unsettle(b Block, rng *rand.Rand) {
	for _, p := range b.Params() {
		v := p.Float32s()
		for i := range v {
			switch {
			case strings.HasSuffix(p.Name, "running_var"):
				v[i] = 0.5 + rng.Float32()
			case !p.Frozen || strings.HasSuffix(p.Name, "running_mean"):
				v[i] += float32(0.4 * rng.NormFloat64())
			}
		}
	}
}

// orthogonalize makes fixed orthogonal matrices, which are stored in float32, orthogonal to float64's rounding.
func orthogonalize(b Block) {
	var last *Param
	for _, p := range b.Params() {
		s := p.Value.Shape()
		if !p.Frozen || p.Value.Dtype() != tensor.Float64 || len(s) < 2 {
			continue
		}
		if strings.HasSuffix(p.Name, "_inv") {
			copy(p.Value.Float64s(), transposed(last.Value.Float64s(), s[0]))
		} else {
			orthonormalRows(p.Value.Float64s(), s[0])
		}
		last = p
	}
}

func randomBatch(n int, maps []Map, dt tensor.Dtype, rng *rand.Rand) []*tensor.Dense {
	var x []*tensor.Dense
	for _, m := range maps {
		x = append(x, gaussian(n, m, 1, dt, rng))
	}
	return x
}

// apply runs one direction of a block.
func apply(t *testing.T, b Block, l law, x []*tensor.Dense) ([]*tensor.Dense, []float64) {
	t.Helper()
	n, maps, err := batchOf(x)
	if err != nil {
		t.Fatal(err)
	}
	r, err := compile(b, n, maps, append([]TapeOption{Dtype(x[0].Dtype())}, l.opts...))
	if err != nil {
		t.Fatal(err)
	}
	z, logdet, err := r.Run(context.Background(), x...)
	if err != nil {
		t.Fatal(err)
	}
	return z, logdet
}

// Law: Out tells the shapes that Forward gives, In those that Inverse gives, and the number of values is kept.
func TestShapes(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		out, err := b.Out(maps)
		if err != nil {
			t.Fatal(err)
		}
		z, logdet := apply(t, b, l, randomBatch(3, maps, tensor.Float32, rng))
		if _, got, _ := batchOf(z); !slices.Equal(got, out) || len(logdet) != 3 {
			t.Errorf("Out says %v, Forward gives %v and %d log-determinants", out, got, len(logdet))
		}
		if in, err := inShapes(b, out); err != nil || !slices.Equal(in, maps) {
			t.Errorf("the input of %v is taken for %v (%v)", out, in, err)
		}
		if count(out) != count(maps) {
			t.Errorf("%d values become %d", count(maps), count(out))
		}
	})
}

func count(ms []Map) int {
	n := 0
	for _, m := range ms {
		n += m.Len()
	}
	return n
}

// Law: Inverse(Forward(x)) is x, and the log-determinants are opposite.
func TestRoundTrip(t *testing.T) {
	for dt, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 1e-4, tensor.Float64: 1e-9} {
		t.Run(dt.String(), func(t *testing.T) {
			everyLaw(t, dt, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
				x := randomBatch(3, maps, dt, rng)
				z, forward := apply(t, b, l, x)
				back, inverse := apply(t, NewInverse(b), l, z)
				for i := range x {
					if e := relative(values(back[i]), values(x[i])); !(e <= tolerance) {
						t.Errorf("map %d comes back with relative error %.2g", i, e)
					}
				}
				for i := range forward {
					if e := math.Abs(forward[i] + inverse[i]); !(e <= tolerance*(1+math.Abs(forward[i]))) {
						t.Errorf("log-determinants %g and %g are not opposite", forward[i], inverse[i])
					}
				}
			})
		})
	}
}

// relative is ‖a−b‖/‖b‖.
func relative(a, b []float64) float64 {
	var d, n float64
	for i := range b {
		d += (a[i] - b[i]) * (a[i] - b[i])
		n += b[i] * b[i]
	}
	return math.Sqrt(d) / max(math.Sqrt(n), 1e-300)
}

// Law: logdet is ln|det| of the Jacobian, here by central differences of all inputs at once: one row of the batch for each.
func TestJacobian(t *testing.T) {
	const h = 1e-5
	everyLaw(t, tensor.Float64, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		n := count(maps)
		x := randomBatch(1, maps, tensor.Float64, rng)
		rows := flatten(x, 1)[0]
		shifted := make([][]float64, 2*n)
		for i := range shifted {
			shifted[i] = slices.Clone(rows)
			shifted[i][i/2] += h * float64(1-2*(i%2))
		}
		z, _ := apply(t, b, l, unflatten(shifted, maps))
		out := flatten(z, 2*n)
		jacobian := mat.NewDense(n, n, nil)
		for i := range n {
			for k := range n {
				jacobian.Set(k, i, (out[2*i][k]-out[2*i+1][k])/(2*h))
			}
		}
		want, _ := mat.LogDet(jacobian)
		if _, got := apply(t, b, l, x); !(math.Abs(got[0]-want) <= 1e-6*(1+math.Abs(want))) {
			t.Errorf("log-determinant %g, that of the Jacobian is %g", got[0], want)
		}
	})
}

// flatten puts the maps of each of n samples into one row.
func flatten(x []*tensor.Dense, n int) [][]float64 {
	rows := make([][]float64, n)
	for _, v := range x {
		data := values(v)
		size := len(data) / n
		for i := range rows {
			rows[i] = append(rows[i], data[i*size:(i+1)*size]...)
		}
	}
	return rows
}

// unflatten undoes flatten.
func unflatten(rows [][]float64, maps []Map) []*tensor.Dense {
	var x []*tensor.Dense
	at := 0
	for _, m := range maps {
		var data []float64
		for _, r := range rows {
			data = append(data, r[at:at+m.Len()]...)
		}
		at += m.Len()
		x = append(x, tensor.New(tensor.WithShape(len(rows), m.C, m.H, m.W), tensor.WithBacking(data)))
	}
	return x
}

// Law: the gradients of outputs and log-determinant by inputs and by all parameters, in both directions and, where it
// matters, both modes, agree with central differences.
func TestGradient(t *testing.T) {
	everyLaw(t, tensor.Float64, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		checkGradients(t, b, maps, l.opts, rng)
		if slices.ContainsFunc(b.Params(), func(p *Param) bool { return strings.HasSuffix(p.Name, "running_mean") }) {
			checkGradients(t, b, maps, append([]TapeOption{Training()}, l.opts...), rng)
		}
		out, err := b.Out(maps)
		if err != nil {
			t.Fatal(err)
		}
		checkGradients(t, NewInverse(b), out, l.opts, rng)
	})
}

// probe is a graph whose cost Σ r⊙z + Σ q·logdet, with fixed random r and q, depends on every output.
type probe struct {
	leaves   map[string]*tensor.Dense
	cost     *G.Node
	program  *op.Program // of the cost alone
	analytic map[string][]float64
}

func newProbe(t *testing.T, b Block, maps []Map, opts []TapeOption, rng *rand.Rand) *probe {
	t.Helper()
	const batch = 3
	tape := NewTape(batch, append([]TapeOption{Dtype(tensor.Float64)}, opts...)...)
	p := &probe{leaves: map[string]*tensor.Dense{}, analytic: map[string][]float64{}}
	var in, wrt []*G.Node
	var names []string
	for i, v := range randomBatch(batch, maps, tensor.Float64, rng) {
		n := tape.Input(fmt.Sprintf("input.%d", i), maps[i])
		if err := G.Let(n, v); err != nil {
			t.Fatal(err)
		}
		in, wrt, names = append(in, n), append(wrt, n), append(names, n.Name())
		p.leaves[n.Name()] = v
	}
	z, logdet, err := b.Forward(tape, in)
	if err != nil {
		t.Fatal(err)
	}
	p.cost = weighted(t, tape, append(z, logdet), rng)
	for _, q := range tape.Params() {
		wrt, names = append(wrt, tape.Node(q)), append(names, q.Name)
		p.leaves[q.Name] = q.Value
	}
	if got, want := len(tape.Params()), len(Trainable(b)); got != want {
		t.Fatalf("the graph uses %d learned parameters of %d", got, want)
	}
	grads, err := G.Grad(p.cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	gradients := must(op.Compile(grads...))(t)
	if err := gradients.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, g := range grads {
		p.analytic[names[i]] = values(gradients.Value(g))
	}
	p.program = must(op.Compile(p.cost))(t)
	return p
}

func weighted(t *testing.T, tape *Tape, outputs []*G.Node, rng *rand.Rand) *G.Node {
	c := tape.calc()
	var cost *G.Node
	for i, n := range outputs {
		w := tape.Const(fmt.Sprintf("weights %d", i), func() []float64 {
			v := make([]float64, n.Shape().TotalSize())
			for i := range v {
				v[i] = rng.NormFloat64()
			}
			return v
		}, n.Shape()...)
		term := c.unary(op.SumAll, c.mul(n, w))
		if cost != nil {
			term = c.add(cost, term)
		}
		cost = term
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
	return cost
}

func (p *probe) run(t *testing.T) float64 {
	t.Helper()
	if err := p.program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return values(p.program.Value(p.cost))[0]
}

func checkGradients(t *testing.T, b Block, maps []Map, opts []TapeOption, rng *rand.Rand) {
	t.Helper()
	p := newProbe(t, b, maps, opts, rng)
	for name, leaf := range p.leaves {
		v := leaf.Float64s()
		for range min(2, len(v)) {
			i := rng.IntN(len(v))
			p.compare(t, fmt.Sprintf("%s[%d]", name, i), &v[i], p.analytic[name][i])
		}
	}
}

// compare takes smaller and smaller steps until the difference agrees: a large one may step over a ReLU's kink.
func (p *probe) compare(t *testing.T, name string, v *float64, got float64) {
	t.Helper()
	var want float64
	for _, h := range []float64{1e-5, 1e-6, 1e-7} {
		old := *v
		*v = old + h
		up := p.run(t)
		*v = old - h
		down := p.run(t)
		*v = old
		want = (up - down) / (2 * h)
		if math.Abs(got-want) <= 2e-6*(1+math.Abs(want)) {
			return
		}
	}
	t.Errorf("gradient by %s is %g, by differences %g", name, got, want)
}

// Law: parameters have unique names, and Params returns the same ones each time.
func TestParams(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		ps := b.Params()
		if !slices.Equal(ps, b.Params()) {
			t.Error("Params differs from call to call")
		}
		seen := map[string]bool{}
		for _, p := range ps {
			if seen[p.Name] {
				t.Errorf("two parameters are named %s", p.Name)
			}
			seen[p.Name] = true
		}
	})
}

// Law: maps that do not fit are refused with an error in both directions, never a panic.
func TestWrongShapes(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		for _, bad := range [][]Map{nil, append(slices.Clone(maps), Map{1, 1, 1}), {{97, 7, 11}}} {
			tape := NewTape(2, l.opts...)
			var in []*G.Node
			for i, m := range bad {
				in = append(in, tape.Input(fmt.Sprint(i), m))
			}
			if _, err := b.Out(bad); err == nil {
				t.Errorf("Out accepts %v", bad)
			}
			if _, _, err := b.Forward(tape, in); err == nil {
				t.Errorf("Forward accepts %v", bad)
			}
			if _, _, err := b.Inverse(tape, in); err == nil {
				t.Errorf("Inverse accepts %v", bad)
			}
		}
	})
}
