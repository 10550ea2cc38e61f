package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.SumOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.sum(p.Over, x[0], p.Out)
	})
	always(func(l *lowering, p op.ExpandOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.expand(p, x[0])
	})
	always(func(l *lowering, p op.DotOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.sum(op.OverChannel, l.f.Mul(x[0], x[1]), p.Out)
	})
}

// sum adds up over a part of the axes; out is the shape that the result is given.
func (l *lowering) sum(over op.Over, x *hlo.Value, out []int) *hlo.Value {
	var axes []int
	switch over {
	case op.OverAll:
		axes = indices(x.Rank())
	case op.OverSample:
		axes = allBut(x.Type, 0)
	case op.OverChannel:
		axes = allBut(x.Type, 1)
	case op.OverBatch:
		axes = []int{0}
	default:
		panic("xla: a sum over " + string(over))
	}
	return l.f.Reshape(l.f.Sum(x, axes...), out...)
}

// expand repeats where sum would have added.
func (l *lowering) expand(p op.ExpandOp, x *hlo.Value) *hlo.Value {
	switch p.Over {
	case op.OverAll:
		return l.f.Broadcast(l.f.Reshape(x), p.Out)
	case op.OverSample:
		return l.f.Broadcast(l.f.Reshape(x, p.Out[0]), p.Out, 0)
	case op.OverChannel:
		return l.f.Broadcast(l.f.Reshape(x, p.Out[1]), p.Out, 1)
	case op.OverBatch:
		return l.f.Broadcast(l.f.Reshape(x, p.Out[1:]...), p.Out, indices(len(p.Out))[1:]...)
	}
	panic("xla: an expansion over " + string(p.Over))
}
