package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Sequence applies blocks one after another.
//
//	z = f_n(…f₁(x)),  x = f₁⁻¹(…f_n⁻¹(z)),  ln|det ∂z/∂x| = Σ_k ln|det ∂f_k|
type Sequence struct {
	blocks []Block
	params []*Param
}

// NewSequence chains blocks. Its K-th block's parameters have "module_list.K." before their names. A block may occur
// several times, and in other chains; its parameters are then shared.
func NewSequence(blocks ...Block) *Sequence {
	return &Sequence{blocks, withPrefix(blocks, moduleName)}
}

// moduleName begins the names of the k-th block of a composition.
func moduleName(k int) string { return fmt.Sprintf("module_list.%d.", k) }

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
		leave := t.enter(moduleName(k))
		z, l, err := b.Forward(t, x)
		if err != nil {
			return nil, nil, fmt.Errorf("block %d: %w", k, err)
		}
		x, logdet = z, c.plus(logdet, l)
		t.watchBlock(z)
		leave()
	}
	return x, logdet, c.fail("Sequence")
}

// Inverse runs the blocks' inverses from last to first.
func (s *Sequence) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	c := t.calc()
	logdet := c.zeros()
	for k := len(s.blocks) - 1; k >= 0; k-- {
		leave := t.enter(moduleName(k))
		x, l, err := s.blocks[k].Inverse(t, z)
		if err != nil {
			return nil, nil, fmt.Errorf("block %d: %w", k, err)
		}
		z, logdet = x, c.plus(logdet, l)
		leave()
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
func (s *Sequence) Params() []*Param { return s.params }

// Blocks are the blocks in forward order.
func (s *Sequence) Blocks() []Block { return s.blocks }
