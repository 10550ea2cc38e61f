package interp

import (
	"slices"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// arranged is x with its axes in the order of perm.
func arranged(x *array, perm []int) *array {
	dims := make([]int, len(perm))
	for i, p := range perm {
		dims[i] = x.Dims[p]
	}
	out := newArray(hlo.Of(x.DType, dims...))
	read(out, x, func(i, j []int) {
		for k, p := range perm {
			j[p] = i[k]
		}
	})
	return out
}

// dot brings both operands into the forms (batch, rows, sum) and (batch, columns, sum).
func dot(op *hlo.Op, in []*array, out *array) {
	axes := op.Get("dot_dimension_numbers").(hlo.DotAxes)
	split := func(x *array, batch, contract []int) (*array, int) {
		var rest []int
		for i := range x.Rank() {
			if !slices.Contains(batch, i) && !slices.Contains(contract, i) {
				rest = append(rest, i)
			}
		}
		n := 1
		for _, i := range rest {
			n *= x.Dims[i]
		}
		return arranged(x, slices.Concat(batch, rest, contract)), n
	}
	a, rows := split(in[0], axes.BatchA, axes.ContractA)
	b, columns := split(in[1], axes.BatchB, axes.ContractB)
	sum := 1
	for _, i := range axes.ContractA {
		sum *= in[0].Dims[i]
	}
	for i := range out.data {
		batch, row, column := i/rows/columns, i/columns%rows, i%columns
		x, y := a.data[(batch*rows+row)*sum:][:sum], b.data[(batch*columns+column)*sum:][:sum]
		for k, v := range x {
			out.data[i] += v * y[k]
		}
	}
}

// order is where the axes named in want stand in have.
func order(want, have string) []int {
	out := make([]int, len(want))
	for i := range want {
		out[i] = strings.IndexByte(have, want[i])
	}
	return out
}

// convolution brings all operands into the order bf01, oi01 and computes as the specification says.
func convolution(op *hlo.Op, in []*array, out *array) {
	axes := op.Get("dimension_numbers").(hlo.ConvAxes)
	x, w := arranged(in[0], order("bf01", axes.In)), arranged(in[1], order("oi01", axes.Kernel))
	y := arranged(out, order("bf01", axes.Out))
	c := convolver{
		x: x, w: w, y: y, features: op.Get("feature_group_count").(int), batches: op.Get("batch_group_count").(int),
		stride: op.Ints("window_strides"), pad: op.Get("padding").([][2]int), dilate: op.Ints("lhs_dilation"), spread: op.Ints("rhs_dilation"),
	}
	var wait sync.WaitGroup
	for b := range y.Dims[0] {
		wait.Go(func() {
			for o := range y.Dims[1] {
				c.plane(b, o)
			}
		})
	}
	wait.Wait()
	back := arranged(y, order(axes.Out, "bf01"))
	for i, v := range back.data {
		out.data[i] = rounded(out.DType, v)
	}
	if out.DType == hlo.F32 || out.DType == hlo.F64 {
		copy(out.data, back.data)
	}
}

type convolver struct {
	x, w, y                *array
	features, batches      int // groups
	stride, dilate, spread []int
	pad                    [][2]int
}

// plane computes output feature o of sample b.
func (c convolver) plane(b, o int) {
	h, width, oh, ow := c.x.Dims[2], c.x.Dims[3], c.y.Dims[2], c.y.Dims[3]
	from := b + o/(c.y.Dims[1]/c.batches)*(c.x.Dims[0]/c.batches)
	first := o / (c.y.Dims[1] / c.features) * c.w.Dims[1]
	y := c.y.data[(b*c.y.Dims[1]+o)*oh*ow:][:oh*ow]
	for i := range c.w.Dims[1] {
		x := c.x.data[(from*c.x.Dims[1]+first+i)*h*width:][:h*width]
		for k := range c.w.Dims[2] * c.w.Dims[3] {
			v := c.w.data[(o*c.w.Dims[1]+i)*c.w.Dims[2]*c.w.Dims[3]+k]
			ky, kx := k/c.w.Dims[3], k%c.w.Dims[3]
			for oy := range oh {
				iy, ok := c.source(0, oy, ky, h)
				if !ok {
					continue
				}
				for ox := range ow {
					if ix, ok := c.source(1, ox, kx, width); ok {
						y[oy*ow+ox] += v * x[iy*width+ix]
					}
				}
			}
		}
	}
}

// source is the input's cell that output cell o meets with kernel cell k along an axis of n cells.
func (c convolver) source(axis, o, k, n int) (int, bool) {
	at := o*c.stride[axis] + k*c.spread[axis] - c.pad[axis][0]
	if at < 0 || at%c.dilate[axis] != 0 || at/c.dilate[axis] >= n {
		return 0, false
	}
	return at / c.dilate[axis], true
}

// triangularSolve substitutes; the diagonal counts as ones.
func triangularSolve(op *hlo.Op, in []*array, out *array) {
	a, b := in[0], in[1]
	m, n := b.Dims[b.Rank()-2], b.Dims[b.Rank()-1]
	transposed, lower := bool(op.Get("transpose_a").(hlo.Transposed)), op.Get("lower").(bool)
	for batch := range b.Size() / (m * n) {
		t, y := a.data[batch*m*m:][:m*m], out.data[batch*m*n:][:m*n]
		copy(y, b.data[batch*m*n:])
		known := make([]bool, m)
		for step := range m {
			i := step
			if lower == transposed {
				i = m - 1 - step
			}
			for j := range m {
				if !known[j] {
					continue
				}
				v := t[i*m+j]
				if transposed {
					v = t[j*m+i]
				}
				for k := range n {
					y[i*n+k] -= v * y[j*n+k]
				}
			}
			known[i] = true
		}
	}
}
