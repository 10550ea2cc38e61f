package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
)

// A convolution is linear in its input's channels. Of an input [x; P] in which all samples share P, such as a position
// code,
//
//	y[b] = w_x ∗ x[b] + (w_P ∗ P + bias)          the bracket once for the batch
//	∂w_x = Σ_b dy[b] ⋆ x[b],  ∂w_P = (Σ_b dy[b]) ⋆ P
//
// and ∂x needs w_x alone, where nobody asks for the gradient by P. The graph stays as it was written; a program computes
// it so, and never joins x and P.

// simplified translates a node whose inputs have one of these forms; nil otherwise.
func (l *lowering) simplified(n *G.Node) (*hlo.Value, error) {
	in := op.Inputs(n)
	switch p := op.PrimitiveOf(n).(type) {
	case op.Conv2DOp:
		if x, shared := sharedPart(in[0], p.Conv); x != nil {
			return l.sharedConv(p, append([]*G.Node{x, shared}, in[1:]...))
		}
	case op.ConvGradWeightOp:
		if x, shared := sharedPart(in[0], p.Conv); x != nil {
			return l.sharedConvGradWeight(p, x, shared, in[1])
		}
	case op.SliceOp:
		if g, ok := op.PrimitiveOf(in[0]).(op.ConvGradInputOp); ok && g.Groups == 1 {
			return l.partConvGradInput(g, p, in[0])
		}
	}
	return nil, nil
}

// sharedPart takes a joint input apart: x of several samples and P of one for all. Both are nil for any other input.
func sharedPart(n *G.Node, c op.Conv) (x, shared *G.Node) {
	if _, ok := op.PrimitiveOf(n).(op.ConcatOp); !ok || c.Groups != 1 {
		return nil, nil
	}
	in := op.Inputs(n)
	if len(in) != 2 || in[0].Shape()[0] == 1 || in[1].Shape()[0] != 1 {
		return nil, nil
	}
	return in[0], in[1]
}

// sharedConv is the convolution of x, P, w and perhaps a bias.
func (l *lowering) sharedConv(p op.Conv2DOp, nodes []*G.Node) (*hlo.Value, error) {
	in, err := l.nodes(nodes)
	if err != nil {
		return nil, err
	}
	x, shared, w, c := in[0], in[1], in[2], in[0].Dims[1]
	y := l.conv(p, []*hlo.Value{x, l.f.SliceAxis(w, 1, 0, c)})
	base := l.conv(p, append([]*hlo.Value{shared, l.f.SliceAxis(w, 1, c, w.Dims[1])}, in[3:]...))
	return l.f.Add(y, l.f.Broadcast(base, y.Dims, indices(4)...)), nil
}

func (l *lowering) sharedConvGradWeight(p op.ConvGradWeightOp, nodes ...*G.Node) (*hlo.Value, error) {
	in, err := l.nodes(nodes)
	if err != nil {
		return nil, err
	}
	x, shared, dy := in[0], in[1], in[2]
	size := func(x *hlo.Value) hlo.Type { return hlo.Of(dy.DType, dy.Dims[1], x.Dims[1], p.KH, p.KW) }
	total := l.f.Reshape(l.f.Sum(dy, 0), append([]int{1}, dy.Dims[1:]...)...)
	return l.f.Concat(1, l.convGradWeight(p, x, dy, size(x)), l.convGradWeight(p, shared, total, size(shared))), nil
}

// partConvGradInput is some channels of the gradient by a convolution's input.
func (l *lowering) partConvGradInput(p op.ConvGradInputOp, part op.SliceOp, gradient *G.Node) (*hlo.Value, error) {
	in, err := l.nodes(op.Inputs(gradient))
	if err != nil {
		return nil, err
	}
	dx := hlo.Of(in[0].DType, in[0].Dims[0], part.Hi-part.Lo, p.H, p.W)
	return l.convGradInput(p, in[0], l.f.SliceAxis(in[1], 1, part.Lo, part.Hi), dx), nil
}
