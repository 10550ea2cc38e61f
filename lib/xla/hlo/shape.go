package hlo

import (
	"fmt"
	"slices"
)

// Broadcast repeats x to the given dimensions; axes says which axis of the result each axis of x is. A dimension of x is
// that of the result or 1. Without axes, x is a scalar or has the dimensions already.
func (f *Func) Broadcast(x *Value, dims []int, axes ...int) *Value {
	if slices.Equal(x.Dims, dims) {
		return x
	}
	check(len(axes) == x.Rank(), "broadcast of %v to %v along %v", x.Type, dims, axes)
	for i, a := range axes {
		check(x.Dims[i] == dims[a] || x.Dims[i] == 1, "broadcast of %v to %v along %v", x.Type, dims, axes)
	}
	return f.add("broadcast_in_dim", Of(x.DType, dims...), []*Value{x}, Attr{"broadcast_dimensions", slices.Clone(axes)})
}

// Reshape reads the elements in row-major order as a tensor of other dimensions.
func (f *Func) Reshape(x *Value, dims ...int) *Value {
	if slices.Equal(x.Dims, dims) {
		return x
	}
	t := Of(x.DType, dims...)
	check(t.Size() == x.Size(), "reshape of %v to %v", x.Type, dims)
	return f.add("reshape", t, []*Value{x})
}

// Transpose makes axis perm[i] of x axis i of the result.
func (f *Func) Transpose(x *Value, perm ...int) *Value {
	check(len(perm) == x.Rank(), "transpose of %v by %v", x.Type, perm)
	dims := make([]int, len(perm))
	for i, p := range perm {
		dims[i] = x.Dims[p]
	}
	return f.add("transpose", Of(x.DType, dims...), []*Value{x}, Attr{"permutation", slices.Clone(perm)})
}

// Slice is the elements lo ≤ i < hi along every axis, every stride-th of them.
func (f *Func) Slice(x *Value, lo, hi, stride []int) *Value {
	check(len(lo) == x.Rank() && len(hi) == x.Rank() && len(stride) == x.Rank(), "slice of %v from %v to %v by %v", x.Type, lo, hi, stride)
	dims := make([]int, x.Rank())
	for i := range dims {
		check(0 <= lo[i] && lo[i] <= hi[i] && hi[i] <= x.Dims[i] && stride[i] > 0, "slice of %v from %v to %v by %v", x.Type, lo, hi, stride)
		dims[i] = (hi[i] - lo[i] + stride[i] - 1) / stride[i]
	}
	return f.add("slice", Of(x.DType, dims...), []*Value{x},
		Attr{"start_indices", slices.Clone(lo)}, Attr{"limit_indices", slices.Clone(hi)}, Attr{"strides", slices.Clone(stride)})
}

// SliceAxis is the elements lo ≤ i < hi along one axis.
func (f *Func) SliceAxis(x *Value, axis, lo, hi int) *Value {
	from, to, by := make([]int, x.Rank()), slices.Clone(x.Dims), slices.Repeat([]int{1}, x.Rank())
	from[axis], to[axis] = lo, hi
	return f.Slice(x, from, to, by)
}

// Pad adds low elements before and high ones after each axis (negative numbers take away) and interior ones between
// neighbours, all of them value.
func (f *Func) Pad(x *Value, value float64, low, high, interior []int) *Value {
	check(len(low) == x.Rank() && len(high) == x.Rank() && len(interior) == x.Rank(), "pad of %v by %v, %v, %v", x.Type, low, high, interior)
	dims := make([]int, x.Rank())
	for i, n := range x.Dims {
		dims[i] = low[i] + n + max(n-1, 0)*interior[i] + high[i]
		check(dims[i] >= 0, "pad of %v by %v, %v, %v", x.Type, low, high, interior)
	}
	return f.add("pad", Of(x.DType, dims...), []*Value{x, f.Scalar(x.DType, value)},
		Attr{"edge_padding_low", slices.Clone(low)}, Attr{"edge_padding_high", slices.Clone(high)}, Attr{"interior_padding", slices.Clone(interior)})
}

// Concat joins tensors along an axis.
func (f *Func) Concat(axis int, xs ...*Value) *Value {
	if len(xs) == 1 {
		return xs[0]
	}
	dims := slices.Clone(xs[0].Dims)
	for _, x := range xs[1:] {
		check(x.Rank() == len(dims) && x.DType == xs[0].DType, "concatenation of %v and %v", xs[0].Type, x.Type)
		for i, n := range x.Dims {
			check(i == axis || n == dims[i], "concatenation of %v and %v along %d", xs[0].Type, x.Type, axis)
		}
		dims[axis] += x.Dims[axis]
	}
	return f.add("concatenate", Of(xs[0].DType, dims...), slices.Clone(xs), Attr{"dimension", axis})
}

// Reverse turns the order of the elements around along the axes.
func (f *Func) Reverse(x *Value, axes ...int) *Value {
	return f.add("reverse", x.Type, []*Value{x}, Attr{"dimensions", slices.Clone(axes)})
}

// GatherAxes is how Take reads along one axis of a tensor of a rank.
type GatherAxes struct{ Axis, Rank int }

// String is the attribute as MLIR writes it.
func (g GatherAxes) String() string {
	var offset []int
	for i := range g.Rank {
		if i != g.Axis {
			offset = append(offset, i)
		}
	}
	return fmt.Sprintf("#stablehlo.gather<offset_dims = [%s], collapsed_slice_dims = [%d], start_index_map = [%d], index_vector_dim = 1>", list(offset), g.Axis, g.Axis)
}

// Take is x with index[j] along the axis at place j: y[..., j, ...] = x[..., index[j], ...].
func (f *Func) Take(x *Value, axis int, index []int) *Value {
	dims, sizes, numbers := slices.Clone(x.Dims), slices.Clone(x.Dims), make([]float64, len(index))
	for j, i := range index {
		check(0 <= i && i < x.Dims[axis], "take of element %d along axis %d of %v", i, axis, x.Type)
		numbers[j] = float64(i)
	}
	dims[axis], sizes[axis] = len(index), 1
	at := f.Constant(Of(I32, len(index)), numbers)
	return f.add("gather", Of(x.DType, dims...), []*Value{x, at},
		Attr{"dimension_numbers", GatherAxes{axis, x.Rank()}}, Attr{"slice_sizes", sizes}, Attr{"indices_are_sorted", false})
}

// Element is x[i] of a vector x and a scalar i of type i32, which is limited to the vector's range.
func (f *Func) Element(x, i *Value) *Value {
	check(x.Rank() == 1 && i.Equal(Of(I32)), "element %v of %v", i.Type, x.Type)
	return f.Reshape(f.add("dynamic_slice", Of(x.DType, 1), []*Value{x, i}, Attr{"slice_sizes", []int{1}}))
}
