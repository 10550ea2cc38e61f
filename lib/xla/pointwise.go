package xla

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	lowers(func(l *lowering, p op.UnaryOp, x []*hlo.Value, _ hlo.Type) (*hlo.Value, error) {
		return l.unary(p, x[0])
	})
	lowers(func(l *lowering, p op.BinaryOp, x []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
		return l.binary(p, x[0], x[1], out)
	})
}

// unaryFunctions are the translations of op.UnaryOp by its function's name.
var unaryFunctions = map[string]func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value{
	"exp":      named("exponential"),
	"log":      named("log"),
	"tanh":     named("tanh"),
	"sigmoid":  named("logistic"),
	"sqrt":     named("sqrt"),
	"relu":     func(l *lowering, _ op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.Max(x, l.f.Splat(x.Type, 0)) },
	"atan":     func(l *lowering, _ op.UnaryOp, x *hlo.Value) *hlo.Value { return l.atan(x) },
	"softplus": func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value { return l.softplus(x, p.A) },
	"clamp":    func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.Clamp(x, p.A, p.B) },
	"inside": func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value {
		f := l.f
		return f.Convert(f.Binary("and", f.Compare("GE", x, f.Splat(x.Type, p.A)), f.Compare("LE", x, f.Splat(x.Type, p.B))), x.DType)
	},
	"scale":     func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.Scale(x, p.A) },
	"add const": func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.AddConst(x, p.A) },
	"square":    func(l *lowering, _ op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.Mul(x, x) },
}

// named translates a function that StableHLO has too.
func named(name string) func(l *lowering, p op.UnaryOp, x *hlo.Value) *hlo.Value {
	return func(l *lowering, _ op.UnaryOp, x *hlo.Value) *hlo.Value { return l.f.Unary(name, x) }
}

func (l *lowering) unary(p op.UnaryOp, x *hlo.Value) (*hlo.Value, error) {
	translate := unaryFunctions[p.Func]
	if translate == nil {
		return nil, fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
	}
	return translate(l, p, x), nil
}

// softplus is (max(z,0) + ln(1+e^{−|z|}))/β with z = βx.
func (l *lowering) softplus(x *hlo.Value, beta float64) *hlo.Value {
	f := l.f
	z := f.Scale(x, beta)
	tail := f.Unary("log_plus_one", f.Unary("exponential", f.Unary("negate", f.Unary("abs", z))))
	return f.Scale(f.Add(f.Max(z, f.Splat(z.Type, 0)), tail), 1/beta)
}

// atan reduces |x| to at most tan(π/8), by atan a = π/4 + atan((a−1)/(a+1)) or π/2 + atan(−1/a), and takes Moshier's
// polynomial (Cephes, atanf; relative error 2·10⁻⁷). StableHLO has an arc tangent of two arguments, but XLA for CPUs of
// October 2026 (PJRT 0.115) gives wrong values of it for arrays of more than some hundred elements.
func (l *lowering) atan(x *hlo.Value) *hlo.Value {
	f := l.f
	if x.DType == hlo.F64 {
		return f.Binary("atan2", x, f.Splat(x.Type, 1))
	}
	number := func(v float64) *hlo.Value { return f.Splat(x.Type, v) }
	a := f.Unary("abs", x)
	large := f.Compare("GT", a, number(math.Tan(3*math.Pi/8)))
	middle := f.Compare("GT", a, number(math.Tan(math.Pi/8)))
	r := f.Select(middle, f.Div(f.AddConst(a, -1), f.AddConst(a, 1)), a)
	r = f.Select(large, f.Div(number(-1), a), r)
	start := f.Select(large, number(math.Pi/2), f.Select(middle, number(math.Pi/4), number(0)))
	z := f.Mul(r, r)
	p := number(8.05374449538e-2)
	for _, c := range []float64{-1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1} {
		p = f.AddConst(f.Mul(p, z), c)
	}
	y := f.Add(start, f.Add(f.Mul(f.Mul(p, z), r), r))
	return f.Select(f.Compare("LT", x, number(0)), f.Unary("negate", y), y)
}

// binaryFunctions are the translations of op.BinaryOp by its function's name.
var binaryFunctions = map[string]func(f *hlo.Func, a, b *hlo.Value) *hlo.Value{
	"add": (*hlo.Func).Add,
	"sub": func(f *hlo.Func, a, b *hlo.Value) *hlo.Value { return f.Binary("subtract", a, b) },
	"mul": (*hlo.Func).Mul,
	"div": (*hlo.Func).Div,
	"gate": func(f *hlo.Func, a, b *hlo.Value) *hlo.Value {
		return f.Select(f.Compare("GT", b, f.Splat(b.Type, 0)), a, f.Splat(a.Type, 0))
	},
}

func (l *lowering) binary(p op.BinaryOp, a, b *hlo.Value, out hlo.Type) (*hlo.Value, error) {
	translate := binaryFunctions[p.Func]
	if translate == nil {
		return nil, fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
	}
	return translate(l.f, l.spread(a, out), l.spread(b, out)), nil
}

// spread repeats a scalar to the shape of what it meets.
func (l *lowering) spread(x *hlo.Value, like hlo.Type) *hlo.Value {
	if x.Rank() > 0 {
		return x
	}
	return l.f.Broadcast(x, like.Dims)
}
