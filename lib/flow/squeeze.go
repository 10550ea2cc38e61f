package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// Squeeze trades pixels for channels: each n×n block of pixels becomes n² channels (Dinh et al. 2017). It keeps volume.
//
//	z[:, c·n²+i·n+j, y, x] = x[:, c, y·n+i, x·n+j],  ln|det| = 0
//
// Its [Inverse] trades channels for pixels: up-sampling.
type Squeeze struct{ n int }

// NewSqueeze takes blocks of n×n pixels, n ≥ 2; heights and widths must be multiples of n.
func NewSqueeze(n int) (*Squeeze, error) {
	if n < 2 {
		return nil, fmt.Errorf("Squeeze by %d", n)
	}
	return &Squeeze{n}, nil
}

// Out is (C·n², H/n, W/n).
func (s *Squeeze) Out(in []Map) ([]Map, error) { return downShape("Squeeze", in, s.n) }

// In is (C/n², H·n, W·n).
func (s *Squeeze) In(out []Map) ([]Map, error) { return upShape("Squeeze", out, s.n) }

// Forward moves pixels into channels.
func (s *Squeeze) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := s.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	return []*G.Node{c.spaceToDepth(x[0], s.n)}, c.zeros(), c.fail("Squeeze")
}

// Inverse moves channels into pixels.
func (s *Squeeze) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := s.In(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	return []*G.Node{c.depthToSpace(z[0], s.n)}, c.zeros(), c.fail("Squeeze")
}

// Params is empty.
func (s *Squeeze) Params() []*Param { return nil }

// downShape is the shape rule of down-sampling by n.
func downShape(block string, in []Map, n int) ([]Map, error) {
	m, err := oneMap(block, in, 0)
	if err != nil {
		return nil, err
	}
	if m.H%n != 0 || m.W%n != 0 {
		return nil, fmt.Errorf("%s by %d: height and width of the map %v must be multiples of %d", block, n, m, n)
	}
	return []Map{{m.C * n * n, m.H / n, m.W / n}}, nil
}

// upShape solves it.
func upShape(block string, out []Map, n int) ([]Map, error) {
	m, err := oneMap(block, out, 0)
	if err != nil {
		return nil, err
	}
	if m.C%(n*n) != 0 {
		return nil, fmt.Errorf("inverse of %s by %d: the channels of the map %v must be a multiple of %d", block, n, m, n*n)
	}
	return []Map{{m.C / (n * n), m.H * n, m.W * n}}, nil
}

func (c *calc) spaceToDepth(x *G.Node, n int) *G.Node {
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.SpaceToDepth(x, n) }, x)
}

func (c *calc) depthToSpace(x *G.Node, n int) *G.Node {
	return c.unary(func(x *G.Node) (*G.Node, error) { return op.DepthToSpace(x, n) }, x)
}
