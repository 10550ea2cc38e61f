package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Inverse turns a block around: its Forward is the block's Inverse. Turned around, down-sampling is up-sampling and Split
// is Concat.
//
//	z = f⁻¹(x),  x = f(z),  ln|det ∂z/∂x| = −ln|det ∂f| at z
type Inverse struct{ block Block }

// NewInverse turns b around; parameters and their names are b's own. Turning twice gives b back.
func NewInverse(b Block) Block {
	if i, ok := b.(*Inverse); ok {
		return i.block
	}
	return &Inverse{b}
}

// Out solves the block's shape rule for its input.
func (i *Inverse) Out(in []Map) ([]Map, error) { return inShapes(i.block, in) }

// In is the block's own shape rule.
func (i *Inverse) In(out []Map) ([]Map, error) { return i.block.Out(out) }

// Forward is the block's Inverse.
func (i *Inverse) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	return i.block.Inverse(t, x)
}

// Inverse is the block's Forward.
func (i *Inverse) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	return i.block.Forward(t, z)
}

// Params are the block's.
func (i *Inverse) Params() []*Param { return i.block.Params() }

// Reshaper is a block that changes shapes and can solve its shape rule: In returns the maps that Out turns into out.
// Blocks without it are taken to keep their shapes.
type Reshaper interface {
	Block
	In(out []Map) ([]Map, error)
}

// inShapes solves b's shape rule for the input.
func inShapes(b Block, out []Map) ([]Map, error) {
	if r, ok := b.(Reshaper); ok {
		return r.In(out)
	}
	got, err := b.Out(out)
	if err != nil {
		return nil, err
	}
	if !equalMaps(got, out) {
		return nil, fmt.Errorf("%T turns %v into %v but has no method In to tell what becomes %v", b, out, got, out)
	}
	return out, nil
}

func equalMaps(a, b []Map) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
