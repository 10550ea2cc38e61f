package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.TriangularPartOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.triangularPart(p, x[0])
	})
	always(func(l *lowering, p op.TriangularSolveOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.triangularSolve(p, x[0], x[1])
	})
}

// triangularPart keeps the strict lower or upper triangle of w (C,C,1,1).
func (l *lowering) triangularPart(p op.TriangularPartOp, w *hlo.Value) *hlo.Value {
	f, index := l.f, hlo.Of(hlo.I32, w.Dims...)
	row, col := f.Iota(index, 0), f.Iota(index, 1)
	if p.Upper {
		row, col = col, row
	}
	return f.Select(f.Compare("GT", row, col), w, f.Splat(w.Type, 0))
}

// triangularSolve solves T·y = x at every pixel: the pixels of a sample are the right-hand sides.
func (l *lowering) triangularSolve(p op.TriangularSolveOp, x, w *hlo.Value) *hlo.Value {
	f := l.f
	b, c, n := x.Dims[0], x.Dims[1], x.Dims[2]*x.Dims[3]
	t := f.Broadcast(f.Reshape(w, c, c), []int{b, c, c}, 1, 2)
	y := f.TriangularSolve(t, f.Reshape(x, b, c, n), !p.Upper, hlo.Transposed(p.Transpose))
	return f.Reshape(y, x.Dims...)
}
