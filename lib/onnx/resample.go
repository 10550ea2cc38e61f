package onnx

import "github.com/msflow-go/msflow/lib/op"

func init() {
	always(func(l *lowering, p op.ResampleOp, a args) Value { return l.resample(p, a.x[0]) })
	always(func(l *lowering, p op.MaxPoolOp, a args) Value {
		return l.Op("MaxPool", a.x, Ints("kernel_shape", p.K, p.K), Ints("strides", p.Stride, p.Stride), Ints("pads", p.Pad, p.Pad, p.Pad, p.Pad))
	})
}

// resample maps rows and columns by their matrices: y = R·x·Cᵀ. Pooling windows and mirrored borders have operators of
// their own.
func (g *Graph) resample(p op.ResampleOp, x Value) Value {
	r, c := p.Rows, p.Cols
	switch {
	case p.Transposed:
	case r.Map == "window" && c.Map == "window":
		return g.averageWindows(r, c, x)
	case r.Map == "reflect" && c.Map == "reflect":
		pads := g.Integers(0, 0, r.A, c.A, 0, 0, r.Out-r.In-r.A, c.Out-c.In-c.A)
		return g.Op("Pad", On(x, pads), Text("mode", "reflect"))
	}
	return g.matrices(x, r.Matrix(), transposed(c.Matrix()), p.Transposed)
}

// matrices is left·x·right, or with both of them transposed.
func (g *Graph) matrices(x Value, left, right [][]float64, transpose bool) Value {
	if transpose {
		left, right = transposed(left), transposed(right)
	}
	return g.Op("MatMul", On(g.matrix(left), g.Op("MatMul", On(x, g.matrix(right)))))
}

func (g *Graph) matrix(m [][]float64) Value {
	var flat []float32
	for _, row := range m {
		for _, v := range row {
			flat = append(flat, float32(v))
		}
	}
	return g.Floats("matrix", flat, len(m), len(m[0]))
}

func transposed(m [][]float64) [][]float64 {
	out := make([][]float64, len(m[0]))
	for i := range out {
		out[i] = make([]float64, len(m))
		for j, row := range m {
			out[i][j] = row[i]
		}
	}
	return out
}

// averageWindows is the mean of every window, zeros around counted.
func (g *Graph) averageWindows(r, c op.Axis, x Value) Value {
	after := func(a op.Axis) int { return max(0, (a.Out-1)*a.B+a.A-a.In-a.C) }
	return g.Op("AveragePool", On(x), Ints("kernel_shape", r.A, c.A), Ints("strides", r.B, c.B), Int("count_include_pad", 1),
		Ints("pads", r.C, c.C, after(r), after(c)))
}

// Resize interpolates maps (N,C,H,W) bilinearly to another height and width, with the corner pixels of both aligned.
func (g *Graph) Resize(v Value, from, to [2]int) Value {
	if from == to {
		return v
	}
	rows, columns := op.Axis{Map: "linear", In: from[0], Out: to[0]}, op.Axis{Map: "linear", In: from[1], Out: to[1]}
	return g.resample(op.ResampleOp{Rows: rows, Cols: columns}, v)
}
