package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// CouplingConfig are the options of [NICE], [RealNVP] and [GLOW]; the zero value is useful.
type CouplingConfig struct {
	Subnet    Subnet    // nil: ConvLN
	Condition Condition // what every subnet sees beside the passive half; nil: nothing
	Clamp     Clamp     // of the log-scales; NICE has none
	OneSided  bool      // change the second half only, with half the subnets
}

// coupling changes each half of the channels in turn, by an affine map that the other half decides.
//
//	x = [x₁; x₂] split into ⌊C/2⌋ and ⌈C/2⌉ channels
//	(s₂, t₂) = two(x₂)    y₁ = x₁⊙exp(s₂) + t₂      left out when one-sided
//	(s₁, t₁) = one(y₁)    y₂ = x₂⊙exp(s₁) + t₁
//	ln|det ∂y/∂x| = Σ s₂ + Σ s₁
type coupling struct {
	name     string
	channels int
	one, two effect // two is nil when one-sided
}

// effect is one half's effect on the other.
type effect interface {
	// scaleShift gives the log-scale s and the shift t from the passive half; a nil s is zero everywhere.
	scaleShift(c *calc, passive *G.Node) (s, t *G.Node)
	nets() []Net
}

// newCoupling makes both effects with the given maker of one: from `in` passive channels (condition included) to `out`.
func newCoupling(name string, c int, cfg CouplingConfig, makeEffect func(side, in, out int) (effect, error)) (coupling, error) {
	if c < 2 {
		return coupling{}, fmt.Errorf("%s of %d channels: a coupling needs two halves", name, c)
	}
	if err := cfg.Clamp.check(); err != nil {
		return coupling{}, fmt.Errorf("%s: %w", name, err)
	}
	d := condChannels(cfg.Condition)
	c2, c1 := halve(c)
	b := coupling{name: name, channels: c}
	var err error
	if b.one, err = makeEffect(1, c1+d, c2); err != nil {
		return coupling{}, fmt.Errorf("%s: %w", name, err)
	}
	if cfg.OneSided {
		return b, nil
	}
	if b.two, err = makeEffect(2, c2+d, c1); err != nil {
		return coupling{}, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// Out keeps the shape.
func (b *coupling) Out(in []Map) ([]Map, error) { return sameMap(b.name, in, b.channels) }

// Forward changes the first half, then the second.
func (b *coupling) Forward(t *Tape, in []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(in)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	y1, x2 := b.split(c, in[0])
	var s1, s2, shift *G.Node
	if b.two != nil {
		s2, shift = b.two.scaleShift(c, x2)
		y1 = c.couple(y1, s2, shift)
	}
	s1, shift = b.one.scaleShift(c, y1)
	y2 := c.couple(x2, s1, shift)
	return []*G.Node{c.concat(y1, y2)}, c.plus(c.sumOf(s1), c.sumOf(s2)), c.fail(b.name)
}

// Inverse restores the second half, then the first.
func (b *coupling) Inverse(t *Tape, in []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(in)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	x1, y2 := b.split(c, in[0])
	s1, shift := b.one.scaleShift(c, x1)
	x2 := c.decouple(y2, s1, shift)
	var s2 *G.Node
	if b.two != nil {
		s2, shift = b.two.scaleShift(c, x2)
		x1 = c.decouple(x1, s2, shift)
	}
	return []*G.Node{c.concat(x1, x2)}, c.negLogdet(c.plus(c.sumOf(s1), c.sumOf(s2))), c.fail(b.name)
}

// Params are those of the first side's subnets, then the second's.
func (b *coupling) Params() (params []*Param) {
	for _, n := range b.nets() {
		params = append(params, n.Params()...)
	}
	return params
}

func (b *coupling) nets() []Net {
	if b.two == nil {
		return b.one.nets()
	}
	return append(b.one.nets(), b.two.nets()...)
}

// soften multiplies what the subnets give by k.
func (b *coupling) soften(k float32) { softenNets(k, b.nets()...) }

func (b *coupling) split(c *calc, x *G.Node) (x1, x2 *G.Node) {
	_, c1 := halve(b.channels)
	return c.slice(x, 0, c1), c.slice(x, c1, b.channels)
}

// couple is x⊙exp(s) + t.
func (c *calc) couple(x, s, t *G.Node) *G.Node {
	if s != nil {
		x = c.mul(x, c.exp(s))
	}
	return c.add(x, t)
}

// decouple is (y − t)⊙exp(−s).
func (c *calc) decouple(y, s, t *G.Node) *G.Node {
	y = c.sub(y, t)
	if s != nil {
		y = c.mul(y, c.exp(c.neg(s)))
	}
	return y
}

// sumOf is the log-determinant of a log-scale; that of no scaling is zero.
func (c *calc) sumOf(s *G.Node) *G.Node {
	if s == nil {
		return c.zeros()
	}
	return c.sum(s)
}

// negLogdet keeps the zero of volume-preserving blocks as it is.
func (c *calc) negLogdet(l *G.Node) *G.Node {
	if c.err == nil && l == c.zeros() {
		return l
	}
	return c.neg(l)
}

// newNet makes one subnet of a step.
func (cfg CouplingConfig) newNet(name string, in, out int, rng *rand.Rand) (Net, error) {
	return cfg.Subnet.orDefault()(name, in, out, rng)
}
