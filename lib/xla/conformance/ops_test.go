package conformance

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// law is an op on inputs of given shapes: its value, and its gradient by every input, must be on the device what they are
// on the CPU.
type law struct {
	name   string
	in     [][]int
	build  func(x []*G.Node) (*G.Node, error)
	lo, hi float64 // of the inputs; both 0: −1.5 … 1.5
	step   bool    // no gradient
	tol    float64 // relative error; 0: 2e-5
}

func (l law) graph(t testing.TB, dt tensor.Dtype) (x []*G.Node, y *G.Node) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 5))
	g := G.NewGraph()
	for i, s := range l.in {
		x = append(x, leaf(g, fmt.Sprint("x", i), rng, l.lo, l.hi, dt, s))
	}
	y, err := l.build(x)
	check(t, err)
	return x, y
}

func leaf(g *G.ExprGraph, name string, rng *rand.Rand, lo, hi float64, dt tensor.Dtype, shape []int) *G.Node {
	if lo == hi {
		lo, hi = -1.5, 1.5
	}
	next := func() float64 { return lo + (hi-lo)*rng.Float64() }
	if len(shape) == 0 {
		if dt == tensor.Float64 {
			return G.NewScalar(g, dt, G.WithName(name), G.WithValue(next()))
		}
		return G.NewScalar(g, dt, G.WithName(name), G.WithValue(float32(next())))
	}
	v := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	for i := range v.Shape().TotalSize() {
		if dt == tensor.Float64 {
			v.Float64s()[i] = next()
		} else {
			v.Float32s()[i] = float32(next())
		}
	}
	return G.NewTensor(g, dt, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
}

// everything is the value and, for a cost in which every element has a weight of its own, the gradients.
func (l law) everything(t testing.TB, dt tensor.Dtype) []*G.Node {
	t.Helper()
	x, y := l.graph(t, dt)
	if l.step {
		return []*G.Node{y}
	}
	cost := y
	if !y.IsScalar() {
		r := leaf(y.Graph(), "r", rand.New(rand.NewPCG(7, 7)), -1, 1, dt, y.Shape())
		product, err := op.Mul(y, r)
		check(t, err)
		cost, err = op.SumAll(product)
		check(t, err)
	}
	grads, err := G.Grad(cost, x...)
	check(t, err)
	return append([]*G.Node{y}, grads...)
}

// TestOps compiles many laws into one program: what takes time on a device is the number of programs.
func TestOps(t *testing.T) {
	for laws := range slices.Chunk(append(ourLaws(), gorgoniaLaws()...), 40) {
		var all []*G.Node
		var each [][]*G.Node
		for _, l := range laws {
			outputs := l.everything(t, tensor.Float32)
			each, all = append(each, outputs), append(all, outputs...)
		}
		got := onDevice(t, all)
		for i, l := range laws {
			n := len(each[i])
			t.Run(l.name, func(t *testing.T) { l.hold(t, got[:n], onCPU(t, each[i])) })
			got = got[n:]
		}
	}
}

// hold compares a law's value and gradients.
func (l law) hold(t *testing.T, got, want [][]float64) {
	t.Helper()
	for i := range want {
		what := "value"
		if i > 0 {
			what = fmt.Sprintf("gradient by x%d", i-1)
		}
		if e := distance(got[i], want[i]); !(e <= cmp.Or(l.tol, 2e-5)) {
			t.Errorf("%s: relative error %.2g\ngot  %.6v\nwant %.6v", what, e, head(got[i]), head(want[i]))
		}
	}
}

func onCPU(t testing.TB, outputs []*G.Node) [][]float64 {
	t.Helper()
	p, err := op.Compile(outputs...)
	check(t, err)
	check(t, p.Run(context.Background()))
	out := make([][]float64, len(outputs))
	for i, n := range outputs {
		out[i] = floats(p.Value(n).Data())
	}
	return out
}

func onDevice(t testing.TB, outputs []*G.Node) [][]float64 {
	t.Helper()
	g, err := xla.Compile(context.Background(), device(t), outputs, nil, xla.Float32)
	check(t, err)
	defer g.Free()
	values, err := g.Run(context.Background())
	check(t, err)
	out := make([][]float64, len(outputs))
	for i, v := range values {
		out[i] = floats(v)
	}
	return out
}

func floats(v any) []float64 {
	var out []float64
	switch v := v.(type) {
	case []float64:
		return v
	case []float32:
		for _, x := range v {
			out = append(out, float64(x))
		}
	case float32:
		return []float64{float64(v)}
	case float64:
		return []float64{v}
	case []bool:
		for _, x := range v {
			out = append(out, map[bool]float64{true: 1}[x])
		}
	case []uint8:
		for _, x := range v {
			out = append(out, float64(x))
		}
	default:
		panic(fmt.Sprintf("values of type %T", v))
	}
	return out
}

// distance is ‖got−want‖/‖want‖; NaN if the lengths differ.
func distance(got, want []float64) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	var diff, norm float64
	for i, w := range want {
		diff += (got[i] - w) * (got[i] - w)
		norm += w * w
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}

func head(v []float64) []float64 { return v[:min(len(v), 10)] }
