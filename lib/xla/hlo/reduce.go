package hlo

import (
	"math"
	"slices"
)

// neutral is what joining by an op leaves unchanged.
func neutral(combine string) float64 {
	switch combine {
	case "add":
		return 0
	case "multiply":
		return 1
	case "maximum":
		return math.Inf(-1)
	case "minimum":
		return math.Inf(1)
	}
	panic("hlo: reduction by " + combine)
}

// Reduce joins all elements along the axes by add, multiply, maximum or minimum; the axes go.
func (f *Func) Reduce(combine string, x *Value, axes ...int) *Value {
	if len(axes) == 0 {
		return x
	}
	var dims []int
	for i, n := range x.Dims {
		if !slices.Contains(axes, i) {
			dims = append(dims, n)
		}
	}
	return f.addCombining("reduce", combine, Of(x.DType, dims...), []*Value{x, f.Scalar(x.DType, neutral(combine))},
		Attr{"dimensions", slices.Clone(axes)})
}

// Sum is Reduce by addition.
func (f *Func) Sum(x *Value, axes ...int) *Value { return f.Reduce("add", x, axes...) }

// Window is a window that slides over a tensor. Every field has one entry per axis.
type Window struct {
	Size, Stride []int
	Dilate       []int    // of the tensor: distance between neighbours, zeros in between; nil is 1
	Pad          [][2]int // before and after
}

func (w Window) outputs(dims []int) []int {
	out := make([]int, len(dims))
	for i, n := range dims {
		if w.Dilate != nil {
			n = (n-1)*w.Dilate[i] + 1
		}
		out[i] = (n+w.Pad[i][0]+w.Pad[i][1]-w.Size[i])/w.Stride[i] + 1
	}
	return out
}

// ReduceWindow joins the elements of every window.
func (f *Func) ReduceWindow(combine string, x *Value, w Window) *Value {
	ones := slices.Repeat([]int{1}, x.Rank())
	if w.Dilate == nil {
		w.Dilate = ones
	}
	return f.addCombining("reduce_window", combine, Of(x.DType, w.outputs(x.Dims)...), []*Value{x, f.Scalar(x.DType, neutral(combine))},
		Attr{"window_dimensions", w.Size}, Attr{"window_strides", w.Stride}, Attr{"base_dilations", w.Dilate}, Attr{"window_dilations", ones},
		Attr{"padding", w.Pad})
}

// SelectAndScatter adds every element of dy to the place of the largest element of its window in x, the first of equal
// ones.
func (f *Func) SelectAndScatter(x, dy *Value, w Window) *Value {
	check(slices.Equal(w.outputs(x.Dims), dy.Dims), "windows of %v scatter %v", x.Type, dy.Type)
	return f.addCombining("select_and_scatter", "add", x.Type, []*Value{x, dy, f.Scalar(x.DType, 0)},
		Attr{"window_dimensions", w.Size}, Attr{"window_strides", w.Stride}, Attr{"padding", w.Pad})
}
