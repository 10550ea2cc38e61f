package flow

import (
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// NICE is the additive coupling (Dinh et al. 2014): y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁). It keeps volume: ln|det| = 0.
type NICE struct{ coupling }

// NewNICE is a block for maps of c ≥ 2 channels with the subnets F and G; one-sided it has only G.
func NewNICE(c int, cfg CouplingConfig, rng *rand.Rand) (*NICE, error) {
	b, err := newCoupling("NICE", c, cfg, func(side, in, out int) (effect, error) {
		name := "G"
		if side == 2 {
			name = "F"
		}
		n, err := cfg.newNet(name, in, out, rng)
		return additive{n, cfg.Condition, out}, err
	})
	if err != nil {
		return nil, err
	}
	return &NICE{b}, nil
}

// additive is a step without scaling.
type additive struct {
	net  Net
	cond Condition
	out  int
}

func (a additive) scaleShift(c *calc, passive *G.Node) (s, t *G.Node) {
	return nil, applyNet(c, a.net, conditioned(c, passive, a.cond), a.out)
}

func (a additive) nets() []Net { return []Net{a.net} }
