package xla

import (
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// matrixProduct is any product of vectors, matrices and stacks of matrices, each perhaps transposed.
func matrixProduct(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	a, b := in[0], in[1]
	if a.Rank() == 1 && b.Rank() == 1 && out.Rank() == 2 { // outer product
		return l.product(l.f.Reshape(a, a.Size(), 1), l.f.Reshape(b, 1, b.Size()), hlo.DotAxes{ContractA: []int{1}, ContractB: []int{0}}), nil
	}
	var axes hlo.DotAxes
	for i := range max(min(a.Rank(), b.Rank())-2, 0) {
		axes.BatchA, axes.BatchB = append(axes.BatchA, i), append(axes.BatchB, i)
	}
	axes.ContractA, axes.ContractB = []int{a.Rank() - 1}, []int{max(b.Rank()-2, 0)}
	if op.bool("transA") && a.Rank() > 1 {
		axes.ContractA[0] = a.Rank() - 2
	}
	if op.bool("transB") && b.Rank() > 1 {
		axes.ContractB[0] = b.Rank() - 1
	}
	return l.product(a, b, axes), nil
}

func tensordot(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	return l.product(in[0], in[1], hlo.DotAxes{ContractA: op.ints("aAxes"), ContractB: op.ints("bAxes")}), nil
}

// product computes in the program's precision, see convolution.
func (l *lowering) product(a, b *hlo.Value, axes hlo.DotAxes) *hlo.Value {
	if l.precision != BFloat16 || a.DType != hlo.F32 {
		return l.f.Dot(a, b, axes, l.precision.attribute())
	}
	y := l.f.Dot(l.f.Convert(a, hlo.BF16), l.f.Convert(b, hlo.BF16), axes, hlo.Default)
	return l.f.Convert(y, a.DType)
}

// softmaxAxis is the axis that sums to one; −1 is the last.
func softmaxAxis(op fields, x *hlo.Value) int {
	if axis := op.int("axis"); axis >= 0 {
		return axis
	}
	return x.Rank() - 1
}

// over repeats what a reduction along an axis left.
func (l *lowering) over(v *hlo.Value, like hlo.Type, axis int) *hlo.Value {
	return l.f.Broadcast(v, like.Dims, allBut(like, axis)...)
}

func softmax(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	f, x := l.f, in[0]
	axis := softmaxAxis(op, x)
	shifted := f.Sub(x, l.over(f.Reduce("maximum", x, axis), x.Type, axis))
	e := f.Unary("exponential", shifted)
	sum := f.Sum(e, axis)
	if op.bool("isLog") {
		return f.Sub(shifted, l.over(f.Unary("log", sum), x.Type, axis)), nil
	}
	return f.Div(e, l.over(sum, x.Type, axis)), nil
}

// softmaxGrad is y⊙(dy − Σ dy⊙y), or dy − eʸ·Σ dy of the logarithm.
func softmaxGrad(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	f, y, dy := l.f, in[1], in[2]
	axis := softmaxAxis(op, y)
	if op.bool("isLog") {
		return f.Sub(dy, f.Mul(f.Unary("exponential", y), l.over(f.Sum(dy, axis), y.Type, axis))), nil
	}
	inner := f.Sum(f.Mul(dy, y), axis)
	return f.Mul(y, f.Sub(dy, l.over(inner, y.Type, axis))), nil
}
