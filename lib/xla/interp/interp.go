// Package interp runs StableHLO programs by following the specification op by op, in float64. It is for tests: it proves
// lowerings where no PJRT plugin is at hand, thousands of times slower than one.
package interp

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// array is a row-major tensor. Booleans are 0 and 1.
type array struct {
	hlo.Type
	data []float64
}

func newArray(t hlo.Type) *array { return &array{t, make([]float64, t.Size())} }

// New is a backend that interprets.
func New() xla.Backend { return backend{} }

type backend struct{}

func (backend) Compile(f *hlo.Func) (xla.Program, error) { return &program{f, lastUses(f)}, nil }

func (backend) Memory() xla.Memory { return xla.Memory{} }

func (backend) Upload(v any, dims ...int) (xla.Buffer, error) {
	a := &array{Type: hlo.Of(hlo.F32, dims...)}
	switch v := v.(type) {
	case []float32:
		a.data = widen(v)
	case []float64:
		a.DType, a.data = hlo.F64, widen(v)
	case []int32:
		a.DType, a.data = hlo.I32, widen(v)
	case []uint8:
		a.DType, a.data = hlo.U8, widen(v)
	}
	if len(a.data) != a.Size() {
		return nil, fmt.Errorf("%d values for dimensions %v", len(a.data), dims)
	}
	return &buffer{a}, nil
}

type number interface {
	float32 | float64 | int32 | uint8
}

func widen[T number](v []T) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func narrow[T number](to []T, from []float64) error {
	if len(to) != len(from) {
		return fmt.Errorf("%d values read into %d", len(from), len(to))
	}
	for i, x := range from {
		to[i] = T(x)
	}
	return nil
}

// buffer is an array on the "device"; nil after it was freed or consumed.
type buffer struct{ *array }

func (b *buffer) Free() { b.array = nil }

func (b *buffer) Download(v any) error {
	if b.array == nil {
		return fmt.Errorf("reading a buffer that was freed")
	}
	switch v := v.(type) {
	case []float32:
		return narrow(v, b.data)
	case []float64:
		return narrow(v, b.data)
	case []int32:
		return narrow(v, b.data)
	case []uint8:
		return narrow(v, b.data)
	}
	return fmt.Errorf("reading %v into %T", b.Type, v)
}

type program struct {
	f    *hlo.Func
	last []int // the op after which each value is not needed
}

func (p *program) Footprint() (total, temporary int64) { return 0, 0 }

// lastUses gives for each value the index of the last op that reads it; results are never let go.
func lastUses(f *hlo.Func) []int {
	last := make([]int, f.Values())
	for i, op := range f.Ops {
		last[op.Out.ID] = i
		for _, in := range op.In {
			last[in.ID] = i
		}
	}
	for _, r := range f.Results {
		last[r.ID] = len(f.Ops)
	}
	return last
}

// Run checks the arguments as a device would: their types, and that none was freed.
func (p *program) Run(in []xla.Buffer) ([]xla.Buffer, error) {
	if len(in) != len(p.f.Args) {
		return nil, fmt.Errorf("%d arguments for %d", len(in), len(p.f.Args))
	}
	values := make([]*array, p.f.Values())
	for i, a := range p.f.Args {
		b := in[i].(*buffer)
		if b.array == nil || !b.Equal(a.Type) {
			return nil, fmt.Errorf("argument %d is %v; want %v", i, b.array, a.Type)
		}
		values[a.ID] = b.array
	}
	for i, op := range p.f.Ops {
		args := make([]*array, len(op.In))
		for k, v := range op.In {
			args[k] = values[v.ID]
		}
		out, err := evaluate(op, args)
		if err != nil {
			return nil, fmt.Errorf("op %d, %s: %w", i, op.Name, err)
		}
		values[op.Out.ID] = out
		for _, v := range op.In {
			if p.last[v.ID] == i {
				values[v.ID] = nil
			}
		}
	}
	out := make([]xla.Buffer, len(p.f.Results))
	for i, r := range p.f.Results {
		out[i] = &buffer{values[r.ID]}
	}
	for i := range p.f.Donated {
		in[i].Free()
	}
	return out, nil
}

// evaluate computes one op.
func evaluate(op *hlo.Op, in []*array) (*array, error) {
	out := newArray(op.Out.Type)
	if f := unary[op.Name]; f != nil {
		for i, x := range in[0].data {
			out.data[i] = f(x)
		}
		return out, nil
	}
	if f := binary[op.Name]; f != nil {
		for i, x := range in[0].data {
			out.data[i] = f(x, in[1].data[i])
		}
		return out, nil
	}
	f := others[op.Name]
	if f == nil {
		return nil, fmt.Errorf("the interpreter does not know it")
	}
	f(op, in, out)
	return out, nil
}

