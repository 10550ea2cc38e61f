package flow

import (
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// GlobalScale is the function that turns AllInOne's free parameter γ into the positive scale g of each channel.
type GlobalScale int

// The functions, with softplus_β(v) = ln(1+e^{βv})/β.
const (
	Softplus    GlobalScale = iota // g = 0.1·softplus₀.₅(γ)
	Sigmoid                        // g = 10·σ(γ − 2)
	Exponential                    // g = e^γ
)

// start is the γ at which g is as asked.
func (s GlobalScale) start(g float64) float64 {
	switch s {
	case Softplus:
		return 2 * math.Log(math.Expm1(5*g))
	case Sigmoid:
		return 2 - math.Log(10/g-1)
	}
	return math.Log(g)
}

// gain is g and ln g of γ.
func (s GlobalScale) gain(c *calc, γ *G.Node) (g, lng *G.Node) {
	switch s {
	case Softplus:
		g = c.scale(c.unary(func(x *G.Node) (*G.Node, error) { return op.Softplus(x, 0.5) }, γ), 0.1)
	case Sigmoid:
		g = c.scale(c.unary(op.Sigmoid, c.addConst(γ, -2)), 10)
	default:
		return c.exp(γ), γ
	}
	return g, c.log(g)
}

// AllInOneConfig are the options of [AllInOne]. The zero value is the block of MSFlow's parallel flows without a condition.
type AllInOneConfig struct {
	Subnet    Subnet    // nil: ConvLN
	Condition Condition // what the subnet sees beside x₁; nil: nothing
	Clamp     Clamp     // of the log-scale; zero: 1.9·tanh(a/1.9)

	Scale      GlobalScale // of the global affine
	ScaleStart float64     // g at the start; 0 means 1

	VolumePreserving  bool // subtract each sample's mean from s, so that the coupling keeps volume (GIN)
	Soft              bool // mix by a random orthogonal matrix instead of a permutation
	Householder       int  // number of learned reflections on top; 0: none
	ReversePrePermute bool // undo the mixing before the coupling, so that the whole is W∘affine∘coupling∘W⁻¹
}

// AllInOne is one block of a parallel flow, in FrEIA's arrangement: an affine coupling that changes half of the
// channels, a global affine per channel, and a mixing of channels.
//
//	x = [x₁; x₂] split into ⌈C/2⌉ and ⌊C/2⌋ channels; P the condition, α the clamp
//	a = 0.1·net([x₁; P]) = [a_s; a_t]
//	s = α·tanh(a_s/α)                    log-scale
//	u = [x₁; x₂⊙exp(s) + a_t]            coupling
//	v = u⊙g + δ                          global affine, g = g(γ) > 0
//	z = W·v                              permutation, orthogonal matrix or reflections: |det W| = 1
//	ln|det ∂z/∂x| = Σ s + H·W·Σ_c ln g
type AllInOne struct {
	cfg      AllInOneConfig
	channels int
	net      Net
	γ, δ     *Param // (1,C,1,1)
	mix      mixing
}

// NewAllInOne is a block for maps of c ≥ 2 channels. The learned parameters are global_scale, global_offset and subnet.*;
// the mixing is w_perm (integers; or a matrix with w_perm_inv when Soft), or vk_householder and w_0.
func NewAllInOne(c int, cfg AllInOneConfig, rng *rand.Rand) (*AllInOne, error) {
	if c < 2 {
		return nil, fmt.Errorf("AllInOne of %d channels: a coupling needs two halves", c)
	}
	if cfg.ScaleStart == 0 {
		cfg.ScaleStart = 1
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("AllInOne: %w", err)
	}
	c1, c2 := halve(c)
	net, err := cfg.Subnet.orDefault()("subnet", c1+condChannels(cfg.Condition), 2*c2, rng)
	if err != nil {
		return nil, fmt.Errorf("AllInOne: %w", err)
	}
	return &AllInOne{
		cfg: cfg, channels: c, net: net,
		γ:   constParam("global_scale", cfg.Scale.start(cfg.ScaleStart), 1, c, 1, 1),
		δ:   constParam("global_offset", 0, 1, c, 1, 1),
		mix: cfg.mixing(c, rng),
	}, nil
}

// check returns an error for numbers that make no block.
func (cfg AllInOneConfig) check() error {
	if cfg.Scale < Softplus || cfg.Scale > Exponential {
		return fmt.Errorf("there is no global scale %d", int(cfg.Scale))
	}
	if start := cfg.Scale.start(cfg.ScaleStart); !(math.Abs(start) <= math.MaxFloat32) { // NaN for what the function does not reach
		return fmt.Errorf("the global scale cannot start at %g", cfg.ScaleStart)
	}
	if cfg.Householder < 0 {
		return fmt.Errorf("%d Householder reflections", cfg.Householder)
	}
	return cfg.Clamp.check()
}

func (cfg AllInOneConfig) mixing(c int, rng *rand.Rand) mixing {
	switch {
	case cfg.Householder > 0 && cfg.Soft:
		return newReflectionMixing("vk_householder", "w_0", c, cfg.Householder, randomOrthogonal(c, rng), rng)
	case cfg.Householder > 0:
		return newReflectionMixing("vk_householder", "w_0", c, cfg.Householder, permutationMatrix(rng.Perm(c)), rng)
	case cfg.Soft:
		return newSoftMixing("w_perm", c, rng)
	}
	return newHardMixing("w_perm", c, rng)
}

// Out keeps the shape.
func (b *AllInOne) Out(in []Map) ([]Map, error) { return sameMap("AllInOne", in, b.channels) }

// Forward is the legend's equations from x to z.
func (b *AllInOne) Forward(t *Tape, in []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(in)); err != nil {
		return nil, nil, err
	}
	c, x := t.calc(), in[0]
	if b.cfg.ReversePrePermute {
		x = b.mix.undo(c, x)
	}
	x1, x2 := b.split(c, x)
	s, at := b.scaleShift(c, x1)
	u2 := c.add(c.mul(x2, c.exp(s)), at)
	t.Watch(LogScale, "log-scale", s)

	g, lng := b.cfg.Scale.gain(c, t.Node(b.γ))
	v := c.affine(c.concat(x1, u2), g, t.Node(b.δ))
	z := b.mix.apply(c, v)
	return []*G.Node{z}, b.logdet(c, s, lng, MapOf(in[0])), c.fail("AllInOne")
}

