package onnx

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
)

func init() {
	lowers(func(l *lowering, p op.SumOp, a args) (Value, error) { return l.sum(p.Over, a.x[0], a) })
	lowers(func(l *lowering, p op.DotOp, a args) (Value, error) {
		return l.sum(op.OverChannel, l.Op("Mul", On(a.x...)), a)
	})
	lowers(func(l *lowering, p op.ExpandOp, a args) (Value, error) {
		if p.Over != op.OverAll {
			return "", fmt.Errorf("an expansion over %s: %w", p.Over, ErrNoLowering)
		}
		return l.Op("Expand", On(a.x[0], l.Integers(p.Out...))), nil
	})
}

// sum adds up over a part of the axes.
func (l *lowering) sum(over op.Over, x Value, a args) (Value, error) {
	var axes []int
	for i := range a.shapes[0] {
		if over == op.OverAll || over == op.OverSample && i > 0 || over == op.OverChannel && i != 1 || over == op.OverBatch && i == 0 {
			axes = append(axes, i)
		}
	}
	y := l.Op("ReduceSum", On(x, l.Integers(axes...)), Int("keepdims", 0))
	if over == op.OverSample {
		return l.Reshape(y, kept(a.out[1:]...)...), nil
	}
	return l.Reshape(y, a.out...), nil
}
