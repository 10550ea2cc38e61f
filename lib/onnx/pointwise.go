package onnx

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
)

func init() {
	lowers(func(l *lowering, p op.UnaryOp, a args) (Value, error) {
		translate := unaryFunctions[p.Func]
		if translate == nil {
			return "", fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
		}
		return translate(l, p, a.x[0]), nil
	})
	lowers(func(l *lowering, p op.BinaryOp, a args) (Value, error) {
		translate := binaryFunctions[p.Func]
		if translate == nil {
			return "", fmt.Errorf("function %s: %w", p.Func, ErrNoLowering)
		}
		return translate(l, a.x[0], a.x[1]), nil
	})
}

// unaryFunctions are the translations of op.UnaryOp by its function's name.
var unaryFunctions = map[string]func(l *lowering, p op.UnaryOp, x Value) Value{
	"exp":     named("Exp"),
	"log":     named("Log"),
	"tanh":    named("Tanh"),
	"sigmoid": named("Sigmoid"),
	"sqrt":    named("Sqrt"),
	"relu":    named("Relu"),
	"atan":    named("Atan"),
	"softplus": func(l *lowering, p op.UnaryOp, x Value) Value { // ln(1+e^{βx})/β
		return l.Affine(l.Op("Softplus", On(l.Affine(x, p.A, 0))), 1/p.A, 0)
	},
	"clamp": func(l *lowering, p op.UnaryOp, x Value) Value { return l.Clamp(x, p.A, p.B) },
	"inside": func(l *lowering, p op.UnaryOp, x Value) Value {
		above, below := l.Op("GreaterOrEqual", On(x, l.Number(p.A))), l.Op("LessOrEqual", On(x, l.Number(p.B)))
		return l.Cast(l.Op("And", On(above, below)), Float32)
	},
	"scale":     func(l *lowering, p op.UnaryOp, x Value) Value { return l.Op("Mul", On(x, l.Number(p.A))) },
	"add const": func(l *lowering, p op.UnaryOp, x Value) Value { return l.Op("Add", On(x, l.Number(p.A))) },
	"square":    func(l *lowering, _ op.UnaryOp, x Value) Value { return l.Op("Mul", On(x, x)) },
}

// named translates a function that ONNX has too.
func named(name string) func(l *lowering, p op.UnaryOp, x Value) Value {
	return func(l *lowering, _ op.UnaryOp, x Value) Value { return l.Op(name, On(x)) }
}

// binaryFunctions are the translations of op.BinaryOp by its function's name.
var binaryFunctions = map[string]func(l *lowering, a, b Value) Value{
	"add": func(l *lowering, a, b Value) Value { return l.Op("Add", On(a, b)) },
	"sub": func(l *lowering, a, b Value) Value { return l.Op("Sub", On(a, b)) },
	"mul": func(l *lowering, a, b Value) Value { return l.Op("Mul", On(a, b)) },
	"div": func(l *lowering, a, b Value) Value { return l.Op("Div", On(a, b)) },
	"gate": func(l *lowering, a, b Value) Value {
		return l.Op("Where", On(l.Op("Greater", On(b, l.Number(0))), a, l.Number(0)))
	},
}

// Clamp limits every element.
func (g *Graph) Clamp(v Value, lo, hi float64) Value {
	return g.Op("Clip", On(v, g.Number(lo), g.Number(hi)))
}

// Cast gives the elements another type.
func (g *Graph) Cast(v Value, t DType) Value { return g.Op("Cast", On(v), Int("to", int(t))) }
