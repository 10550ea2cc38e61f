package onnx

import "github.com/msflow-go/msflow/lib/op"

func init() {
	always(func(l *lowering, p op.LayerNormOp, a args) Value { return l.layerNorm(a, p.Eps) })
}

// layerNorm is (x−μ)/√(σ²+eps)⊙g + δ with the moments of every pixel over its channels.
func (l *lowering) layerNorm(a args, eps float64) Value {
	mean := func(x Value) Value { return l.Op("ReduceMean", On(x), Ints("axes", 1)) }
	centred := l.Op("Sub", On(a.x[0], mean(a.x[0])))
	deviation := l.Op("Sqrt", On(l.Affine(mean(l.Op("Mul", On(centred, centred))), 1, eps)))
	normal := l.Op("Div", On(centred, deviation))
	dims := perChannel(len(a.out), a.out[1])
	return l.Op("Add", On(l.Op("Mul", On(normal, l.Reshape(a.x[1], dims...))), l.Reshape(a.x[2], dims...)))
}
