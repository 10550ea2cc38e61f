package flow

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ActNorm is a learned affine map of each channel. Call [Initialize] with a first batch and its outputs there start with
// mean 0 and variance 1 (Kingma and Dhariwal 2018); without, it starts as the identity.
//
//	z = x⊙exp(ς) + β,  x = (z − β)⊙exp(−ς),  ln|det ∂z/∂x| = H·W·Σ_c ς
type ActNorm struct {
	channels int
	ς, β     *Param // "scale", "bias": (1,C,1,1)
}

// NewActNorm is a block for maps of c channels.
func NewActNorm(c int) (*ActNorm, error) {
	if c < 1 {
		return nil, fmt.Errorf("ActNorm of %d channels", c)
	}
	return &ActNorm{c, constParam("scale", 0, 1, c, 1, 1), constParam("bias", 0, 1, c, 1, 1)}, nil
}

// Out keeps the shape.
func (b *ActNorm) Out(in []Map) ([]Map, error) { return sameMap("ActNorm", in, b.channels) }

// Forward scales and shifts.
func (b *ActNorm) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c, ς := t.calc(), t.Node(b.ς)
	z := c.affine(x[0], c.exp(ς), t.Node(b.β))
	return []*G.Node{z}, b.logdet(c, ς, MapOf(x[0])), c.fail("ActNorm")
}

// Inverse shifts and scales back.
func (b *ActNorm) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c, ς := t.calc(), t.Node(b.ς)
	g := c.exp(c.neg(ς))
	x := c.affine(z[0], g, c.neg(c.mul(t.Node(b.β), g)))
	return []*G.Node{x}, c.neg(b.logdet(c, ς, MapOf(z[0]))), c.fail("ActNorm")
}

func (b *ActNorm) logdet(c *calc, ς *G.Node, m Map) *G.Node {
	return c.scale(c.total(ς), float64(m.H*m.W))
}

// Params are scale (in logarithms) and bias.
func (b *ActNorm) Params() []*Param { return []*Param{b.ς, b.β} }

// constantShare is the standard deviation, as a share of a channel's largest value, up to which a channel counts as
// constant: some roundings of float32. Dividing by it would make features of noise, and an overflow of the next value that
// differs.
const constantShare = 1e-6

// Initialize sets scale and bias by the channels' mean and standard deviation in x, so that the block's output there has
// mean 0 and variance 1. A channel that is constant up to rounding keeps its scale. Values that are not finite are an
// error, and then nothing is changed.
func (b *ActNorm) Initialize(x []*tensor.Dense) error {
	s := x[0].Shape()
	if len(s) != 4 || s[1] != b.channels {
		return fmt.Errorf("ActNorm of %d channels cannot start from a batch %v", b.channels, s)
	}
	ς, β := make([]float32, b.channels), make([]float32, b.channels)
	v := values(x[0])
	for ch := range b.channels {
		μ, σ, largest := channelMoments(v, s[0], s[1], s[2]*s[3], ch)
		if math.IsNaN(σ) || math.IsInf(σ, 0) {
			return fmt.Errorf("ActNorm: channel %d of the first batch has values that are not finite, or too large", ch)
		}
		if σ <= constantShare*largest || σ < smallestNormal {
			σ = 1
		}
		ς[ch], β[ch] = float32(-math.Log(σ)), float32(-μ/σ)
	}
	if err := b.ς.Set(ς); err != nil {
		return err
	}
	return b.β.Set(β)
}

// smallestNormal is float32's smallest number at full precision; the inverse of less than it is infinite.
const smallestNormal = 0x1p-126

// channelMoments is the mean, standard deviation and largest magnitude of channel ch in a batch (n,c,hw).
func channelMoments(x []float64, n, c, hw, ch int) (μ, σ, largest float64) {
	each := func(f func(v float64)) {
		for i := range n {
			for _, v := range x[(i*c+ch)*hw : (i*c+ch+1)*hw] {
				f(v)
			}
		}
	}
	count := float64(n * hw)
	each(func(v float64) {
		μ += v / count
		largest = max(largest, math.Abs(v))
	})
	var variance float64
	each(func(v float64) { variance += (v - μ) * (v - μ) / count })
	return μ, math.Sqrt(variance), largest
}
