package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// calc writes nodes and keeps the first error, so that a block's equations read as equations. After an error every call
// returns nil; the block returns c.err, wrapped with its own name by fail.
type calc struct {
	t   *Tape
	err error
}

func (t *Tape) calc() *calc { return &calc{t: t} }

// fail returns the collected error under the block's name.
func (c *calc) fail(block string) error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", block, c.err)
}

// note keeps the first error.
func (c *calc) note(n *G.Node, err error) *G.Node {
	if c.err == nil && err != nil {
		c.err = err
	}
	if c.err != nil {
		return nil
	}
	return n
}

func (c *calc) unary(f func(*G.Node) (*G.Node, error), x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.note(f(x))
}

func (c *calc) binary(f func(a, b *G.Node) (*G.Node, error), a, b *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.note(f(a, b))
}

func (c *calc) add(a, b *G.Node) *G.Node { return c.binary(op.Add, a, b) }
func (c *calc) sub(a, b *G.Node) *G.Node { return c.binary(op.Sub, a, b) }
func (c *calc) mul(a, b *G.Node) *G.Node { return c.binary(op.Mul, a, b) }
func (c *calc) div(a, b *G.Node) *G.Node { return c.binary(op.Div, a, b) }

func (c *calc) exp(x *G.Node) *G.Node    { return c.unary(op.Exp, x) }
func (c *calc) log(x *G.Node) *G.Node    { return c.unary(op.Log, x) }
func (c *calc) neg(x *G.Node) *G.Node    { return c.unary(op.Neg, x) }
func (c *calc) square(x *G.Node) *G.Node { return c.unary(op.Square, x) }
func (c *calc) relu(x *G.Node) *G.Node   { return c.unary(op.ReLU, x) }

func (c *calc) scale(x *G.Node, k float64) *G.Node {
	if k == 1 {
		return x
	}
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.Scale(x, k) }, x)
}

func (c *calc) addConst(x *G.Node, k float64) *G.Node {
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.AddConst(x, k) }, x)
}

// conv is a convolution of stride 1 whose zero padding keeps the map's size, for odd kernels; bias may be nil.
func (c *calc) conv(x *G.Node, weight, bias *Param) *G.Node {
	if c.err != nil {
		return nil
	}
	var b *G.Node
	if bias != nil {
		b = c.t.Node(bias)
	}
	return c.convNode(x, c.t.Node(weight), b, 1)
}

// convNode is conv with a weight that is itself computed, in groups.
func (c *calc) convNode(x, weight, bias *G.Node, groups int) *G.Node {
	if c.err != nil {
		return nil
	}
	s := weight.Shape()
	ph, pw := s[2]/2, s[3]/2
	return c.note(op.Conv2D(x, weight, bias, op.Conv{
		Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Groups: groups, Pad: [4]int{ph, ph, pw, pw},
	}))
}

// affine is x⊙gain + offset, gain and offset holding one value per channel; offset may be nil.
func (c *calc) affine(x, gain, offset *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.note(op.ChannelAffine(x, gain, offset))
}

// slice takes the channels lo ≤ c < hi.
func (c *calc) slice(x *G.Node, lo, hi int) *G.Node {
	if c.err != nil {
		return nil
	}
	if lo == 0 && hi == MapOf(x).C {
		return x
	}
	return c.note(op.SliceChannels(x, lo, hi))
}

// concat joins along channels.
func (c *calc) concat(xs ...*G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	if len(xs) == 1 {
		return xs[0]
	}
	return c.note(op.Concat(xs...))
}

// permute takes channel perm[j] of x as channel j.
func (c *calc) permute(x *G.Node, perm []int) *G.Node {
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.Permute(x, perm) }, x)
}

// sum adds up each sample's values: (B,...) to (B).
func (c *calc) sum(x *G.Node) *G.Node { return c.unary(op.SumPerSample, x) }

// zeros is the log-determinant of a block that keeps volume: (B).
func (c *calc) zeros() *G.Node {
	return c.t.Const(zeroKey, func() []float64 { return make([]float64, c.t.batch) }, c.t.batch)
}

const zeroKey = "zeros"

// plus adds log-determinants (B), leaving out those that are zero by construction.
func (c *calc) plus(terms ...*G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	total := c.zeros()
	for _, l := range terms {
		switch {
		case l == c.zeros():
		case total == c.zeros():
			total = l
		default:
			total = c.add(total, l)
		}
	}
	return total
}

// total adds up values that all samples share, such as (1,C,1,1), and gives every sample the sum: (B).
// Concat repeats what has batch 1 over the batch, and its gradient sums over the batch again.
func (c *calc) total(x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	perSample := c.t.Const("zeros(B,1,1,1)", func() []float64 { return make([]float64, c.t.batch) }, c.t.batch, 1, 1, 1)
	if c.t.batch == 1 {
		return c.sum(x)
	}
	return c.sum(c.concat(perSample, x))
}

// centred is x minus each sample's mean over channels and pixels. The mean is taken over pixels by pooling, over channels
// by a convolution with equal weights, and spread back by resizing a single pixel.
func (c *calc) centred(x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	m := MapOf(x)
	average := c.t.Const(fmt.Sprintf("average(%d)", m.C), func() []float64 {
		w := make([]float64, m.C*m.C)
		for i := range w {
			w[i] = 1 / float64(m.C)
		}
		return w
	}, m.C, m.C, 1, 1)
	mean := c.convNode(c.note(op.AdaptiveAvgPool(x, 1, 1)), average, nil, 1)
	return c.sub(x, c.resize(mean, m.H, m.W))
}

// resize is bilinear with aligned corners; a map of the right size is returned as it is.
func (c *calc) resize(x *G.Node, h, w int) *G.Node {
	if m := c.mapOf(x); m.H == h && m.W == w {
		return x
	}
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.Resize(x, h, w) }, x)
}

// mapOf is MapOf that survives an earlier error.
func (c *calc) mapOf(x *G.Node) Map {
	if c.err != nil {
		return Map{}
	}
	return MapOf(x)
}
