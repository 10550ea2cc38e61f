package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Haar halves height and width by the two-dimensional Haar wavelet transform: of each 2×2 block (a b; c d) it keeps the
// mean and the three differences,
//
//	½·(a+b+c+d)  ½·(a−b+c−d)  ½·(a+b−c−d)  ½·(a−b−c+d)
//
// that is, the average and the details along the width, along the height and along the diagonal. The 4×4 matrix of signs
// over two is orthogonal and its own inverse, so ln|det| = 0. Its [Inverse] doubles height and width.
type Haar struct{ byWavelet bool }

// NewHaar orders the channels by wavelet, all averages first, so that a [Split] can part coarse from fine; or else by
// channel, the four values of each channel side by side.
func NewHaar(byWavelet bool) *Haar { return &Haar{byWavelet} }

// Out is (4C, H/2, W/2).
func (h *Haar) Out(in []Map) ([]Map, error) { return downShape("Haar", in, 2) }

// In is (C/4, 2H, 2W).
func (h *Haar) In(out []Map) ([]Map, error) { return upShape("Haar", out, 2) }

// Forward gathers the blocks into channels and transforms them.
func (h *Haar) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := h.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	z := c.haar(c.spaceToDepth(x[0], 2))
	if h.byWavelet {
		z = c.permute(z, byWavelet(MapOf(x[0]).C))
	}
	return []*G.Node{z}, c.zeros(), c.fail("Haar")
}

// Inverse transforms back and spreads the channels into blocks.
func (h *Haar) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := h.In(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c, x := t.calc(), z[0]
	if h.byWavelet {
		x = c.permute(x, InversePermutation(byWavelet(MapOf(x).C/4)))
	}
	return []*G.Node{c.depthToSpace(c.haar(x), 2)}, c.zeros(), c.fail("Haar")
}

// Params is empty.
func (h *Haar) Params() []*Param { return nil }

// byWavelet takes channel k of every source channel together: position k·C+c holds 4c+k.
func byWavelet(C int) []int {
	π := make([]int, 4*C)
	for k := range 4 {
		for c := range C {
			π[k*C+c] = 4*c + k
		}
	}
	return π
}

// haar multiplies each four channels by the transform's matrix: a 1×1 convolution in groups.
func (c *calc) haar(x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	groups := MapOf(x).C / 4
	signs := [16]float64{1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1}
	w := c.t.Const(fmt.Sprintf("haar(%d)", groups), func() []float64 {
		v := make([]float64, 16*groups)
		for i := range v {
			v[i] = signs[i%16] / 2
		}
		return v
	}, 4*groups, 4, 1, 1)
	return c.convNode(x, w, nil, groups)
}
