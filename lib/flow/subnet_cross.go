package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// crossSubnet is ST of the fusion flow: it sees the maps of all scales together and gives a scale and a shift for each.
//
//	p_i are pooled to the smallest map and joined: K channels
//	m = ReLU(conv3×3(ReLU(LayerNorm(conv3×3(·, K→K/4))), K/4→K)), split per scale and resized to it: m_i
//	s_i = conv3×3(p_i + m_i),  t_i = conv3×3(p_i + m_i)
type crossSubnet struct {
	in, out []int // channels of p_i; of s_i and t_i
	conv1   convParams
	norm    *layerNorm
	conv2   convParams
	s, t    []convParams
}

type convParams struct{ weight, bias *Param }

func newConvParams(name string, in, out, k int, rng *rand.Rand) convParams {
	return convParams{
		weight: uniformParam(name+".weight", rng, in*k*k, out, in, k, k),
		bias:   uniformParam(name+".bias", rng, in*k*k, out),
	}
}

func (p convParams) apply(c *calc, x *G.Node) *G.Node { return c.conv(x, p.weight, p.bias) }

// newCrossSubnet takes in[i] channels at scale i and gives out[i]. They differ for odd channel counts only.
func newCrossSubnet(name string, in, out []int, rng *rand.Rand) *crossSubnet {
	k := sumInts(in)
	hidden := max(1, k/4)
	n := &crossSubnet{
		in: in, out: out,
		conv1: newConvParams(name+".cross_convs.conv1", k, hidden, 3, rng),
		norm:  newLayerNorm(name+".cross_convs.norm", hidden),
		conv2: newConvParams(name+".cross_convs.conv2", hidden, k, 3, rng),
	}
	for i := range in {
		n.s = append(n.s, newConvParams(fmt.Sprintf("%s.conv_s.%d", name, i), in[i], out[i], 3, rng))
		n.t = append(n.t, newConvParams(fmt.Sprintf("%s.conv_t.%d", name, i), in[i], out[i], 3, rng))
	}
	return n
}

// apply gives the unclamped scales and the shifts.
func (n *crossSubnet) apply(c *calc, p []*G.Node) (s, t []*G.Node) {
	if c.err != nil {
		return make([]*G.Node, len(p)), make([]*G.Node, len(p))
	}
	mixed := n.cross(c, p)
	lo := 0
	for i := range p {
		m := c.mapOf(p[i])
		own := c.resize(c.slice(mixed, lo, lo+n.in[i]), m.H, m.W)
		lo += n.in[i]
		q := c.add(p[i], own)
		s = append(s, n.s[i].apply(c, q))
		t = append(t, n.t[i].apply(c, q))
	}
	return s, t
}

// cross lets the scales see each other, at the smallest map's size.
func (n *crossSubnet) cross(c *calc, p []*G.Node) *G.Node {
	small := smallest(mapsOf(p))
	pooled := make([]*G.Node, len(p))
	for i, x := range p {
		pooled[i] = c.pool(x, small.H, small.W)
	}
	y := n.conv1.apply(c, c.concat(pooled...))
	y = c.relu(n.norm.apply(c, y))
	return c.relu(n.conv2.apply(c, y))
}

func (n *crossSubnet) params() []*Param {
	ps := append([]*Param{n.conv1.weight, n.conv1.bias}, n.norm.params()...)
	ps = append(ps, n.conv2.weight, n.conv2.bias)
	for _, k := range n.s {
		ps = append(ps, k.weight, k.bias)
	}
	for _, k := range n.t {
		ps = append(ps, k.weight, k.bias)
	}
	return ps
}

// smallest is the map with the fewest pixels.
func smallest(ms []Map) Map {
	best := ms[0]
	for _, m := range ms[1:] {
		if m.H*m.W < best.H*best.W {
			best = m
		}
	}
	return best
}

// pool averages adaptively to h×w; a map of the right size is returned as it is.
func (c *calc) pool(x *G.Node, h, w int) *G.Node {
	if m := c.mapOf(x); m.H == h && m.W == w {
		return x
	}
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.AdaptiveAvgPool(x, h, w) }, x)
}

func sumInts(v []int) int {
	n := 0
	for _, x := range v {
		n += x
	}
	return n
}

// silence makes the subnet give zeros until it is trained.
func (n *crossSubnet) silence() {
	for _, p := range append(append([]convParams{}, n.s...), n.t...) {
		scaleParam(p.weight, 0)
		scaleParam(p.bias, 0)
	}
}
