package hlo

import (
	"fmt"
	"slices"
)

// Precision is how exactly the products of a convolution or of matrices are computed.
type Precision string

// Highest is full float32; Default lets the device choose, which on NVIDIA GPUs is TF32.
const (
	Highest Precision = "HIGHEST"
	Default Precision = "DEFAULT"
)

// String is the attribute for both operands as MLIR writes it.
func (p Precision) String() string {
	return fmt.Sprintf("[#stablehlo<precision %s>, #stablehlo<precision %s>]", string(p), string(p))
}

// DotAxes pairs the axes of two tensors: batch axes run side by side, contracted ones are summed over.
type DotAxes struct{ BatchA, BatchB, ContractA, ContractB []int }

// String is the attribute as MLIR writes it.
func (d DotAxes) String() string {
	return fmt.Sprintf("#stablehlo.dot<lhs_batching_dimensions = [%s], rhs_batching_dimensions = [%s], lhs_contracting_dimensions = [%s], rhs_contracting_dimensions = [%s]>",
		list(d.BatchA), list(d.BatchB), list(d.ContractA), list(d.ContractB))
}

// Dot is the product of two tensors. The result has the batch axes, then a's other axes, then b's.
func (f *Func) Dot(a, b *Value, axes DotAxes, p Precision) *Value {
	var dims []int
	for i, n := range axes.BatchA {
		check(a.Dims[n] == b.Dims[axes.BatchB[i]], "product of %v and %v by %v", a.Type, b.Type, axes)
		dims = append(dims, a.Dims[n])
	}
	for i, n := range axes.ContractA {
		check(a.Dims[n] == b.Dims[axes.ContractB[i]], "product of %v and %v by %v", a.Type, b.Type, axes)
	}
	rest := func(x *Value, used ...[]int) {
		for i, n := range x.Dims {
			if !slices.Contains(slices.Concat(used...), i) {
				dims = append(dims, n)
			}
		}
	}
	rest(a, axes.BatchA, axes.ContractA)
	rest(b, axes.BatchB, axes.ContractB)
	return f.add("dot_general", Of(a.DType, dims...), []*Value{a, b}, Attr{"dot_dimension_numbers", axes}, Attr{"precision_config", p})
}

// ConvAxes names the axes of a two-dimensional convolution's tensors: b batch, f feature, i and o the kernel's input and
// output features, 0 and 1 rows and columns, such as "bf01", "oi01", "bf01".
type ConvAxes struct{ In, Kernel, Out string }

// String is the attribute as MLIR writes it.
func (c ConvAxes) String() string {
	spread := func(s string) string {
		var parts []byte
		for i := range len(s) {
			if i > 0 {
				parts = append(parts, ", "...)
			}
			parts = append(parts, s[i])
		}
		return string(parts)
	}
	return fmt.Sprintf("#stablehlo.conv<[%s]x[%s]->[%s]>", spread(c.In), spread(c.Kernel), spread(c.Out))
}

// Conv is the geometry of a two-dimensional convolution; the pairs are rows and columns.
type Conv struct {
	Axes                  ConvAxes
	Stride                [2]int
	Pad                   [2][2]int // before and after; may be negative
	DilateIn, DilateOut   [2]int    // distances between neighbours of the input (zeros between) and of the kernel
	FeatureGroups, Groups int       // groups of features, or of the batch; 0 is 1
	Precision             Precision
}

// Convolution slides w over x.
func (f *Func) Convolution(x, w *Value, c Conv) *Value {
	at := func(s string, axis byte) int { return slices.Index([]byte(s), axis) }
	dims := make([]int, 4)
	fg, bg := max(c.FeatureGroups, 1), max(c.Groups, 1)
	dims[at(c.Axes.Out, 'b')] = x.Dims[at(c.Axes.In, 'b')] / bg
	dims[at(c.Axes.Out, 'f')] = w.Dims[at(c.Axes.Kernel, 'o')]
	check(x.Dims[at(c.Axes.In, 'f')] == w.Dims[at(c.Axes.Kernel, 'i')]*fg, "convolution of %v with %v in %d groups by %v", x.Type, w.Type, fg, c.Axes)
	for i, axis := range []byte("01") {
		n := (x.Dims[at(c.Axes.In, axis)]-1)*c.DilateIn[i] + 1 + c.Pad[i][0] + c.Pad[i][1]
		k := (w.Dims[at(c.Axes.Kernel, axis)]-1)*c.DilateOut[i] + 1
		check(n >= k, "a kernel %v does not fit %v", w.Type, x.Type)
		dims[at(c.Axes.Out, axis)] = (n-k)/c.Stride[i] + 1
	}
	return f.add("convolution", Of(x.DType, dims...), []*Value{x, w},
		Attr{"dimension_numbers", c.Axes}, Attr{"window_strides", c.Stride[:]}, Attr{"padding", c.Pad[:]},
		Attr{"lhs_dilation", c.DilateIn[:]}, Attr{"rhs_dilation", c.DilateOut[:]},
		Attr{"feature_group_count", fg}, Attr{"batch_group_count", bg}, Attr{"precision_config", c.Precision})
}

// Transposed says whether a matrix is to be transposed.
type Transposed bool

// String is the attribute as MLIR writes it.
func (t Transposed) String() string {
	if t {
		return "#stablehlo<transpose TRANSPOSE>"
	}
	return "#stablehlo<transpose NO_TRANSPOSE>"
}

// TriangularSolve is y with a·y = b, or aᵀ·y = b, for triangular matrices a (...,m,m) with ones on the diagonal, whatever
// stands there, and b (...,m,n).
func (f *Func) TriangularSolve(a, b *Value, lower bool, transpose Transposed) *Value {
	check(a.Rank() == b.Rank() && a.Dims[a.Rank()-1] == b.Dims[b.Rank()-2], "triangular solve of %v and %v", a.Type, b.Type)
	return f.add("triangular_solve", b.Type, []*Value{a, b},
		Attr{"left_side", true}, Attr{"lower", lower}, Attr{"unit_diagonal", true}, Attr{"transpose_a", transpose})
}
