package flow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

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