// Inverse undoes the equations in reverse order: the passive half x₁ gives the same s and a_t as before.
func (b *AllInOne) Inverse(t *Tape, in []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(in)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	v := b.mix.undo(c, in[0])
	_, lng := b.cfg.Scale.gain(c, t.Node(b.γ))
	ginv := c.exp(c.neg(lng))
	u := c.affine(v, ginv, c.neg(c.mul(t.Node(b.δ), ginv)))

	x1, u2 := b.split(c, u)
	s, at := b.scaleShift(c, x1)
	x2 := c.mul(c.sub(u2, at), c.exp(c.neg(s)))
	x := c.concat(x1, x2)
	if b.cfg.ReversePrePermute {
		x = b.mix.apply(c, x)
	}
	return []*G.Node{x}, c.neg(b.logdet(c, s, lng, MapOf(in[0]))), c.fail("AllInOne")
}

// logdet is Σ s + H·W·Σ_c ln g, for each sample.
func (b *AllInOne) logdet(c *calc, s, lng *G.Node, m Map) *G.Node {
	return c.add(c.sum(s), c.scale(c.total(lng), float64(m.H*m.W)))
}

// Params are in the order of the reference's state dict.
func (b *AllInOne) Params() []*Param {
	ps := append([]*Param{b.γ, b.δ}, b.mix.params()...)
	return append(ps, b.net.Params()...)
}

func (b *AllInOne) split(c *calc, x *G.Node) (x1, x2 *G.Node) {
	c1, _ := halve(b.channels)
	return c.slice(x, 0, c1), c.slice(x, c1, b.channels)
}

// scaleShift is s and a_t from the passive half.
func (b *AllInOne) scaleShift(c *calc, x1 *G.Node) (s, at *G.Node) {
	_, c2 := halve(b.channels)
	a := c.scale(applyNet(c, b.net, conditioned(c, x1, b.cfg.Condition), 2*c2), 0.1)
	s = b.cfg.Clamp.apply(c, c.slice(a, 0, c2))
	if b.cfg.VolumePreserving {
		s = c.centred(s)
	}
	return s, c.slice(a, c2, 2*c2)
}

// soften multiplies what the subnet gives by k.
func (b *AllInOne) soften(k float32) { softenNets(k, b.net) }
