package xla

import (
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// patches is the geometry of im2col: kernel, padding, stride and dilation along rows and columns.
type patches struct{ kernel, pad, stride, dilation [2]int }

func (f fields) patches() patches {
	pair := func(h, w string) [2]int { return [2]int{f.int(h), f.int(w)} }
	return patches{pair("h", "w"), pair("padH", "padW"), pair("strideH", "strideW"), pair("dilationH", "dilationW")}
}

// taps calls fn for every cell of the kernel with its offset in the padded image.
func (p patches) taps(fn func(k, y, x int)) {
	for k := range p.kernel[0] * p.kernel[1] {
		fn(k, k/p.kernel[1]*p.dilation[0], k%p.kernel[1]*p.dilation[1])
	}
}

// im2col lays the patch of every output pixel side by side: (B,C,H,W) becomes (B,OH,OW,C·KH·KW).
func im2col(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	f, p, x := l.f, op.patches(), in[0]
	b, c, oh, ow := x.Dims[0], x.Dims[1], out.Dims[1], out.Dims[2]
	edge := []int{0, 0, p.pad[0], p.pad[1]}
	padded := f.Pad(x, 0, edge, edge, make([]int, 4))
	var parts []*hlo.Value
	p.taps(func(_, y, x int) {
		cut := f.Slice(padded, []int{0, 0, y, x}, []int{b, c, y + (oh-1)*p.stride[0] + 1, x + (ow-1)*p.stride[1] + 1}, []int{1, 1, p.stride[0], p.stride[1]})
		parts = append(parts, f.Reshape(cut, b, c, 1, oh, ow))
	})
	all := f.Transpose(f.Concat(2, parts...), 0, 3, 4, 1, 2)
	return f.Reshape(all, out.Dims...), nil
}

// col2im adds every patch back to the pixels it came from.
func col2im(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	f, p, dy := l.f, op.patches(), in[0]
	b, c, h, w, oh, ow := out.Dims[0], out.Dims[1], out.Dims[2], out.Dims[3], dy.Dims[1], dy.Dims[2]
	taps := f.Transpose(f.Reshape(dy, b, oh, ow, c, p.kernel[0]*p.kernel[1]), 0, 3, 4, 1, 2)
	sum := f.Splat(out, 0)
	p.taps(func(k, y, x int) {
		part := f.Reshape(f.SliceAxis(taps, 2, k, k+1), b, c, oh, ow)
		low := []int{0, 0, y - p.pad[0], x - p.pad[1]}
		high := []int{0, 0, h - low[2] - ((oh-1)*p.stride[0] + 1), w - low[3] - ((ow-1)*p.stride[1] + 1)}
		sum = f.Add(sum, f.Pad(part, 0, low, high, []int{0, 0, p.stride[0] - 1, p.stride[1] - 1}))
	})
	return sum, nil
}

// gorgoniaWindow is the window of a max pool that makes out of x. Padding is made to fit the result's size.
func gorgoniaWindow(op fields, x, out hlo.Type) hlo.Window {
	w := hlo.Window{Size: []int{1, 1, op.int("h"), op.int("w")}, Stride: []int{1, 1, op.int("strideH"), op.int("strideW")}, Pad: make([][2]int, 4)}
	for i, before := range []int{op.int("padNorth"), op.int("padWest")} {
		a := 2 + i
		w.Pad[a] = [2]int{before, max((out.Dims[a]-1)*w.Stride[a]+w.Size[a]-x.Dims[a]-before, 0)}
	}
	return w
}

func gorgoniaPool(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	return l.f.ReduceWindow("maximum", in[0], gorgoniaWindow(op, in[0].Type, out)), nil
}

func gorgoniaPoolGrad(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	return l.f.SelectAndScatter(in[0], in[2], gorgoniaWindow(op, in[0].Type, in[1].Type)), nil
}

// upsample repeats every pixel in both directions.
func upsample(l *lowering, _ fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	x := in[0]
	b, c, h, w := x.Dims[0], x.Dims[1], x.Dims[2], x.Dims[3]
	split := l.f.Reshape(x, b, c, h, 1, w, 1)
	return l.f.Broadcast(split, []int{b, c, h, out.Dims[2] / h, w, out.Dims[3] / w}, indices(6)...), nil
}

func globalAverage(l *lowering, _ fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	x := in[0]
	return l.f.Scale(l.f.Sum(x, 2, 3), 1/float64(x.Dims[2]*x.Dims[3])), nil
}
