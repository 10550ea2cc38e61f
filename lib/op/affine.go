package op

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// AffineOp is y[b,c,...] = x[b,c,...]·g[c] + δ[c]. Its inputs are x, then g if Gain, then δ if Offset.
type AffineOp struct{ Gain, Offset bool }

// ChannelAffine is x⊙g+δ for x (B,C,...), where gain g and offset δ hold one value per channel, in any shape of C values
// such as (C) or (1,C,1,1). Either may be nil: no gain is 1, no offset is 0.
func ChannelAffine(x, gain, offset *G.Node) (*G.Node, error) {
	in := []*G.Node{x}
	for _, n := range []*G.Node{gain, offset} {
		if n != nil {
			in = append(in, n)
		}
	}
	return apply(AffineOp{gain != nil, offset != nil}, in...)
}

func (p AffineOp) String() string {
	return fmt.Sprintf("ChannelAffine{gain %t offset %t}", p.Gain, p.Offset)
}

// Shape is x's.
func (p AffineOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) < 2 {
		return nil, fmt.Errorf("x %s has no channel axis", shapeText(x))
	}
	for _, s := range in[1:] {
		if s.TotalSize() != x[1] {
			return nil, fmt.Errorf("x %s has %d channels but gain or offset is %s", shapeText(x), x[1], shapeText(s))
		}
	}
	return x.Clone(), nil
}

// Overwrites lets y be x.
func (p AffineOp) Overwrites() int { return 1 }

func (p AffineOp) Float32(c *Call[float32]) { affine(p, c, scaleShift32) }
func (p AffineOp) Float64(c *Call[float64]) { affine(p, c, scaleShift) }

func affine[T Float](p AffineOp, c *Call[T], scaleShift func(y, x []T, g, d T)) {
	x, y, channels := c.X[0].Data, c.Y.Data, c.Y.Shape[1]
	size := len(y) / c.Y.Shape[0] / channels
	rows(c.Y.Shape[0]*channels, size, func(i int) {
		g, d := coefficients(p, c, i%channels)
		scaleShift(y[i*size:(i+1)*size], x[i*size:(i+1)*size], g, d)
	})
}

// coefficients are the gain and offset of one channel.
func coefficients[T Float](p AffineOp, c *Call[T], channel int) (g, d T) {
	g = 1
	if p.Gain {
		g = c.X[1].Data[channel]
	}
	if p.Offset {
		d = c.X[len(c.X)-1].Data[channel]
	}
	return g, d
}

func scaleShift32(y, x []float32, g, d float32) {
	simd.Scale(y, g, x)
	if d != 0 {
		simd.AddConst(y, d, y)
	}
}

func scaleShift(y, x []float64, g, d float64) {
	for i, v := range x {
		y[i] = v*g + d
	}
}

// Grad: dx = dy⊙g, dg = Σ x⊙dy, dδ = Σ dy, the sums over batch and pixels.
func (p AffineOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	out := []*G.Node{dy}
	if p.Gain {
		out[0] = c.do(ChannelAffine(dy, x[1], nil))
		out = append(out, c.do(apply(DotOp{x[1].Shape().Clone()}, x[0], dy)))
	}
	if p.Offset {
		out = append(out, c.do(apply(SumOp{OverChannel, x[len(x)-1].Shape().Clone()}, dy)))
	}
	return c.nodes(out...)
}
