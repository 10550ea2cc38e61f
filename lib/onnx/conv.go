package onnx

import (
	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
)

func init() {
	always(func(l *lowering, p op.Conv2DOp, a args) Value { return l.conv(p, a.x) })
}

// conv is the convolution of x with w and perhaps a bias.
func (l *lowering) conv(p op.Conv2DOp, in []Value) Value {
	return l.Op("Conv", in, Ints("strides", p.Stride[:]...), Ints("dilations", p.Dilation[:]...), Int("group", p.Groups),
		Ints("pads", p.Pad[0], p.Pad[2], p.Pad[1], p.Pad[3]))
}

// sharedInput are x and P of a convolution of [x; P], where one P is for all samples, and then the other inputs; nil for
// any other op.
func sharedInput(p op.Primitive, nodes []*G.Node) []*G.Node {
	c, ok := p.(op.Conv2DOp)
	if !ok || c.Groups != 1 {
		return nil
	}
	if _, ok := op.PrimitiveOf(nodes[0]).(op.ConcatOp); !ok {
		return nil
	}
	in := op.Inputs(nodes[0])
	if len(in) != 2 || in[0].Shape()[0] == 1 || in[1].Shape()[0] != 1 {
		return nil
	}
	return append(in, nodes[1:]...)
}

// sharedConv is w_x ∗ x + (w_P ∗ P + bias). A runtime computes the bracket once, since all in it is constant.
func (l *lowering) sharedConv(p op.Conv2DOp, nodes []*G.Node) (Value, error) {
	in, err := l.nodes(nodes)
	if err != nil {
		return "", err
	}
	c, all := nodes[0].Shape()[1], nodes[2].Shape()[1]
	y := l.conv(p, On(in[0], l.slice(in[2], 1, 0, c)))
	base := l.conv(p, append(On(in[1], l.slice(in[2], 1, c, all)), in[3:]...))
	return l.Op("Add", On(y, base)), nil
}

// slice is elements lo to hi−1 along an axis.
func (g *Graph) slice(v Value, axis, lo, hi int) Value {
	return g.Op("Slice", On(v, g.Integers(lo), g.Integers(hi), g.Integers(axis)))
}
