package xla

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// plainUnary are the pointwise functions that StableHLO has too.
var plainUnary = map[string]string{"exp": "exponential", "log": "log", "tanh": "tanh", "sigmoid": "logistic", "sqrt": "sqrt"}

func (l *lowering) unary(p op.UnaryOp, x *hlo.Value) (*hlo.Value, error) {
	f := l.f
	if name, ok := plainUnary[p.Func]; ok {
		return f.Unary(name, x), nil
	}
	switch p.Func {
	case "relu":
		return f.Max(x, f.Splat(x.Type, 0)), nil
	case "atan":
		return l.atan(x), nil
	case "softplus":
		return l.softplus(x, p.A), nil
	case "clamp":
		return f.Clamp(x, p.A, p.B), nil
	case "inside":
		in := f.Binary("and", f.Compare("GE", x, f.Splat(x.Type, p.A)), f.Compare("LE", x, f.Splat(x.Type, p.B)))
		return f.Convert(in, x.DType), nil
	case "scale":
		return f.Scale(x, p.A), nil
	case "add const":
		return f.AddConst(x, p.A), nil
	case "square":
		return f.Mul(x, x), nil
	}
	return nil, fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
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

var plainBinary = map[string]string{"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}

func (l *lowering) binary(p op.BinaryOp, a, b *hlo.Value, out hlo.Type) (*hlo.Value, error) {
	f := l.f
	a, b = l.spread(a, out), l.spread(b, out)
	if name, ok := plainBinary[p.Func]; ok {
		return f.Binary(name, a, b), nil
	}
	if p.Func == "gate" {
		return f.Select(f.Compare("GT", b, f.Splat(b.Type, 0)), a, f.Splat(a.Type, 0)), nil
	}
	return nil, fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
}

// spread repeats a scalar to the shape of what it meets.
func (l *lowering) spread(x *hlo.Value, like hlo.Type) *hlo.Value {
	if x.Rank() > 0 {
		return x
	}
	return l.f.Broadcast(x, like.Dims)
}
