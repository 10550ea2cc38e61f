package xla

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ErrNoLowering marks an op that has no translation to StableHLO. The error around it names the op and its node.
var ErrNoLowering = errors.New("this op has no lowering to XLA; on the CPU it works")

// Precision is how exactly convolutions and matrix products are computed. Everything else is float32.
type Precision string

// The precisions.
const (
	Float32  Precision = "f32"  // all 24 bits, as on the CPU
	TF32     Precision = "tf32" // NVIDIA's 11-bit products with float32 sums; a device without TF32 computes in f32
	BFloat16 Precision = "bf16" // operands and results of convolutions rounded to 8 bits, sums and the flow's state in float32
)

// ParsePrecision reads a precision's name; "" is TF32.
func ParsePrecision(s string) (Precision, error) {
	switch p := Precision(s); p {
	case "":
		return TF32, nil
	case Float32, TF32, BFloat16:
		return p, nil
	}
	return "", fmt.Errorf("xla: precision %q; it is f32, tf32 or bf16", s)
}

func (p Precision) attribute() hlo.Precision {
	if p == Float32 {
		return hlo.Highest
	}
	return hlo.Default
}

// lowering translates the nodes of a graph into ops of one program.
type lowering struct {
	f         *hlo.Func
	precision Precision
	values    map[*G.Node]*hlo.Value
}

// Lower translates the computation of outputs into a program whose arguments are the leaves, in their order, and whose
// results are the outputs. A leaf that is needed and not given must be a constant of the graph.
func Lower(name string, leaves, outputs []*G.Node, p Precision) (*hlo.Func, error) {
	l := newLowering(name, p)
	for _, n := range leaves {
		if err := l.argument(n); err != nil {
			return nil, err
		}
	}
	results, err := l.nodes(outputs)
	if err != nil {
		return nil, err
	}
	l.f.Return(results...)
	return l.f, nil
}

func newLowering(name string, p Precision) *lowering {
	return &lowering{hlo.New(name), p, map[*G.Node]*hlo.Value{}}
}

// argument makes a leaf the program's next argument.
func (l *lowering) argument(n *G.Node) error {
	t, err := typeOf(n)
	if err == nil {
		l.values[n] = l.f.Arg(t)
	}
	return err
}

// nodes translates the outputs and all that they need.
func (l *lowering) nodes(outputs []*G.Node) ([]*hlo.Value, error) {
	results := make([]*hlo.Value, len(outputs))
	for i, n := range outputs {
		v, err := l.node(n)
		if err != nil {
			return nil, err
		}
		results[i] = v
	}
	return results, nil
}

// node is the value of a node.
func (l *lowering) node(n *G.Node) (*hlo.Value, error) {
	if v := l.values[n]; v != nil {
		return v, nil
	}
	v, err := guarded(n, func() (*hlo.Value, error) { return l.simplified(n) })
	if v == nil && err == nil {
		var in []*hlo.Value
		if in, err = l.nodes(op.Inputs(n)); err == nil {
			v, err = guarded(n, func() (*hlo.Value, error) { return l.translate(n, in) })
		}
	}
	if err != nil {
		return nil, err
	}
	l.values[n] = v
	return v, nil
}

// guarded adds the node to an error, unless a node before it is to blame, and makes one of a program that package hlo
// refuses.
func guarded(n *G.Node, f func() (*hlo.Value, error)) (v *hlo.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		err = op.AtNode("xla", n, err)
	}()
	return f()
}

// translate is the value of a node from those of its inputs.
func (l *lowering) translate(n *G.Node, in []*hlo.Value) (v *hlo.Value, err error) {
	t, err := typeOf(n)
	if err != nil {
		return nil, err
	}
	switch p := op.PrimitiveOf(n); {
	case p != nil:
		v, err = l.primitive(p, in, t)
	case isConstant(n):
		v, err = l.constant(n, t)
	case n.Op() == nil:
		return nil, fmt.Errorf("leaf %s is no argument of the program", n.Name())
	default:
		v, err = l.gorgonia(n, in, t)
	}
	if err == nil && !v.Equal(t) {
		err = fmt.Errorf("its lowering is %v where the node is %v", v.Type, t)
	}
	return v, err
}

// primitive translates one of package op's ops.
func (l *lowering) primitive(p op.Primitive, x []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	translate := lowerings[reflect.TypeOf(p)]
	if translate == nil {
		return nil, ErrNoLowering
	}
	return translate(l, p, x, out)
}

// translation gives the value of an op of package op from those of its inputs; out is its type.
type translation func(l *lowering, p op.Primitive, x []*hlo.Value, out hlo.Type) (*hlo.Value, error)

// lowerings are the translations of all ops of package op, by type. Rows and functions stand in the file of their
// subject; they are added by init because some translations use others.
var lowerings = map[reflect.Type]translation{}

// lowers adds the row of the ops of type P.
func lowers[P op.Primitive](f func(l *lowering, p P, x []*hlo.Value, out hlo.Type) (*hlo.Value, error)) {
	lowerings[reflect.TypeFor[P]()] = func(l *lowering, p op.Primitive, x []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
		return f(l, p.(P), x, out)
	}
}

// always adds the row of ops whose every form has a translation.
func always[P op.Primitive](f func(l *lowering, p P, x []*hlo.Value, out hlo.Type) *hlo.Value) {
	lowers(func(l *lowering, p P, x []*hlo.Value, out hlo.Type) (*hlo.Value, error) { return f(l, p, x, out), nil })
}

// typeOf is the type of a node's value.
func typeOf(n *G.Node) (hlo.Type, error) {
	d, err := dtypeOf(n.Dtype())
	if err != nil {
		return hlo.Type{}, fmt.Errorf("node %s: %w", n.Name(), err)
	}
	return hlo.Of(d, n.Shape()...), nil
}

func dtypeOf(dt tensor.Dtype) (hlo.DType, error) {
	switch dt {
	case tensor.Float32:
		return hlo.F32, nil
	case tensor.Float64:
		return hlo.F64, nil
	case tensor.Bool:
		return hlo.Bool, nil
	case tensor.Int, tensor.Int32:
		return hlo.I32, nil
	}
	return "", fmt.Errorf("values of type %v have no place on a device", dt)
}

// isConstant says whether the node's value stands in its op.
func isConstant(n *G.Node) bool {
	return n.Op() != nil && strings.HasPrefix(fmt.Sprintf("%T", n.Op()), "gorgonia.constant")
}

// constant writes a constant of the graph into the program.
func (l *lowering) constant(n *G.Node, t hlo.Type) (*hlo.Value, error) {
	v, err := numbers(n.Value())
	if err != nil {
		return nil, err
	}
	return l.f.Constant(t, v), nil
}

// numbers are a value's elements in row-major order.
func numbers(v G.Value) ([]float64, error) {
	if v == nil {
		return nil, errors.New("a constant without value")
	}
	switch d := v.Data().(type) {
	case float32:
		return []float64{float64(d)}, nil
	case float64:
		return []float64{d}, nil
	case int:
		return []float64{float64(d)}, nil
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out, nil
	case []float64:
		return d, nil
	}
	return nil, fmt.Errorf("a constant of %T", v.Data())
}
