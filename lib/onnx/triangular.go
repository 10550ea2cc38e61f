package onnx

import "github.com/msflow-go/msflow/lib/op"

func init() {
	always(func(l *lowering, p op.TriangularPartOp, a args) Value { return l.triangularPart(p, a) })
}

// triangularPart keeps the strict lower or upper triangle of w (C,C,1,1).
func (l *lowering) triangularPart(p op.TriangularPartOp, a args) Value {
	upper, first := 0, -1
	if p.Upper {
		upper, first = 1, 1
	}
	square := l.Reshape(a.x[0], a.out[0], a.out[1])
	return l.Reshape(l.Op("Trilu", On(square, l.IntegersOf([]int{first})), Int("upper", upper)), a.out...)
}
