package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.ResampleOp, x []*hlo.Value, out hlo.Type) *hlo.Value {
		return l.resample(p, x[0], out)
	})
	always(func(l *lowering, p op.MaxPoolOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.f.ReduceWindow("maximum", x[0], poolWindow(p))
	})
	always(func(l *lowering, p op.MaxPoolGradOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.f.SelectAndScatter(x[0], x[2], poolWindow(op.MaxPoolOp(p)))
	})
}

// resample maps rows and columns by their matrices. Pooling windows and mirrored borders have ops of their own, which move
// less memory than a product.
func (l *lowering) resample(p op.ResampleOp, x *hlo.Value, out hlo.Type) *hlo.Value {
	switch {
	case p.Rows.Map == "window" && p.Cols.Map == "window":
		return l.averageWindows(p, x)
	case p.Rows.Map == "reflect" && p.Cols.Map == "reflect" && !p.Transposed:
		return l.mirror(l.mirror(x, 2, p.Rows), 3, p.Cols)
	}
	columns := l.resampleAxis(x, 3, p.Cols, p.Transposed)
	return l.resampleAxis(columns, 2, p.Rows, p.Transposed)
}

// resampleAxis multiplies one axis of (B,C,H,W) by the map's matrix.
func (l *lowering) resampleAxis(x *hlo.Value, axis int, a op.Axis, transposed bool) *hlo.Value {
	m := l.matrix(a, x.DType)
	from := 1 // of the matrix (Out,In)
	if transposed {
		from = 0
	}
	y := l.f.Dot(x, m, hlo.DotAxes{ContractA: []int{axis}, ContractB: []int{from}}, hlo.Highest)
	if axis == 3 {
		return y
	}
	return l.f.Transpose(y, 0, 1, 3, 2)
}

func (l *lowering) matrix(a op.Axis, d hlo.DType) *hlo.Value {
	var flat []float64
	for _, row := range a.Matrix() {
		flat = append(flat, row...)
	}
	return l.f.Constant(hlo.Of(d, a.Out, a.In), flat)
}

// averageWindows is the mean of every window, or its transpose: each dy spread over its window.
func (l *lowering) averageWindows(p op.ResampleOp, x *hlo.Value) *hlo.Value {
	r, c := p.Rows, p.Cols
	w := hlo.Window{Size: []int{1, 1, r.A, c.A}, Stride: []int{1, 1, r.B, c.B}, Pad: [][2]int{{}, {}, windowEnds(r), windowEnds(c)}}
	if p.Transposed {
		w.Stride, w.Dilate = []int{1, 1, 1, 1}, w.Stride
		for i, a := range []op.Axis{r, c} {
			before := a.A - 1 - a.C
			w.Pad[2+i] = [2]int{before, a.In - 1 + a.A - (a.Out-1)*a.B - 1 - before}
		}
	}
	return l.f.Scale(l.f.ReduceWindow("add", x, w), 1/float64(r.A*c.A))
}

// windowEnds are the zeros before an axis and those after it that the last window covers, or minus what no window reaches.
func windowEnds(a op.Axis) [2]int {
	return [2]int{a.C, (a.Out-1)*a.B + a.A - a.In - a.C}
}

// mirror adds cells before and after an axis that repeat those next to its ends in reverse order.
func (l *lowering) mirror(x *hlo.Value, axis int, a op.Axis) *hlo.Value {
	parts := []*hlo.Value{x}
	if a.A > 0 {
		parts = append([]*hlo.Value{l.f.Reverse(l.f.SliceAxis(x, axis, 1, a.A+1), axis)}, parts...)
	}
	if after := a.Out - a.In - a.A; after > 0 {
		parts = append(parts, l.f.Reverse(l.f.SliceAxis(x, axis, a.In-1-after, a.In-1), axis))
	}
	return l.f.Concat(axis, parts...)
}

// poolWindow is a max pool's window over (B,C,H,W). Its padding after an axis may be cut so that only whole windows count.
func poolWindow(p op.MaxPoolOp) hlo.Window {
	return hlo.Window{
		Size: []int{1, 1, p.K, p.K}, Stride: []int{1, 1, p.Stride, p.Stride},
		Pad: [][2]int{{}, {}, {p.Pad, p.Pad}, {p.Pad, p.Pad}},
	}
}
