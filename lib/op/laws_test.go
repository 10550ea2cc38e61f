package op

import (
	"context"
	"fmt"
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
	for _, laws := range [][]law{pointwiseLaws(), binaryLaws(), convLaws(), normLaws(), affineLaws(), channelLaws(), reduceLaws(), resampleLaws(), maxPoolLaws(), blockLaws(), batchLaws(), sharedLaws()} {
		all = append(all, laws...)
	}
	return all
}

var testRand = func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// mapShapes are (B,C,H,W) that find mistakes: odd channels, not square, batch 1, one pixel.
var mapShapes = [][]int{{2, 3, 4, 5}, {1, 5, 3, 2}, {3, 2, 1, 1}, {1, 1, 1, 7}}
