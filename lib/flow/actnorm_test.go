package flow

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// TestInitialize: deep inside containers each ActNorm starts from the batch as it arrives there.
func TestInitialize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var norms [3]*ActNorm
	for i := range norms {
		norms[i] = must(NewActNorm(4))(t)
	}
	inner := NewSequence(norms[0], must(NewAllInOne(4, AllInOneConfig{Scale: Exponential, ScaleStart: 3}, rng))(t), norms[1])
	g := NewGraph()
	in := g.Input(Map{4, 2, 3})
	a := must(g.Add(inner, in))(t)
	b := must(g.Add(norms[2], a...))(t)
	graph := must(g.Build(b...))(t)

	x := gaussian(8, Map{4, 2, 3}, 5, tensor.Float32, rng)
	for i := range x.Float32s() {
		x.Float32s()[i] += 7
	}
	if err := Initialize(graph, x); err != nil {
		t.Fatal(err)
	}
	z, _, err := Run(inner, x)
	if err != nil {
		t.Fatal(err)
	}
	for ch := range 4 {
		if μ, σ, _ := channelMoments(values(z[0]), 8, 4, 6, ch); math.Abs(μ) > 1e-5 || math.Abs(σ-1) > 1e-5 {
			t.Errorf("channel %d leaves the second ActNorm with mean %g and deviation %g", ch, μ, σ)
		}
	}
	// The third saw what the second had already normalized, so it stays the identity.
	for _, p := range norms[2].Params() {
		for _, v := range p.Float32s() {
			if math.Abs(float64(v)) > 1e-5 {
				t.Errorf("%s of the third ActNorm is %g, want 0", p.Name, v)
			}
		}
	}
}

// must unwraps a constructor's result inside a test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A channel whose values differ by rounding alone keeps its scale: −ln σ would be 37, and the next batch infinite.
func TestInitializeOfNearlyConstantChannels(t *testing.T) {
	for name, c := range map[string]struct{ batch, want []float32 }{
		"rounding of the mean":      {[]float32{0.1, 0.1, 0.1}, []float32{0, -0.1}},
		"rounding of large values":  {[]float32{1000, 1000.0001, 1000}, []float32{0, -1000}},
		"too small for float32":     {[]float32{1e-44, -1e-44, 0}, []float32{0, 0}},
		"small, but about a signal": {[]float32{1e-4, -1e-4, 0}, []float32{9.413, 0}},
		"a signal on a mean":        {[]float32{1, 1.001, 0.999}, []float32{7.11, -1224.7}},
	} {
		a := must(NewActNorm(1))(t)
		if err := Initialize(a, tensor.New(tensor.WithShape(3, 1, 1, 1), tensor.WithBacking(c.batch))); err != nil {
			t.Fatal(err)
		}
		for i, p := range a.Params() {
			if got := p.Float32s()[0]; math.Abs(float64(got-c.want[i])) > 1e-3*math.Max(1, math.Abs(float64(c.want[i]))) {
				t.Errorf("%s: %s is %g, want %g", name, p.Name, got, c.want[i])
			}
		}
	}
}

// A first batch that is broken changes nothing.
func TestInitializeRefusesWhatIsNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := must(NewActNorm(2))(t)
		x := tensor.New(tensor.WithShape(1, 2, 1, 2), tensor.WithBacking([]float32{1, 5, 2, float32(bad)}))
		wantError(t, Initialize(a, x), "channel 1 of the first batch")
		for _, p := range a.Params() {
			if v := p.Float32s(); v[0] != 0 || v[1] != 0 {
				t.Errorf("after %v %s is %v", bad, p.Name, v)
			}
		}
	}
}

func TestInitializeOfConstantChannel(t *testing.T) {
	a := must(NewActNorm(1))(t)
	x := tensor.New(tensor.WithShape(2, 1, 1, 1), tensor.WithBacking([]float32{3, 3}))
	if err := Initialize(a, x); err != nil {
		t.Fatal(err)
	}
	z, logdet, err := Run(a, x)
	if err != nil || z[0].Float32s()[0] != 0 || logdet[0] != 0 {
		t.Errorf("a constant 3 becomes %v with log-determinant %v (%v)", z, logdet, err)
	}
}
