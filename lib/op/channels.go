package op

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ConcatOp joins its inputs (B,C₁,...), (B,C₂,...) ... along the channels. An input of batch 1 is repeated.
type ConcatOp struct{}

// SliceOp is channels Lo to Hi−1 of x.
type SliceOp struct{ Lo, Hi int }

// EmbedOp puts x into channels Lo, Lo+1 ... of a zero array of Channels channels. It is SliceOp's transpose.
type EmbedOp struct{ Lo, Channels int }

// PermuteOp is y[:,j] = x[:,Perm[j]].
type PermuteOp struct{ Perm []int }

// Concat joins arrays (B,Cᵢ,...) along the channels; the result is (B,ΣCᵢ,...). An input with batch 1 is repeated over
// the batch of the others.
func Concat(xs ...*G.Node) (*G.Node, error) { return apply(ConcatOp{}, xs...) }

// SliceChannels is channels lo to hi−1 of x (B,C,...).
//
// (G.Slice cannot be used for this: it keeps one byte of each limit in its hash, so that channels 0–9 and 256–265 of a
// node are taken for the same.)
func SliceChannels(x *G.Node, lo, hi int) (*G.Node, error) { return apply(SliceOp{lo, hi}, x) }

// Permute reorders the channels of x (B,C,...): out[:,j] = x[:,perm[j]]. It panics unless perm is a permutation.
func Permute(x *G.Node, perm []int) (*G.Node, error) {
	inverse(perm)
	return apply(PermuteOp{append([]int(nil), perm...)}, x)
}

// inverse panics unless perm is a permutation.
func inverse(perm []int) []int {
	inv := make([]int, len(perm))
	for i := range inv {
		inv[i] = -1
	}
	for j, p := range perm {
		if p < 0 || p >= len(perm) || inv[p] >= 0 {
			panic(fmt.Sprintf("op: %v is not a permutation", perm))
		}
		inv[p] = j
	}
	return inv
}

func (p ConcatOp) String() string  { return "Concat" }
func (p SliceOp) String() string   { return fmt.Sprintf("SliceChannels %d..%d", p.Lo, p.Hi) }
func (p EmbedOp) String() string   { return fmt.Sprintf("EmbedChannels at %d of %d", p.Lo, p.Channels) }
func (p PermuteOp) String() string { return fmt.Sprintf("Permute of %d channels", len(p.Perm)) }

// Shape is (B,ΣCᵢ,...).
func (p ConcatOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if len(in) == 0 {
		return nil, errors.New("no inputs")
	}
	out := in[0].Clone()
	for i, s := range in {
		if len(s) < 2 || len(s) != len(out) {
			return nil, fmt.Errorf("input %d is %s and input 0 is %s; want (B,C,...) of equal ranks", i, shapeText(s), shapeText(in[0]))
		}
		if i > 0 {
			out[1] += s[1]
		}
		if out[0] == 1 {
			out[0] = s[0]
		}
		if s[0] != out[0] && s[0] != 1 || !s[2:].Eq(out[2:]) {
			return nil, fmt.Errorf("input %d is %s, which does not fit beside %s", i, shapeText(s), shapeText(in[0]))
		}
	}
	return out, nil
}

// Shape is (B,Hi−Lo,...).
func (p SliceOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) < 2 || p.Lo < 0 || p.Hi <= p.Lo || p.Hi > x[1] {
		return nil, fmt.Errorf("no channels %d..%d in x %s", p.Lo, p.Hi, shapeText(x))
	}
	return withChannels(x, p.Hi-p.Lo), nil
}

// Shape is (B,Channels,...).
func (p EmbedOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) < 2 || p.Lo < 0 || p.Lo+x[1] > p.Channels {
		return nil, fmt.Errorf("x %s does not fit at channel %d of %d", shapeText(x), p.Lo, p.Channels)
	}
	return withChannels(x, p.Channels), nil
}

// Shape is x's.
func (p PermuteOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if len(in[0]) < 2 || in[0][1] != len(p.Perm) {
		return nil, fmt.Errorf("a permutation of %d channels cannot reorder x %s", len(p.Perm), shapeText(in[0]))
	}
	return in[0].Clone(), nil
}

func withChannels(s tensor.Shape, c int) tensor.Shape {
	s = s.Clone()
	s[1] = c
	return s
}

func (p ConcatOp) Float32(c *Call[float32])  { concat(c) }
func (p ConcatOp) Float64(c *Call[float64])  { concat(c) }
func (p SliceOp) Float32(c *Call[float32])   { slice(p, c) }
func (p SliceOp) Float64(c *Call[float64])   { slice(p, c) }
func (p EmbedOp) Float32(c *Call[float32])   { embed(p, c) }
func (p EmbedOp) Float64(c *Call[float64])   { embed(p, c) }
func (p PermuteOp) Float32(c *Call[float32]) { permute(p, c) }
func (p PermuteOp) Float64(c *Call[float64]) { permute(p, c) }

// planes returns the number of channels of an array and the size of one channel of one sample.
func (a Array[T]) planes() (channels, size int) {
	return a.Shape[1], len(a.Data) / a.Shape[0] / a.Shape[1]
}

func concat[T Float](c *Call[T]) {
	channels, size := c.Y.planes()
	rows(c.Y.Shape[0], channels*size, func(b int) {
		y := c.Y.Data[b*channels*size : (b+1)*channels*size]
		for _, x := range c.X {
			n := x.Shape[1] * size
			at := b * n
			if x.Shape[0] == 1 {
				at = 0
			}
			y = y[copy(y, x.Data[at:at+n]):]
		}
	})
}

func slice[T Float](p SliceOp, c *Call[T]) {
	from, size := c.X[0].planes()
	n := (p.Hi - p.Lo) * size
	rows(c.Y.Shape[0], n, func(b int) {
		copy(c.Y.Data[b*n:(b+1)*n], c.X[0].Data[(b*from+p.Lo)*size:])
	})
}

func embed[T Float](p EmbedOp, c *Call[T]) {
	channels, size := c.X[0].planes()
	n, lo := channels*size, p.Lo*size
	rows(c.Y.Shape[0], p.Channels*size, func(b int) {
		y := c.Y.Data[b*p.Channels*size : (b+1)*p.Channels*size]
		clear(y[:lo])
		copy(y[lo:], c.X[0].Data[b*n:(b+1)*n])
		clear(y[lo+n:])
	})
}

func permute[T Float](p PermuteOp, c *Call[T]) {
	channels, size := c.Y.planes()
	rows(c.Y.Shape[0]*channels, size, func(i int) {
		from := i - i%channels + p.Perm[i%channels]
		copy(c.Y.Data[i*size:(i+1)*size], c.X[0].Data[from*size:(from+1)*size])
	})
}

// Grad cuts dy back into its parts; a repeated input gets the sum over the batch.
func (p ConcatOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	out, lo := make([]*G.Node, len(x)), 0
	for i, n := range x {
		s := n.Shape()
		out[i] = c.do(SliceChannels(dy, lo, lo+s[1]))
		if s[0] != y.Shape()[0] {
			out[i] = c.do(BatchSum(out[i]))
		}
		lo += s[1]
	}
	return c.nodes(out...)
}

// Grad puts dy back in its place among zeros.
func (p SliceOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(apply(EmbedOp{p.Lo, x[0].Shape()[1]}, dy)))
}

// Grad cuts out the part that x filled.
func (p EmbedOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(SliceChannels(dy, p.Lo, p.Lo+x[0].Shape()[1])))
}

// Grad reorders dy by the inverse permutation.
func (p PermuteOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(Permute(dy, inverse(p.Perm))))
}
