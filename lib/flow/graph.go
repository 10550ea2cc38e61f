package flow

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Graph is a network of blocks with several inputs and outputs, itself a block. Every map that a block or an input gives is
// used exactly once, which is what makes the whole invertible.
//
//	ln|det| = Σ over the blocks
type Graph struct {
	inputs  []Wire
	outputs []Wire
	nodes   []graphNode // in forward order
	params  []*Param
}

type graphNode struct {
	Block
	in, out []Wire
}

// Wire is one map on its way from a block or an input to the next block or an output.
type Wire struct {
	of  *GraphBuilder
	id  int
	Map Map
}

// GraphBuilder lays out a [Graph]: inputs first, then blocks, then Build with the outputs.
type GraphBuilder struct {
	g    Graph
	used []bool // by wire id
}

// NewGraph starts a layout.
func NewGraph() *GraphBuilder { return &GraphBuilder{} }

// Input adds an input map.
func (b *GraphBuilder) Input(m Map) Wire {
	w := b.wire(m)
	b.g.inputs = append(b.g.inputs, w)
	return w
}

// Add feeds the wires to a block and returns the wires of its outputs, whose number and shapes follow from the block's
// shape rule. A wire that is already used, or shapes that the block cannot take, are errors.
func (b *GraphBuilder) Add(block Block, in ...Wire) ([]Wire, error) {
	maps := make([]Map, len(in))
	for i, w := range in {
		maps[i] = w.Map
	}
	shapes, err := block.Out(maps)
	if err != nil {
		return nil, fmt.Errorf("graph node %d: %w", len(b.g.nodes), err)
	}
	if err := b.use(in); err != nil {
		return nil, fmt.Errorf("graph node %d: %w", len(b.g.nodes), err)
	}
	out := make([]Wire, len(shapes))
	for i, m := range shapes {
		out[i] = b.wire(m)
	}
	b.g.nodes = append(b.g.nodes, graphNode{block, in, out})
	return out, nil
}

// Build ends the layout. Its K-th block's parameters have "module_list.K." before their names. It is an error if a wire
// leads nowhere: the graph could not be inverted.
func (b *GraphBuilder) Build(outputs ...Wire) (*Graph, error) {
	if err := b.use(outputs); err != nil {
		return nil, fmt.Errorf("graph outputs: %w", err)
	}
	for id, used := range b.used {
		if !used {
			return nil, fmt.Errorf("graph: %s leads nowhere", b.describe(id))
		}
	}
	g := b.g
	g.outputs = outputs
	g.params = withPrefix(g.nodes, moduleName)
	return &g, nil
}

func (b *GraphBuilder) wire(m Map) Wire {
	b.used = append(b.used, false)
	return Wire{b, len(b.used) - 1, m}
}

// use marks the wires as used; after an error none of them is.
func (b *GraphBuilder) use(ws []Wire) error {
	for i, w := range ws {
		if w.of != b {
			return errors.New("a wire of another graph")
		}
		if b.used[w.id] {
			for _, before := range ws[:i] {
				b.used[before.id] = false
			}
			return fmt.Errorf("%s is used twice", b.describe(w.id))
		}
		b.used[w.id] = true
	}
	return nil
}

// describe tells where a wire comes from.
func (b *GraphBuilder) describe(id int) string {
	for i, w := range b.g.inputs {
		if w.id == id {
			return fmt.Sprintf("input %d %v", i, w.Map)
		}
	}
	for k, n := range b.g.nodes {
		for i, w := range n.out {
			if w.id == id {
				return fmt.Sprintf("output %d %v of node %d", i, w.Map, k)
			}
		}
	}
	return fmt.Sprintf("wire %d", id)
}

// flowing holds what runs along the wires: shapes, nodes or tensors.
type flowing[T any] map[int]T

func (f flowing[T]) put(ws []Wire, vs []T) {
	for i, w := range ws {
		f[w.id] = vs[i]
	}
}

func (f flowing[T]) take(ws []Wire) []T {
	vs := make([]T, len(ws))
	for i, w := range ws {
		vs[i] = f[w.id]
	}
	return vs
}

// mapForward runs a step for each node in forward order.
func mapForward[T any](g *Graph, in []T, step func(k int, x []T) ([]T, error)) ([]T, error) {
	if len(in) != len(g.inputs) {
		return nil, fmt.Errorf("graph takes %d maps, not %d", len(g.inputs), len(in))
	}
	f := flowing[T]{}
	f.put(g.inputs, in)
	for k, n := range g.nodes {
		out, err := step(k, f.take(n.in))
		if err != nil {
			return nil, fmt.Errorf("graph node %d: %w", k, err)
		}
		f.put(n.out, out)
	}
	return f.take(g.outputs), nil
}

// mapBackward runs a step for each node from the last to the first.
func mapBackward[T any](g *Graph, out []T, step func(k int, z []T) ([]T, error)) ([]T, error) {
	if len(out) != len(g.outputs) {
		return nil, fmt.Errorf("graph gives %d maps, not %d", len(g.outputs), len(out))
	}
	f := flowing[T]{}
	f.put(g.outputs, out)
	for k := len(g.nodes) - 1; k >= 0; k-- {
		n := g.nodes[k]
		in, err := step(k, f.take(n.out))
		if err != nil {
			return nil, fmt.Errorf("graph node %d: %w", k, err)
		}
		f.put(n.in, in)
	}
	return f.take(g.inputs), nil
}

// Out runs the blocks' shape rules.
func (g *Graph) Out(in []Map) ([]Map, error) {
	return mapForward(g, in, func(k int, in []Map) ([]Map, error) { return g.nodes[k].Out(in) })
}

// In runs them backwards.
func (g *Graph) In(out []Map) ([]Map, error) {
	return mapBackward(g, out, func(k int, out []Map) ([]Map, error) { return inShapes(g.nodes[k].Block, out) })
}

// Forward runs the blocks in the order in which they were added.
func (g *Graph) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	c := t.calc()
	logdet := c.zeros()
	z, err := mapForward(g, x, func(k int, x []*G.Node) ([]*G.Node, error) {
		defer t.enter(moduleName(k))()
		z, l, err := g.nodes[k].Forward(t, x)
		if err == nil {
			logdet = c.plus(logdet, l)
		}
		return z, err
	})
	if err != nil {
		return nil, nil, err
	}
	return z, logdet, c.fail("graph")
}

// Inverse runs the blocks' inverses in the opposite order.
func (g *Graph) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	c := t.calc()
	logdet := c.zeros()
	x, err := mapBackward(g, z, func(k int, z []*G.Node) ([]*G.Node, error) {
		defer t.enter(moduleName(k))()
		x, l, err := g.nodes[k].Inverse(t, z)
		if err == nil {
			logdet = c.plus(logdet, l)
		}
		return x, err
	})
	if err != nil {
		return nil, nil, err
	}
	return x, logdet, c.fail("graph")
}

// Initialize lets each block start from the batch as it arrives there.
func (g *Graph) Initialize(x []*tensor.Dense) error {
	_, err := mapForward(g, x, func(k int, x []*tensor.Dense) ([]*tensor.Dense, error) { return initializeThrough(g.nodes[k].Block, x) })
	return err
}

// Params are the blocks' in the order in which they were added, a shared one once.
func (g *Graph) Params() []*Param { return g.params }
