package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// NewCSFlow is CS-Flow (Rudolph and others, arXiv 2110.02855): four [CrossScale] couplings over all scales together, with
// 1024 hidden channels, kernels of 3×3 and in the last block of 5×5, and the clamp α·0.636·atan(a/α), α = 3.
func NewCSFlow(cfg PeerConfig, rng *rand.Rand) (*Sequence, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("CS-Flow: %w", err)
	}
	var channels []int
	for _, m := range cfg.Maps {
		channels = append(channels, m.C)
	}
	n := cfg.blocks(4)
	chain, err := chainOf(n, func(k int) (Block, error) {
		kernel := 3
		if k == n-1 {
			kernel = 5
		}
		return NewCrossScale(channels, cfg.hidden(1024), kernel, rng)
	})
	if err != nil {
		return nil, fmt.Errorf("CS-Flow: %w", err)
	}
	if _, err := chain.Out(cfg.Maps); err != nil {
		return nil, fmt.Errorf("CS-Flow: %w", err)
	}
	return chain, nil
}

// CrossScale is CS-Flow's coupling: the halves span all scales, and the subnets carry features from each scale to its
// neighbours.
//
//	p_i = x_i in the order of scale i's fixed permutation = [p¹_i; p²_i], ⌊C/2⌋ channels and the rest
//	(a², t²) = net₂(p²)   s² = ℓ(a²)   q¹_i = p¹_i⊙exp(s²_i) + t²_i
//	(a¹, t¹) = net₁(q¹)   s¹ = ℓ(a¹)   q²_i = p²_i⊙exp(s¹_i) + t¹_i
//	z_i = [q¹_i; q²_i],   ln|det ∂z/∂x| = Σ_i Σ (s¹_i + s²_i),   ℓ the clamp
type CrossScale struct {
	channels []int
	clamp    Clamp
	π        []hardMixing
	one, two *neighbourNet
}

// NewCrossScale couples maps of the given channels, each at least 2. The permutations are integer state permute.I, the
// learned parameters those of subnet_1 and subnet_2.
func NewCrossScale(channels []int, hidden, kernel int, rng *rand.Rand) (*CrossScale, error) {
	b := &CrossScale{channels: channels, clamp: Clamp{Form: Atan, Alpha: 3}}
	var firsts, rests []int
	for i, c := range channels {
		if c < 2 {
			return nil, fmt.Errorf("CrossScale: map %d has %d channels: a coupling needs two halves", i, c)
		}
		rest, first := halve(c)
		firsts, rests = append(firsts, first), append(rests, rest)
		b.π = append(b.π, newHardMixing(fmt.Sprintf("permute.%d", i), c, rng))
	}
	b.one = newNeighbourNet("subnet_1", firsts, rests, hidden, kernel, rng)
	b.two = newNeighbourNet("subnet_2", rests, firsts, hidden, kernel, rng)
	return b, nil
}

// Out keeps the shapes. Each map must have half the height and width of the finer one, rounded up.
func (b *CrossScale) Out(in []Map) ([]Map, error) {
	if len(in) != len(b.channels) {
		return nil, fmt.Errorf("CrossScale takes %d maps, not %d: %v", len(b.channels), len(in), in)
	}
	for i, m := range in {
		if _, err := oneMap("CrossScale", in[i:i+1], b.channels[i]); err != nil {
			return nil, err
		}
		if i > 0 && (m.H != (in[i-1].H+1)/2 || m.W != (in[i-1].W+1)/2) {
			return nil, fmt.Errorf("CrossScale: map %v is not half as large as %v", m, in[i-1])
		}
	}
	return append([]Map(nil), in...), nil
}

// Forward changes the first halves, then the second ones.
func (b *CrossScale) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c, n := t.calc(), len(x)
	p1, p2 := make([]*G.Node, n), make([]*G.Node, n)
	for i := range x {
		p1[i], p2[i] = b.halves(c, i, b.π[i].apply(c, x[i]))
	}
	logdet := c.zeros()
	couple := func(net *neighbourNet, passive, active []*G.Node) {
		a, shift := net.apply(c, passive)
		for i := range active {
			s := b.scaleOf(c, a[i])
			active[i] = c.couple(active[i], s, shift[i])
			logdet = c.plus(logdet, c.sumOf(s))
		}
	}
	couple(b.two, p2, p1)
	couple(b.one, p1, p2)
	z := make([]*G.Node, n)
	for i := range z {
		z[i] = c.concat(p1[i], p2[i])
	}
	return z, logdet, c.fail("CrossScale")
}

