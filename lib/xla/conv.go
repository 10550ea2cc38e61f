package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.Conv2DOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.conv(p, x)
	})
	always(func(l *lowering, p op.ConvGradInputOp, x []*hlo.Value, out hlo.Type) *hlo.Value {
		return l.convGradInput(p, x[0], x[1], out)
	})
	always(func(l *lowering, p op.ConvGradWeightOp, x []*hlo.Value, out hlo.Type) *hlo.Value {
		return l.convGradWeight(p, x[0], x[1], out)
	})
}

// A convolution and both its gradients are convolutions. Along one axis, with kernel k, stride s, dilation d and zeros p
// before the input x:
//
//	forward     x ∗ w                      stride s, kernel dilated by d
//	∂/∂x        dy ∗ reversed w            stride 1, dy dilated by s, kernel dilated by d, d(k−1)−p zeros before
//	∂/∂w        x ∗ dy, batch ↔ channels   stride d, dy as the kernel dilated by s, p zeros before
//
// and as many zeros after as make the result's size.

func (l *lowering) conv(p op.Conv2DOp, in []*hlo.Value) *hlo.Value {
	x, w := in[0], in[1]
	y := l.convolution(x, w, hlo.Conv{
		Axes: hlo.ConvAxes{In: "bf01", Kernel: "oi01", Out: "bf01"}, Stride: p.Stride,
		Pad: [2][2]int{{p.Pad[0], p.Pad[1]}, {p.Pad[2], p.Pad[3]}}, DilateIn: [2]int{1, 1}, DilateOut: p.Dilation,
		FeatureGroups: p.Groups,
	})
	if len(in) == 2 {
		return y
	}
	return l.f.Add(y, l.f.Broadcast(in[2], y.Dims, 1))
}

func (l *lowering) convGradInput(p op.ConvGradInputOp, dy, w *hlo.Value, dx hlo.Type) *hlo.Value {
	w = l.swapGroups(l.f.Reverse(w, 2, 3), p.Groups)
	c := hlo.Conv{
		Axes: hlo.ConvAxes{In: "bf01", Kernel: "io01", Out: "bf01"}, Stride: [2]int{1, 1},
		DilateIn: p.Stride, DilateOut: p.Dilation, FeatureGroups: p.Groups,
	}
	for i := range 2 {
		reach := p.Dilation[i] * (w.Dims[2+i] - 1)
		before := reach - p.Pad[2*i]
		span := (dy.Dims[2+i]-1)*p.Stride[i] + 1
		c.Pad[i] = [2]int{before, dx.Dims[2+i] - (span - reach) - before}
	}
	return l.convolution(dy, w, c)
}

// swapGroups brings a kernel (O,I/g,...) into the form whose first axis is one group's outputs and whose second is the
// groups' inputs one after another, (O/g,I,...).
func (l *lowering) swapGroups(w *hlo.Value, groups int) *hlo.Value {
	if groups == 1 {
		return w
	}
	o, i, kh, kw := w.Dims[0]/groups, w.Dims[1], w.Dims[2], w.Dims[3]
	split := l.f.Transpose(l.f.Reshape(w, groups, o, i, kh, kw), 1, 0, 2, 3, 4)
	return l.f.Reshape(split, o, groups*i, kh, kw)
}

func (l *lowering) convGradWeight(p op.ConvGradWeightOp, x, dy *hlo.Value, dw hlo.Type) *hlo.Value {
	c := hlo.Conv{
		Axes: hlo.ConvAxes{In: "fb01", Kernel: "io01", Out: "fb01"}, Stride: p.Dilation,
		DilateIn: [2]int{1, 1}, DilateOut: p.Stride, Groups: p.Groups,
	}
	for i := range 2 {
		need := (dw.Dims[2+i]-1)*p.Dilation[i] + (dy.Dims[2+i]-1)*p.Stride[i] + 1
		c.Pad[i] = [2]int{p.Pad[2*i], need - x.Dims[2+i] - p.Pad[2*i]}
	}
	return l.convolution(x, dy, c)
}

// convolution computes in the program's precision. In bfloat16 operands and result are rounded, as the tensor cores take
// and give them; the sums inside are float32. A single output channel, such as a mean over channels, is a sum that tensor
// cores do not speed up: it stays in float32.
func (l *lowering) convolution(x, w *hlo.Value, c hlo.Conv) *hlo.Value {
	c.Precision = l.precision.attribute()
	if c.Axes.Kernel == "oi01" && w.Dims[0] == 1 {
		c.Precision = hlo.Highest
		return l.f.Convolution(x, w, c)
	}
	if l.precision != BFloat16 || x.DType != hlo.F32 {
		return l.f.Convolution(x, w, c)
	}
	y := l.f.Convolution(l.f.Convert(x, hlo.BF16), l.f.Convert(w, hlo.BF16), c)
	return l.f.Convert(y, x.DType)
}
