package flow

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// unflatten32 is one float32 map for each row.
func unflatten32(rows [][]float64, m Map) *tensor.Dense {
	return castDense(unflatten(rows, []Map{m})[0], tensor.Float32)
}

// TestGlobalScaleStart: each function's γ gives the scale that was asked for.
func TestGlobalScaleStart(t *testing.T) {
	for _, s := range []GlobalScale{Softplus, Sigmoid, Exponential} {
		for _, g := range []float64{1, 0.3, 2.5} {
			γ := s.start(g)
			got := evaluate(t, func(c *calc) node {
				gain, lng := s.gain(c, c.t.Const("γ", func() []float64 { return []float64{γ} }, 1, 1, 1, 1))
				return c.concat(gain, lng)
			})
			if math.Abs(got[0]-g) > 1e-12 || math.Abs(got[1]-math.Log(g)) > 1e-12 {
				t.Errorf("scale function %d starts at %v, want %g and its logarithm", s, got, g)
			}
		}
	}
}

// silence sets a block's subnet to zero, so that its coupling does nothing.
func silence(t *testing.T, n Net) {
	t.Helper()
	for _, p := range n.Params() {
		set(t, p, make([]float32, p.Len()))
	}
}

// TestReversePrePermute: undoing the mixing first makes a block with a silent subnet the identity.
func TestReversePrePermute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, cfg := range []AllInOneConfig{{}, {Soft: true}, {Householder: 2}} {
		cfg.Subnet, cfg.ReversePrePermute = ConvOnly, true
		b := must(NewAllInOne(5, cfg, rng))(t)
		silence(t, b.net)
		x := gaussian(2, Map{5, 3, 2}, 1, tensor.Float32, rng)
		z, logdet, err := Run(b, x)
		if err != nil {
			t.Fatal(err)
		}
		if e := relative(values(z[0]), values(x)); e > 1e-6 || math.Abs(logdet[0]) > 1e-4 {
			t.Errorf("%+v: the identity is off by %g, log-determinant %g", cfg, e, logdet[0])
		}
	}
}

// TestVolumePreserving: without the global affine, which starts at one, the log-determinant is zero whatever the subnet
// says.
func TestVolumePreserving(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := must(NewAllInOne(6, AllInOneConfig{VolumePreserving: true}, rng))(t)
	for _, v := range b.net.Params() {
		for i := range v.Float32s() {
			v.Float32s()[i] *= 20
		}
	}
	x := gaussian(2, Map{6, 3, 4}, 1, tensor.Float32, rng)
	_, logdet, err := Run(b, x)
	if err != nil || math.Abs(logdet[0]) > 1e-4 || math.Abs(logdet[1]) > 1e-4 {
		t.Errorf("log-determinants %v (%v), want 0", logdet, err)
	}
}

func TestAllInOneRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	if _, err := NewAllInOne(1, AllInOneConfig{}, rng); err == nil {
		t.Error("one channel is accepted")
	}
	if _, err := NewAllInOne(4, AllInOneConfig{Scale: Sigmoid, ScaleStart: 12}, rng); err == nil {
		t.Error("a sigmoid scale of 12 is accepted, its limit is 10")
	}
	b := must(NewAllInOne(4, AllInOneConfig{Subnet: newMatmulNet}, rng))(t)
	if _, err := Compile(b, 2, []Map{{4, 2, 2}}); err == nil {
		t.Error("a subnet for vectors is accepted on maps")
	}
}