// Inverse restores the second halves, then the first ones.
func (b *CrossScale) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c, n := t.calc(), len(z)
	p1, p2 := make([]*G.Node, n), make([]*G.Node, n)
	for i := range z {
		p1[i], p2[i] = b.halves(c, i, z[i])
	}
	logdet := c.zeros()
	decouple := func(net *neighbourNet, passive, active []*G.Node) {
		a, shift := net.apply(c, passive)
		for i := range active {
			s := b.scaleOf(c, a[i])
			active[i] = c.decouple(active[i], s, shift[i])
			logdet = c.plus(logdet, c.sumOf(s))
		}
	}
	decouple(b.one, p1, p2)
	decouple(b.two, p2, p1)
	x := make([]*G.Node, n)
	for i := range x {
		x[i] = b.π[i].undo(c, c.concat(p1[i], p2[i]))
	}
	return x, c.negLogdet(logdet), c.fail("CrossScale")
}

func (b *CrossScale) halves(c *calc, i int, x *G.Node) (first, rest *G.Node) {
	_, k := halve(b.channels[i])
	return c.slice(x, 0, k), c.slice(x, k, b.channels[i])
}

func (b *CrossScale) scaleOf(c *calc, a *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return b.clamp.apply(c, a)
}

// Params are the permutations, then those of the subnets.
func (b *CrossScale) Params() []*Param {
	var ps []*Param
	for _, m := range b.π {
		ps = append(ps, m.params()...)
	}
	return append(append(ps, b.one.params()...), b.two.params()...)
}

// neighbourNet is CS-Flow's subnet over all scales: a convolution and leaky ReLU at each scale, a second convolution, to
// which the neighbouring scales add theirs, and a learned factor that starts at 0, so that the block starts as a
// permutation:
//
//	h_i = lrelu(conv_i(x_i)),   y_i = γ_i⊙(conv'_i(h_i) + up(conv↑_i(h_{i+1})) + conv↓_i(h_{i−1}))
//
// up is bilinear, conv↓ has the stride 2.
type neighbourNet struct {
	out                     []int
	first, second, up, down []convParams // up[i] and down[i] lead to scale i; without a neighbour they are empty
	gamma                   []*Param     // (1,2·out,1,1)
}

func newNeighbourNet(name string, in, out []int, hidden, k int, rng *rand.Rand) *neighbourNet {
	n := &neighbourNet{out: out, up: make([]convParams, len(in)), down: make([]convParams, len(in))}
	for i := range in {
		n.first = append(n.first, newConvParams(fmt.Sprintf("%s.first.%d", name, i), in[i], hidden, k, rng))
		n.second = append(n.second, newConvParams(fmt.Sprintf("%s.second.%d", name, i), hidden, 2*out[i], k, rng))
		if i+1 < len(in) {
			n.up[i] = newConvParams(fmt.Sprintf("%s.up.%d", name, i), hidden, 2*out[i], k, rng)
		}
		if i > 0 {
			n.down[i] = newConvParams(fmt.Sprintf("%s.down.%d", name, i), hidden, 2*out[i], k, rng)
		}
		n.gamma = append(n.gamma, constParam(fmt.Sprintf("%s.gamma.%d", name, i), 0, 1, 2*out[i], 1, 1))
	}
	return n
}

// leak is the slope of the leaky ReLU below zero.
const leak = 0.1

// apply gives the unclamped log-scales and the shifts.
func (n *neighbourNet) apply(c *calc, x []*G.Node) (a, t []*G.Node) {
	h := make([]*G.Node, len(x))
	for i := range x {
		y := n.first[i].apply(c, x[i])
		h[i] = c.add(c.scale(c.relu(y), 1-leak), c.scale(y, leak)) // lrelu(y) = 0.9·relu(y) + 0.1·y
	}
	a, t = make([]*G.Node, len(x)), make([]*G.Node, len(x))
	for i := range x {
		y := n.second[i].apply(c, h[i])
		if i+1 < len(x) {
			m := c.mapOf(y)
			y = c.add(y, c.resize(n.up[i].apply(c, h[i+1]), m.H, m.W))
		}
		if i > 0 {
			y = c.add(y, n.down[i].halving(c, h[i-1]))
		}
		y = c.affine(y, c.t.Node(n.gamma[i]), nil)
		a[i], t[i] = c.slice(y, 0, n.out[i]), c.slice(y, n.out[i], 2*n.out[i])
	}
	return a, t
}

// halving is the convolution with stride 2.
func (p convParams) halving(c *calc, x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	w := c.t.Node(p.weight)
	pad := w.Shape()[2] / 2
	return c.note(op.Conv2D(x, w, c.t.Node(p.bias), op.Conv{
		Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Groups: 1, Pad: [4]int{pad, pad, pad, pad},
	}))
}

func (n *neighbourNet) params() []*Param {
	var ps []*Param
	for i := range n.first {
		for _, p := range []convParams{n.first[i], n.second[i], n.up[i], n.down[i]} {
			if p.weight != nil {
				ps = append(ps, p.weight, p.bias)
			}
		}
		ps = append(ps, n.gamma[i])
	}
	return ps
}
