package flow

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

// TestBatchNormStatistics: in training a batch is normalized by its own statistics and the running ones follow it; in
// evaluation the running ones are used.
func TestBatchNormStatistics(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := gaussian(4, Map{3, 2, 5}, 2, tensor.Float32, rng)
	bn := newBatchNorm("bn", 3)
	oldMean, oldVar := []float32{1, 2, 3}, []float32{0.5, 2, 4}
	set(t, bn.mean, oldMean)
	set(t, bn.variance, oldVar)

	y := runNorm(t, bn, x, Training())
	for ch := range 3 {
		μ, σ, _ := channelMoments(values(y), 4, 3, 10, ch)
		if math.Abs(μ) > 1e-5 || math.Abs(σ-1) > 1e-4 {
			t.Errorf("channel %d has mean %g and deviation %g after normalization", ch, μ, σ)
		}
		μ, σ, _ = channelMoments(values(x), 4, 3, 10, ch)
		want := [2]float64{0.9*float64(oldMean[ch]) + 0.1*μ, 0.9*float64(oldVar[ch]) + 0.1*σ*σ*40/39}
		got := [2]float64{float64(bn.mean.Float32s()[ch]), float64(bn.variance.Float32s()[ch])}
		if math.Abs(got[0]-want[0]) > 1e-5 || math.Abs(got[1]-want[1]) > 1e-5 {
			t.Errorf("channel %d: running statistics %v, want %v", ch, got, want)
		}
	}

	y = runNorm(t, bn, x)
	got := float64(y.Float32s()[0])
	want := (float64(x.Float32s()[0]) - float64(bn.mean.Float32s()[0])) / math.Sqrt(float64(bn.variance.Float32s()[0])+lnEps)
	if math.Abs(got-want) > 1e-5 {
		t.Errorf("in evaluation the first value is %g, want %g", got, want)
	}
}

func set(t *testing.T, p *Param, v []float32) {
	t.Helper()
	if err := p.Set(v); err != nil {
		t.Fatal(err)
	}
}

// runNorm runs a normalization once and commits its statistics.
func runNorm(t *testing.T, n norm, x *tensor.Dense, opts ...TapeOption) *tensor.Dense {
	t.Helper()
	s := x.Shape()
	tape := NewTape(s[0], opts...)
	in := tape.Input("x", Map{s[1], s[2], s[3]})
	c := tape.calc()
	y := n.apply(c, in)
	if c.err != nil {
		t.Fatal(c.err)
	}
	if err := G.Let(in, x); err != nil {
		t.Fatal(err)
	}
	outputs := []*G.Node{y}
	for _, u := range tape.Updates() {
		outputs = append(outputs, u.Node)
	}
	p, err := op.Compile(outputs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := tape.Commit(p); err != nil {
		t.Fatal(err)
	}
	return p.Value(y)
}

func TestBatchNormOfOnePixel(t *testing.T) {
	c := NewTape(1, Training()).calc()
	newBatchNorm("bn", 2).apply(c, c.t.Input("x", Map{2, 1, 1}))
	if c.err == nil {
		t.Error("a batch without variance is accepted")
	}
}