var unary = map[string]func(float64) float64{
	"exponential": math.Exp, "log": math.Log, "log_plus_one": math.Log1p, "exponential_minus_one": math.Expm1, "tanh": math.Tanh,
	"sqrt": math.Sqrt, "cbrt": math.Cbrt, "abs": math.Abs, "sine": math.Sin, "cosine": math.Cos, "floor": math.Floor, "ceil": math.Ceil,
	"logistic": func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"rsqrt":    func(x float64) float64 { return 1 / math.Sqrt(x) },
	"negate":   func(x float64) float64 { return -x },
	"sign": func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x
	},
	"is_finite": func(x float64) float64 { return truth(!math.IsNaN(x) && !math.IsInf(x, 0)) },
}

var binary = map[string]func(a, b float64) float64{
	"add": func(a, b float64) float64 { return a + b }, "subtract": func(a, b float64) float64 { return a - b },
	"multiply": func(a, b float64) float64 { return a * b }, "divide": func(a, b float64) float64 { return a / b },
	"maximum": math.Max, "minimum": math.Min, "power": math.Pow, "atan2": math.Atan2,
	"and": func(a, b float64) float64 { return truth(a != 0 && b != 0) },
	"or":  func(a, b float64) float64 { return truth(a != 0 || b != 0) },
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// others are the ops that are not element by element.
var others = map[string]func(op *hlo.Op, in []*array, out *array){
	"constant":           constant,
	"iota":               count,
	"compare":            compare,
	"select":             choose,
	"clamp":              clamp,
	"convert":            convert,
	"reshape":            func(_ *hlo.Op, in []*array, out *array) { copy(out.data, in[0].data) },
	"broadcast_in_dim":   broadcast,
	"transpose":          transpose,
	"slice":              slice,
	"dynamic_slice":      dynamicSlice,
	"pad":                pad,
	"concatenate":        concatenate,
	"reverse":            reverse,
	"gather":             gather,
	"reduce":             reduce,
	"reduce_window":      reduceWindow,
	"select_and_scatter": selectAndScatter,
	"dot_general":        dot,
	"convolution":        convolution,
	"triangular_solve":   triangularSolve,
}

func constant(op *hlo.Op, _ []*array, out *array) {
	l := op.Get("value").(*hlo.Literal)
	for i := range out.data {
		v := l.Values[0]
		if len(l.Values) > 1 {
			v = l.Values[i]
		}
		out.data[i] = rounded(out.DType, v)
	}
}

// rounded is a number as an element type holds it.
func rounded(d hlo.DType, v float64) float64 {
	switch d {
	case hlo.F32:
		return float64(float32(v))
	case hlo.BF16: // to nearest, ties to even
		bits := math.Float32bits(float32(v))
		bits += 0x7fff + bits>>16&1
		return float64(math.Float32frombits(bits &^ 0xffff))
	case hlo.I32, hlo.U8:
		return math.Trunc(v)
	case hlo.Bool:
		return truth(v != 0)
	}
	return v
}

func convert(_ *hlo.Op, in []*array, out *array) {
	for i, v := range in[0].data {
		out.data[i] = rounded(out.DType, v)
	}
}

func compare(op *hlo.Op, in []*array, out *array) {
	holds := map[hlo.Compare]func(a, b float64) bool{
		"EQ": func(a, b float64) bool { return a == b }, "NE": func(a, b float64) bool { return a != b },
		"GT": func(a, b float64) bool { return a > b }, "GE": func(a, b float64) bool { return a >= b },
		"LT": func(a, b float64) bool { return a < b }, "LE": func(a, b float64) bool { return a <= b },
	}[op.Get("comparison_direction").(hlo.Compare)]
	for i, a := range in[0].data {
		out.data[i] = truth(holds(a, in[1].data[i]))
	}
}

func choose(_ *hlo.Op, in []*array, out *array) {
	for i := range out.data {
		p := in[0].data[0]
		if in[0].Rank() > 0 {
			p = in[0].data[i]
		}
		out.data[i] = in[2].data[i]
		if p != 0 {
			out.data[i] = in[1].data[i]
		}
	}
}

func clamp(_ *hlo.Op, in []*array, out *array) {
	for i, v := range in[1].data {
		out.data[i] = math.Min(math.Max(v, in[0].data[0]), in[2].data[0])
	}
}
