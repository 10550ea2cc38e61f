package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// RealNVP is the affine coupling (Dinh et al. 2017) with separate subnets for scale and shift:
//
//	y₁ = x₁⊙exp(c(s₂(x₂))) + t₂(x₂),  y₂ = x₂⊙exp(c(s₁(y₁))) + t₁(y₁),  c the clamp
type RealNVP struct{ coupling }

// NewRealNVP is a block for maps of c ≥ 2 channels with the subnets subnet_s1, subnet_t1, subnet_s2 and subnet_t2;
// one-sided it has only the first two.
func NewRealNVP(c int, cfg CouplingConfig, rng *rand.Rand) (*RealNVP, error) {
	b, err := newCoupling("RealNVP", c, cfg, func(side, in, out int) (effect, error) {
		s, err := cfg.newNet(fmt.Sprintf("subnet_s%d", side), in, out, rng)
		if err != nil {
			return nil, err
		}
		t, err := cfg.newNet(fmt.Sprintf("subnet_t%d", side), in, out, rng)
		return separate{s, t, cfg, out}, err
	})
	if err != nil {
		return nil, err
	}
	return &RealNVP{b}, nil
}

// separate is a step with a subnet for the log-scale and one for the shift.
type separate struct {
	s, t Net
	cfg  CouplingConfig
	out  int
}

func (p separate) scaleShift(c *calc, passive *G.Node) (s, t *G.Node) {
	in := conditioned(c, passive, p.cfg.Condition)
	return p.cfg.Clamp.apply(c, applyNet(c, p.s, in, p.out)), applyNet(c, p.t, in, p.out)
}

func (p separate) nets() []Net { return []Net{p.s, p.t} }
