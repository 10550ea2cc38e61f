package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/op"
)

// moons is two interleaved half circles of n points with noise, (n,2,1,1).
func moons(n int, rng *rand.Rand) *tensor.Dense {
	v := make([]float32, 0, 2*n)
	for i := range n {
		sin, cos := math.Sincos(math.Pi * rng.Float64())
		x, y := cos, sin
		if i%2 == 1 {
			x, y = 1-cos, 0.5-sin
		}
		v = append(v, float32(x+0.1*rng.NormFloat64()), float32(y+0.1*rng.NormFloat64()))
	}
	return tensor.New(tensor.WithShape(n, 2, 1, 1), tensor.WithBacking(v))
}

// gaussianNLL is the mean negative log-likelihood of x under the Gaussian of x's own mean and covariance, in nats:
// ln 2π + ½·ln|Σ| + 1.
func gaussianNLL(x *tensor.Dense) float64 {
	v := x.Float32s()
	n := float64(len(v) / 2)
	var mx, my, xx, yy, xy float64
	for i := 0; i < len(v); i += 2 {
		mx, my = mx+float64(v[i])/n, my+float64(v[i+1])/n
	}
	for i := 0; i < len(v); i += 2 {
		dx, dy := float64(v[i])-mx, float64(v[i+1])-my
		xx, yy, xy = xx+dx*dx/n, yy+dy*dy/n, xy+dx*dy/n
	}
	return math.Log(2*math.Pi) + 0.5*math.Log(xx*yy-xy*xy) + 1
}

// flowNLL is the flow's, in nats.
func flowNLL(t *testing.T, b flow.Block, x *tensor.Dense) float64 {
	t.Helper()
	z, logdet, err := flow.Run(b, x)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, v := range z[0].Float32s() {
		sum += 0.5 * float64(v) * float64(v)
	}
	for _, l := range logdet {
		sum -= l
	}
	return math.Log(2*math.Pi) + sum/float64(len(logdet))
}

// planeFlow is a small flow for points of the plane.
func planeFlow(t *testing.T, rng *rand.Rand) *flow.Sequence {
	t.Helper()
	var blocks []flow.Block
	for range 4 {
		norm, err := flow.NewActNorm(2)
		if err != nil {
			t.Fatal(err)
		}
		coupling, err := flow.NewGLOW(2, flow.CouplingConfig{Subnet: flow.Pointwise(24, 24)}, rng)
		if err != nil {
			t.Fatal(err)
		}
		mix, err := flow.NewHouseholder(2, 1, rng)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, norm, coupling, mix)
	}
	return flow.NewSequence(blocks...)
}

// TestTwoMoons trains a small flow on two half moons: on fresh points it must be far more likely than the best Gaussian,
// and what it draws must look like moons to it.
func TestTwoMoons(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b := planeFlow(t, rng)
	if err := flow.Initialize(b, moons(512, rng)); err != nil {
		t.Fatal(err)
	}
	train(t, b, 300, func() *tensor.Dense { return moons(128, rng) })

	fresh := moons(2000, rng)
	got, gaussian := flowNLL(t, b, fresh), gaussianNLL(fresh)
	t.Logf("negative log-likelihood %.3f nats, a Gaussian's %.3f", got, gaussian)
	if !(got < gaussian-0.5) {
		t.Errorf("the flow's %.3f nats are not well below the Gaussian's %.3f", got, gaussian)
	}
	drawn, err := flow.Sample(b, []flow.Map{{C: 2, H: 1, W: 1}}, 2000, 1, rng)
	if err != nil {
		t.Fatal(err)
	}
	if own := flowNLL(t, b, drawn[0]); math.Abs(own-got) > 0.3 {
		t.Errorf("samples have %.3f nats, fresh data %.3f", own, got)
	}
}

// train runs steps of Adam on fresh batches, one graph for all. The learning rate falls linearly from 0.01 to 0.
func train(t *testing.T, b flow.Block, steps int, next func() *tensor.Dense) {
	t.Helper()
	x := next()
	s := x.Shape()
	tape := flow.NewTape(s[0], flow.Training())
	in := tape.Input("x", flow.Map{C: s[1], H: s[2], W: s[3]})
	z, logdet, err := b.Forward(tape, []*G.Node{in})
	if err != nil {
		t.Fatal(err)
	}
	loss, err := flow.Loss(tape, z, logdet)
	if err != nil {
		t.Fatal(err)
	}
	st := &step{params: flow.Trainable(b), loss: loss}
	var wrt []*G.Node
	for _, p := range st.params {
		wrt = append(wrt, tape.Node(p))
		st.moment1 = append(st.moment1, make([]float64, p.Len()))
		st.moment2 = append(st.moment2, make([]float64, p.Len()))
	}
	if st.grads, err = G.Grad(loss, wrt...); err != nil {
		t.Fatal(err)
	}
	if st.program, err = op.Compile(append(st.grads, loss)...); err != nil {
		t.Fatal(err)
	}
	for k := range steps {
		if err := G.Let(in, next()); err != nil {
			t.Fatal(err)
		}
		if err := st.program.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		st.update(1e-2 * (1 - float64(k)/float64(steps)))
	}
}
