package flow

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
)

func TestSubnetByName(t *testing.T) {
	names := map[string][]string{
		"":        {"s.conv1.weight", "s.conv1.bias", "s.ln.weight", "s.ln.bias", "s.conv2.weight", "s.conv2.bias"},
		"conv":    {"s.conv1.weight", "s.conv1.bias", "s.conv2.weight", "s.conv2.bias"},
		"conv_bn": {"s.conv1.weight", "s.conv1.bias", "s.bn.weight", "s.bn.bias", "s.bn.running_mean", "s.bn.running_var", "s.conv2.weight", "s.conv2.bias"},
	}
	for name, want := range names {
		s := must(SubnetByName(name))(t)
		n := must(s("s", 3, 4, rand.New(rand.NewPCG(1, 1))))(t)
		var got []string
		for _, p := range n.Params() {
			got = append(got, p.Name)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("subnet %q has the parameters %v, want %v", name, got, want)
		}
	}
	if _, err := SubnetByName("convln"); err == nil || !strings.Contains(err.Error(), "conv_ln") {
		t.Errorf("an unknown name gives %v", err)
	}
}

// TestInitialWeights: uniform within ±1/√fan_in, and reaching towards the bounds.
func TestInitialWeights(t *testing.T) {
	n := must(ConvOnly("s", 8, 6, rand.New(rand.NewPCG(1, 1))))(t)
	bound := 1 / math.Sqrt(8*9)
	for _, p := range n.Params() {
		var largest, mean float64
		for _, v := range p.Float32s() {
			largest = max(largest, math.Abs(float64(v)))
			mean += float64(v) / float64(p.Len())
		}
		if largest > bound || p.Len() > 100 && (largest < 0.95*bound || math.Abs(mean) > 0.15*bound) {
			t.Errorf("%s: largest %g, mean %g, bound %g", p.Name, largest, mean, bound)
		}
	}
}

// badNet breaks the promise about its output's channels.
type badNet struct{}

func (n badNet) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	c := t.calc()
	return c.slice(x, 0, 1), c.err
}
func (badNet) Params() []*Param { return nil }

// TestBrokenSubnets: a user's mistake comes back as an error that says what went wrong.
func TestBrokenSubnets(t *testing.T) {
	panicking := func(name string, in, out int, rng *rand.Rand) (Net, error) { return newMatmulNet(name, in, out, rng) }
	short := func(string, int, int, *rand.Rand) (Net, error) { return badNet{}, nil }
	for want, s := range map[string]Subnet{"subnet": panicking, "instead of": short} {
		b := must(NewNICE(4, CouplingConfig{Subnet: s}, rand.New(rand.NewPCG(1, 1))))(t)
		if _, err := Compile(b, 2, []Map{{4, 3, 3}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
