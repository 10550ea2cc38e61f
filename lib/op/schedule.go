package op

import (
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/graph"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// use is a node of the schedule with what the planning of memory needs to know.
type use struct {
	node     *G.Node
	in       []*use
	leaf     bool
	prim     Primitive // nil for a leaf and for an op that is not ours
	size     int       // elements
	last     int       // index in the order of the last use that reads this one; its own if none
	second   *use      // computed together with this one, at this one's time; see joiner
	joinedTo *use      // the one whose second this is
	step     *primitiveStep

	move  *move   // the use as a selection of channels; nil: it is none
	from  []*move // of a reduction of channels, its inputs as selections
	moves bool    // move or from is what the use has become

	chainedTo *use // the first of the element functions that are computed together with this one; see joinChains
	at        int  // of its step in the program
}

func (u *use) dtype() tensor.Dtype { return u.node.Dtype() }

// buffered says whether the program keeps the value in a buffer of its own.
func (u *use) buffered() bool {
	return !u.leaf && (u.dtype() == tensor.Float32 || u.dtype() == tensor.Float64)
}

// schedule lists the nodes that outputs need, each after its inputs.
//
// Nodes are taken in the order of their creation. That is the forward pass as it was written, then the backward pass
// with each weight's gradient beside the gradient of the layer's input, so that few values wait for their last use.
func schedule(outputs []*G.Node) ([]*use, error) {
	if len(outputs) == 0 {
		return nil, errors.New("no outputs")
	}
	seen := map[*G.Node]*use{}
	var order []*use
	for _, n := range outputs {
		if n == nil {
			return nil, errors.New("an output is nil")
		}
		var err error
		if order, err = collect(n, seen, order); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(order, func(a, b *use) int { return int(a.node.ID() - b.node.ID()) })
	wanted := map[*use]bool{}
	for _, n := range outputs {
		wanted[seen[n]] = true
	}
	simplify(order, wanted)
	joinMoves(order, wanted)
	order = joinChains(needed(order, wanted))
	if err := checkOrder(order); err != nil {
		return nil, err
	}
	join(order)
	return order, nil
}

// needed drops the uses that no output needs any more.
func needed(order []*use, wanted map[*use]bool) []*use {
	keep := map[*use]bool{}
	for _, u := range slices.Backward(order) {
		if keep[u] = keep[u] || wanted[u]; keep[u] {
			for _, in := range u.in {
				keep[in] = true
			}
		}
	}
	return slices.DeleteFunc(order, func(u *use) bool { return !keep[u] })
}

// A joiner is a primitive beside which another one, on the same inputs, costs next to nothing.
type joiner interface {
	Primitive
	joins(other Primitive) bool
	// together computes both: the receiver's call and the other's.
	together(own, other *Call[float32])
}

// join pairs the joiners of the order with the uses that they can compute as well.
func join(order []*use) {
	leaders := map[*use][]*use{} // by first input
	for _, u := range order {
		if u.leaf || len(u.in) == 0 {
			continue
		}
		for _, l := range leaders[u.in[0]] {
			if l.second == nil && slices.Equal(l.in, u.in) && l.prim.(joiner).joins(u.prim) {
				l.second, u.joinedTo = u, l
				break
			}
		}
		if _, ok := u.prim.(joiner); ok && u.dtype() == tensor.Float32 {
			leaders[u.in[0]] = append(leaders[u.in[0]], u)
		}
	}
}

// collect appends n and all that it needs to order.
func collect(n *G.Node, seen map[*G.Node]*use, order []*use) ([]*use, error) {
	if seen[n] != nil {
		return order, nil
	}
	g := n.Graph()
	if g == nil || g.Node(n.ID()) != graph.Node(n) {
		return nil, fmt.Errorf("node %s is not in its graph", n.Name())
	}
	u := &use{node: n, size: max(1, n.Shape().TotalSize()), leaf: isLeaf(n)}
	seen[n] = u
	if u.leaf {
		return append(order, u), nil
	}
	u.prim = PrimitiveOf(n)
	for _, child := range Inputs(n) {
		var err error
		if order, err = collect(child, seen, order); err != nil {
			return nil, err
		}
		u.in = append(u.in, seen[child])
	}
	return append(order, u), nil
}

// isLeaf says whether the node's value is given: it has no op, or its op is a constant.
func isLeaf(n *G.Node) bool { return n.Op() == nil || isConstant(n) }

// Inputs are the nodes that n is computed from, in the order of its op's arguments.
func Inputs(n *G.Node) []*G.Node {
	var in []*G.Node
	for _, c := range graph.NodesOf(n.Graph().From(n.ID())) {
		in = append(in, c.(*G.Node))
	}
	return in
}

// checkOrder sets last, and reports a node that would run before its input.
func checkOrder(order []*use) error {
	at := make(map[*use]int, len(order))
	for i, u := range order {
		at[u], u.last = i, i
		for _, in := range u.in {
			if _, ok := at[in]; !ok {
				return fmt.Errorf("node %s is older than its input %s", u.node.Name(), in.node.Name())
			}
			in.last = i
		}
	}
	return nil
}

// layout says which buffer every buffered use has, and how long the buffers are. A buffer serves one use after another.
type layout struct {
	buffer           map[*use]int
	sizes32, sizes64 []int
}

// plan assigns buffers: when a use has been read for the last time, its buffer is free for later ones. The outputs'
// stay theirs.
func plan(order []*use, outputs []*G.Node) layout {
	l := layout{buffer: map[*use]int{}}
	var pool32, pool64 bufferPool
	pool := func(u *use) *bufferPool {
		if u.dtype() == tensor.Float32 {
			return &pool32
		}
		return &pool64
	}
	keep := map[*G.Node]bool{}
	for _, n := range outputs {
		keep[n] = true
	}
	dying := make([][]*use, len(order))
	for _, u := range order {
		if u.buffered() && !keep[u.node] {
			dying[u.last] = append(dying[u.last], u)
		}
	}
	for i, u := range order {
		over := overwritten(u, i, keep)
		switch {
		case over != nil:
			l.buffer[u] = l.buffer[over]
		case u.buffered() && u.joinedTo == nil:
			l.buffer[u] = pool(u).take(u.size)
		}
		if u.second != nil {
			l.buffer[u.second] = pool(u).take(u.second.size)
		}
		for _, d := range dying[i] {
			if d != over {
				pool(d).give(l.buffer[d])
			}
		}
	}
	l.sizes32, l.sizes64 = pool32.sizes, pool64.sizes
	return l
}

// overwritten is the input, if any, whose buffer u at position i may take over: u reads it last and can work in place.
func overwritten(u *use, i int, keep map[*G.Node]bool) *use {
	o, ok := u.prim.(Overwriter)
	if !ok {
		return nil
	}
	for _, in := range u.in[:o.Overwrites()] {
		if in.buffered() && in.last == i && in.size == u.size && !keep[in.node] {
			return in
		}
	}
	return nil
}

// bufferPool hands out numbered buffers and records how long each must be.
type bufferPool struct {
	sizes []int
	free  []int // numbers of the buffers not in use
}

// take returns the smallest free buffer of at least n elements, or else the longest free one, made longer, or else a
// new one. A buffer more than four times too long is left for others.
func (p *bufferPool) take(n int) int {
	best := -1
	for i, b := range p.free {
		if p.sizes[b] > 4*n {
			continue
		}
		if best < 0 || better(p.sizes[b], p.sizes[p.free[best]], n) {
			best = i
		}
	}
	if best < 0 {
		p.sizes = append(p.sizes, n)
		return len(p.sizes) - 1
	}
	b := p.free[best]
	p.free = slices.Delete(p.free, best, best+1)
	p.sizes[b] = max(p.sizes[b], n)
	return b
}

// better prefers, for n elements, the smaller of two sizes that suffice and else the larger.
func better(a, b, n int) bool {
	if a >= n && b >= n {
		return a < b
	}
	return a > b
}

func (p *bufferPool) give(b int) { p.free = append(p.free, b) }
