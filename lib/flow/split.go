package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Split cuts one map into several along channels, for graphs and for multi-scale flows that finish part of the channels
// early.
//
//	z_i = x[:, o_i : o_i+c_i],  x = [z₀; z₁; …],  ln|det| = 0
type Split struct{ sizes []int }

// NewSplit cuts into maps of the given numbers of channels, two or more.
func NewSplit(channels ...int) (*Split, error) {
	if len(channels) < 2 {
		return nil, fmt.Errorf("Split into %v: needs two parts or more", channels)
	}
	for _, c := range channels {
		if c < 1 {
			return nil, fmt.Errorf("Split into %v: a part has no channels", channels)
		}
	}
	return &Split{channels}, nil
}

// NewConcat joins maps of the given numbers of channels along channels: the inverse of Split.
func NewConcat(channels ...int) (Block, error) {
	s, err := NewSplit(channels...)
	if err != nil {
		return nil, fmt.Errorf("NewConcat: %w", err)
	}
	return NewInverse(s), nil
}

func (s *Split) total() int {
	n := 0
	for _, c := range s.sizes {
		n += c
	}
	return n
}

// Out is one map for each part.
func (s *Split) Out(in []Map) ([]Map, error) {
	m, err := oneMap("Split", in, s.total())
	if err != nil {
		return nil, err
	}
	out := make([]Map, len(s.sizes))
	for i, c := range s.sizes {
		out[i] = Map{c, m.H, m.W}
	}
	return out, nil
}

// In joins the parts' shapes.
func (s *Split) In(out []Map) ([]Map, error) {
	if len(out) != len(s.sizes) {
		return nil, fmt.Errorf("Split joins %d maps, not %v", len(s.sizes), out)
	}
	for i, m := range out {
		if m != (Map{s.sizes[i], out[0].H, out[0].W}) {
			return nil, fmt.Errorf("Split joins maps of %v channels and one size, not %v", s.sizes, out)
		}
	}
	return []Map{{s.total(), out[0].H, out[0].W}}, nil
}

// Forward cuts.
func (s *Split) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := s.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c, lo := t.calc(), 0
	z := make([]*G.Node, len(s.sizes))
	for i, n := range s.sizes {
		z[i] = c.slice(x[0], lo, lo+n)
		lo += n
	}
	return z, c.zeros(), c.fail("Split")
}

// Inverse joins.
func (s *Split) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := s.In(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	return []*G.Node{c.concat(z...)}, c.zeros(), c.fail("Concat")
}

// Params is empty.
func (s *Split) Params() []*Param { return nil }
