package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Sequence applies blocks one after another.
//
//	z = f_n(…f₁(x)),  x = f₁⁻¹(…f_n⁻¹(z)),  ln|det ∂z/∂x| = Σ_k ln|det ∂f_k|
type Sequence struct{ blocks []Block }

// NewSequence puts "module_list.K." before the names of its K-th block's parameters. A block may occur several times; its
// parameters are then shared.
func NewSequence(blocks ...Block) *Sequence {
	seen := map[*Param]bool{}
	for k, b := range blocks {
		prefix(fmt.Sprintf("module_list.%d.", k), b.Params(), seen)
	}
	return &Sequence{blocks}
}

// Out chains the blocks' shape rules.
func (s *Sequence) Out(in []Map) ([]Map, error) {
	for k, b := range s.blocks {
		out, err := b.Out(in)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", k, err)
		}
		in = out
	}
	return in, nil
}

// In chains them backwards.
func (s *Sequence) In(out []Map) ([]Map, error) {
	for k := len(s.blocks) - 1; k >= 0; k-- {
		in, err := inShapes(s.blocks[k], out)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", k, err)
		}
		out = in
	}
	return out, nil
}

// Forward runs the blocks from first to last.
func (s *Sequence) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	c := t.calc()
	logdet := c.zeros()
	for k, b := range s.blocks {
		z, l, err := b.Forward(t, x)
		if err != nil {
			return nil, nil, fmt.Errorf("block %d: %w", k, err)
		}
		x, logdet = z, c.plus(logdet, l)
		t.watchBlock(b, k, z)
	}
	return x, logdet, c.fail("Sequence")
}

// Inverse runs the blocks' inverses from last to first.
func (s *Sequence) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	c := t.calc()
	logdet := c.zeros()
	for k := len(s.blocks) - 1; k >= 0; k-- {
		x, l, err := s.blocks[k].Inverse(t, z)
		if err != nil {
			return nil, nil, fmt.Errorf("block %d: %w", k, err)
		}
		z, logdet = x, c.plus(logdet, l)
	}
	return z, logdet, c.fail("Sequence")
}

// Initialize lets each block start from the batch as it arrives there.
func (s *Sequence) Initialize(x []*tensor.Dense) error {
	for k, b := range s.blocks {
		z, err := initializeThrough(b, x)
		if err != nil {
			return fmt.Errorf("block %d: %w", k, err)
		}
		x = z
	}
	return nil
}

// Params are the blocks' in order, a shared one once.
func (s *Sequence) Params() []*Param {
	var ps []*Param
	for _, b := range s.blocks {
		ps = append(ps, b.Params()...)
	}
	return unique(ps)
}

// Blocks are the blocks in forward order.
func (s *Sequence) Blocks() []Block { return s.blocks }
