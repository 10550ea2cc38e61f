package xla

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// foreign is the translation of one of Gorgonia's own ops, whose parameters are unexported fields of its type.
type foreign func(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error)

// gorgoniaOps has a row for each type of op that symbolic differentiation makes or that subnets are written with. The
// pointwise ones that lib/op has twins of do not come here.
var gorgoniaOps = map[string]foreign{
	"elemBinOp":           elemBinary,
	"elemUnaryOp":         elemUnary,
	"linAlgBinOp":         matrixProduct,
	"tensordotOp":         tensordot,
	"sumOp":               reduction("add"),
	"maxOp":               reduction("maximum"),
	"sizeOp":              size,
	"repeatOp":            repeat,
	"reshapeOp":           reshape,
	"transposeOp":         transpose,
	"sliceOp":             slice,
	"sliceIncrOp":         unslice,
	"concatOp":            concatenate,
	"softmaxOp":           softmax,
	"softmaxDiffOp":       softmaxGrad,
	"im2colOp":            im2col,
	"col2imOp":            col2im,
	"maxPoolOp":           gorgoniaPool,
	"maxPoolDiffOp":       gorgoniaPoolGrad,
	"upsampleOp":          upsample,
	"globalAveragePoolOp": globalAverage,
}

// gorgonia translates an op that is not of lib/op.
func (l *lowering) gorgonia(n *G.Node, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	t := reflect.TypeOf(n.Op())
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	translate := gorgoniaOps[t.Name()]
	if translate == nil || t.PkgPath() != "gorgonia.org/gorgonia" {
		return nil, ErrNoLowering
	}
	v, err := translate(l, fields{n.Op(), reflect.Indirect(reflect.ValueOf(n.Op()))}, in, out)
	if err != nil {
		return nil, err
	}
	if v.Size() == out.Size() { // axes of one element come and go
		v = l.f.Reshape(v, out.Dims...)
	}
	return v, nil
}

// fields reads the parameters of an op.
type fields struct {
	op    G.Op
	value reflect.Value
}

func (f fields) int(name string) int   { return int(f.value.FieldByName(name).Int()) }
func (f fields) bool(name string) bool { return f.value.FieldByName(name).Bool() }

func (f fields) ints(name string) []int {
	v := f.value.FieldByName(name)
	out := make([]int, v.Len())
	for i := range out {
		out[i] = int(v.Index(i).Int())
	}
	return out
}

// name is the op's own name, without what follows it.
func (f fields) name() string {
	name, _, _ := strings.Cut(f.op.String(), " ")
	return name
}

// alike brings two operands to the result's shape: one of them may be a scalar.
func (l *lowering) alike(a, b *hlo.Value, out hlo.Type) (*hlo.Value, *hlo.Value) {
	fit := func(x *hlo.Value) *hlo.Value {
		if x.Size() == out.Size() {
			return l.f.Reshape(x, out.Dims...)
		}
		return l.f.Broadcast(l.f.Reshape(x), out.Dims)
	}
	return fit(a), fit(b)
}

func elemBinary(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	a, b := l.alike(in[0], in[1], out)
	if name, ok := map[string]string{"+": "add", "-": "subtract", "⊙": "multiply", "÷": "divide", "^": "power"}[op.name()]; ok {
		return l.f.Binary(name, a, b), nil
	}
	relation, ok := map[string]hlo.Compare{"<": "LT", ">": "GT", "<=": "LE", ">=": "GE", "==": "EQ", "!=": "NE"}[op.name()]
	if !ok {
		return nil, fmt.Errorf("operator %s: %w", op.name(), ErrNoLowering)
	}
	return l.f.Convert(l.f.Compare(relation, a, b), out.DType), nil
}

func elemUnary(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	f, x := l.f, in[0]
	names := map[string]string{
		"abs": "abs", "sign": "sign", "ceil": "ceil", "floor": "floor", "sin": "sine", "cos": "cosine", "exp": "exponential", "ln": "log",
		"neg": "negate", "sqrt": "sqrt", "invSqrt": "rsqrt", "tanh": "tanh", "sigmoid": "logistic", "log1p": "log_plus_one",
		"expm1": "exponential_minus_one",
	}
	if name, ok := names[op.name()]; ok {
		return f.Unary(name, x), nil
	}
	switch op.name() {
	case "log2":
		return f.Div(f.Unary("log", x), f.Unary("log", f.Splat(x.Type, 2))), nil
	case "square":
		return f.Mul(x, x), nil
	case "cube":
		return f.Mul(f.Mul(x, x), x), nil
	case "inv":
		return f.Div(f.Splat(x.Type, 1), x), nil
	case "softplus":
		return l.softplus(x, 1), nil
	}
	return nil, fmt.Errorf("function %s: %w", op.name(), ErrNoLowering)
}

// reduction joins all elements along the op's axes.
func reduction(combine string) foreign {
	return func(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
		return l.f.Reduce(combine, in[0], op.ints("along")...), nil
	}
}

// size is the length of an axis, as a number of the graph's type.
func size(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	n := 1
	if axis := op.int("axis"); axis < in[0].Rank() {
		n = in[0].Dims[axis]
	}
	return l.f.Scalar(out.DType, float64(n)), nil
}

// repeat repeats every element along an axis as often as the result's size says.
func repeat(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	along, x := op.int("along"), in[0]
	dims := append([]int{}, x.Dims...)
	for len(dims) < out.Rank() {
		dims = append(dims, 1)
	}
	x = l.f.Reshape(x, dims...)
	split := append(append(append([]int{}, dims[:along+1]...), 1), dims[along+1:]...)
	spread := append([]int{}, split...)
	spread[along+1] = out.Dims[along] / dims[along]
	return l.f.Broadcast(l.f.Reshape(x, split...), spread, indices(len(split))...), nil
}

func reshape(l *lowering, _ fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	return l.f.Reshape(in[0], out.Dims...), nil
}

func transpose(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	return l.f.Transpose(in[0], op.ints("pattern")...), nil
}

// span is the slice that a slicing op takes of an axis of n elements: all when it has none.
func (f fields) span(n int) (lo, hi, step int) {
	s := f.op.(interface{ IsSlice() tensor.Slice }).IsSlice()
	if s == nil || s.End() <= s.Start() {
		return 0, n, 1
	}
	return s.Start(), min(s.End(), n), max(s.Step(), 1)
}

func slice(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	x, along := in[0], op.int("along")
	lo, hi, step := make([]int, x.Rank()), append([]int{}, x.Dims...), make([]int, x.Rank())
	for i := range step {
		step[i] = 1
	}
	lo[along], hi[along], step[along] = op.span(x.Dims[along])
	return l.f.Slice(x, lo, hi, step), nil
}

// unslice puts a gradient back to where slice took from, among zeros.
func unslice(l *lowering, op fields, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	along := op.int("along")
	lo, hi, step := op.span(out.Dims[along])
	dims := append([]int{}, out.Dims...)
	dims[along] = (hi - lo + step - 1) / step
	before, after, between := make([]int, out.Rank()), make([]int, out.Rank()), make([]int, out.Rank())
	before[along], between[along] = lo, step-1
	after[along] = out.Dims[along] - lo - ((dims[along]-1)*step + 1)
	return l.f.Pad(l.f.Reshape(in[1], dims...), 0, before, after, between), nil
}

func concatenate(l *lowering, op fields, in []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
	return l.f.Concat(op.int("axis"), in...), nil
}
