package onnx

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ErrNoLowering marks an op that has no translation to ONNX. The error around it names the op and its node.
var ErrNoLowering = errors.New("this op has no lowering to ONNX")

// Lower adds the computation of outputs to the graph. given are the values of some nodes; every other leaf becomes a
// constant with the value that is bound to it.
func (g *Graph) Lower(outputs []*G.Node, given map[*G.Node]Value) ([]Value, error) {
	l := &lowering{Graph: g, values: map[*G.Node]Value{}}
	for n, v := range given {
		l.values[n] = v
	}
	return l.nodes(outputs)
}

// lowering translates the nodes of a Gorgonia graph.
type lowering struct {
	*Graph
	values map[*G.Node]Value
}

func (l *lowering) nodes(nodes []*G.Node) ([]Value, error) {
	out := make([]Value, len(nodes))
	for i, n := range nodes {
		v, err := l.node(n)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (l *lowering) node(n *G.Node) (Value, error) {
	if v, ok := l.values[n]; ok {
		return v, nil
	}
	v, err := l.translate(n)
	if err != nil {
		return "", op.AtNode("onnx", n, err)
	}
	l.values[n] = v
	return v, nil
}

func (l *lowering) translate(n *G.Node) (Value, error) {
	if n.Op() == nil {
		return l.leaf(n)
	}
	p := op.PrimitiveOf(n)
	if p == nil {
		return "", ErrNoLowering
	}
	translate := lowerings[reflect.TypeOf(p)]
	if translate == nil {
		return "", ErrNoLowering
	}
	nodes := op.Inputs(n)
	if parts := sharedInput(p, nodes); parts != nil {
		return l.sharedConv(p.(op.Conv2DOp), parts)
	}
	in, err := l.nodes(nodes)
	if err != nil {
		return "", err
	}
	a := args{x: in, out: n.Shape()}
	for _, c := range nodes {
		a.shapes = append(a.shapes, c.Shape())
	}
	return translate(l, p, a)
}

// leaf is a constant with a leaf's value.
func (l *lowering) leaf(n *G.Node) (Value, error) {
	d, ok := n.Value().(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 {
		return "", fmt.Errorf("its value is a %T of %v; a constant is a tensor of float32", n.Value(), n.Dtype())
	}
	if d.RequiresIterator() {
		d = d.Materialize().(*tensor.Dense)
	}
	return l.Floats(n.Name(), d.Float32s(), n.Shape()...), nil
}

// args are a node's inputs with their shapes, and its own shape, all as the graph has them for [Batch] samples.
type args struct {
	x      []Value
	shapes []tensor.Shape
	out    tensor.Shape
}

// kept is the shape for Reshape that keeps the batch's length.
func kept(dims ...int) []int { return append([]int{0}, dims...) }

// translation gives the value of an op of package op from those of its inputs.
type translation func(l *lowering, p op.Primitive, a args) (Value, error)

// lowerings are the translations of package op's ops, by type. Rows and functions stand in the file of their subject.
var lowerings = map[reflect.Type]translation{}

// lowers adds the row of the ops of type P.
func lowers[P op.Primitive](f func(l *lowering, p P, a args) (Value, error)) {
	lowerings[reflect.TypeFor[P]()] = func(l *lowering, p op.Primitive, a args) (Value, error) { return f(l, p.(P), a) }
}

// always adds the row of ops whose every form has a translation.
func always[P op.Primitive](f func(l *lowering, p P, a args) Value) {
	lowers(func(l *lowering, p P, a args) (Value, error) { return f(l, p, a), nil })
}
