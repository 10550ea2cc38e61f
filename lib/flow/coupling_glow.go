package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// GLOW is the affine coupling of RealNVP with one subnet for scale and shift together, as in Kingma and Dhariwal 2018:
//
//	[a_s; a_t] = net(passive half),  s = clamp(a_s),  t = a_t
type GLOW struct{ coupling }

// NewGLOW is a block for maps of c ≥ 2 channels with the subnets subnet1 and subnet2; one-sided it has one, named subnet.
func NewGLOW(c int, cfg CouplingConfig, rng *rand.Rand) (*GLOW, error) {
	b, err := newCoupling("GLOW", c, cfg, func(side, in, out int) (effect, error) {
		name := fmt.Sprintf("subnet%d", side)
		if cfg.OneSided {
			name = "subnet"
		}
		n, err := cfg.newNet(name, in, 2*out, rng)
		return joint{n, cfg, out}, err
	})
	if err != nil {
		return nil, err
	}
	return &GLOW{b}, nil
}

// joint is an effect whose subnet gives the log-scale in its first and the shift in its second half of channels.
type joint struct {
	net Net
	cfg CouplingConfig
	out int
}

func (j joint) scaleShift(c *calc, passive *G.Node) (s, t *G.Node) {
	a := applyNet(c, j.net, conditioned(c, passive, j.cfg.Condition), 2*j.out)
	return j.cfg.Clamp.apply(c, c.slice(a, 0, j.out)), c.slice(a, j.out, 2*j.out)
}

func (j joint) nets() []Net { return []Net{j.net} }
