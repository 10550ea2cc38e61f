package op

import (
	"fmt"
	"hash"
	"hash/fnv"
	"strings"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Primitive is one operation: a struct whose exported fields are all of its parameters.
//
// Implementations MUST be plain data (no pointers), because the printed fields are what tells two nodes apart: Gorgonia
// merges nodes whose ops hash equally and whose children are the same.
type Primitive interface {
	// String is the name with its parameters, for people.
	String() string
	// Shape returns the result's shape. An error says which input does not fit and prints the shapes.
	Shape(in []tensor.Shape) (tensor.Shape, error)
	// Float32 and Float64 compute the value. They MUST overwrite all of c.Y and leave c.X alone, and may assume that
	// the shapes have passed Shape. c.Y shares no memory with c.X, except as [Overwriter] allows.
	Float32(c *Call[float32])
	Float64(c *Call[float64])
}

// A Differentiable primitive is differentiable with respect to every one of its inputs.
type Differentiable interface {
	Primitive
	// Grad returns, for each x, the gradient of a scalar cost, given y's value and dy = ∂cost/∂y.
	Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error)
}

// An Overwriter may be computed in place: y may use the memory of input i for i < Overwrites().
type Overwriter interface {
	Primitive
	Overwrites() int
}

// Op is a Primitive applied to inputs of given ranks: what a node of the graph holds. It implements the Gorgonia
// interfaces Op, SDOp and UsePreallocDoer.
type Op struct {
	Primitive
	in   []int // rank of each input; 0 is a scalar
	out  int   // rank of the result
	salt int   // see apply
}

var (
	_ G.Op              = (*Op)(nil)
	_ G.SDOp            = (*Op)(nil)
	_ G.UsePreallocDoer = (*Op)(nil)
)

// apply adds p(x...) to the graph of the x.
//
// A node is looked up by a 32-bit hash of its op and its children's hashes; Gorgonia does not compare the children
// themselves. If another node of the same op and shape happens to have the same hash, it would be returned in silence,
// so the children are compared here and the op is given a different salt until they agree.
func apply(p Primitive, x ...*G.Node) (*G.Node, error) {
	o, err := newOp(p, x)
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", p, err)
	}
	for salt := range 8 {
		salted := &Op{Primitive: p, in: o.in, out: o.out, salt: salt}
		n, err := G.ApplyOp(salted, append(G.Nodes(nil), x...)...)
		if err != nil {
			return nil, fmt.Errorf("op: %s: %w", p, err)
		}
		if sameChildren(n, x) {
			return n, nil
		}
	}
	return nil, fmt.Errorf("op: %s: the graph replaced the inputs by others (two constants of one name?)", p)
}

// newOp checks the inputs' types and shapes.
func newOp(p Primitive, x []*G.Node) (*Op, error) {
	o := &Op{Primitive: p}
	shapes := make([]tensor.Shape, len(x))
	for i, n := range x {
		if n == nil {
			return nil, fmt.Errorf("input %d is nil", i)
		}
		if dt := n.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
			return nil, fmt.Errorf("input %d (%s) is %v; want float32 or float64", i, n.Name(), dt)
		} else if dt != x[0].Dtype() {
			return nil, fmt.Errorf("input 0 is %v but input %d (%s) is %v", x[0].Dtype(), i, n.Name(), dt)
		}
		shapes[i] = n.Shape()
		o.in = append(o.in, rank(n))
	}
	y, err := p.Shape(shapes)
	if err != nil {
		return nil, err
	}
	o.out = len(y)
	return o, nil
}

// rank is the number of dimensions that the node's type promises.
func rank(n *G.Node) int {
	if n.IsScalar() {
		return 0
	}
	return n.Dims()
}

func sameChildren(n *G.Node, x []*G.Node) bool {
	got := Inputs(n)
	if len(got) != len(x) {
		return false
	}
	for i, c := range got {
		if c != x[i] && x[i].Graph() != nil {
			return false // a constant without a graph is replaced by the graph's own copy
		}
	}
	return true
}

// Arity returns the number of inputs.
func (o *Op) Arity() int { return len(o.in) }

// Type returns Tensor a → ... → Tensor a with the ranks of the inputs and the result.
func (o *Op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.in)+1)
	for _, d := range append(append([]int(nil), o.in...), o.out) {
		types = append(types, rankType(d))
	}
	return hm.NewFnType(types...)
}

func rankType(dims int) hm.Type {
	a := hm.TypeVariable('a')
	if dims == 0 {
		return a
	}
	return G.TensorType{Dims: dims, Of: a}
}

// InferShape returns the result's shape.
func (o *Op) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	shapes, err := G.DimSizersToShapes(in)
	if err != nil {
		return nil, err
	}
	return o.Shape(shapes)
}

// ReturnsPtr is true: the result is a tensor of its own.
func (o *Op) ReturnsPtr() bool { return true }

// CallsExtern is false: everything is Go.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput is -1: only a Program, which knows all uses of a value, computes in place.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash writes the primitive's type and all its parameters.
func (o *Op) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "%#v %v->%d", o.Primitive, o.in, o.out)
	if o.salt != 0 {
		fmt.Fprintf(h, " #%d", o.salt)
	}
}

// Hashcode is equal for equal primitives with equal parameters.
func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// DiffWRT says true for every input of a Differentiable primitive and false otherwise.
func (o *Op) DiffWRT(inputs int) []bool {
	_, ok := o.Primitive.(Differentiable)
	wrt := make([]bool, inputs)
	for i := range wrt {
		wrt[i] = ok
	}
	return wrt
}

// SymDiff returns the gradient with respect to each input, as new nodes of the graph.
func (o *Op) SymDiff(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	d, ok := o.Primitive.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("op: %s has no gradient", o.Primitive)
	}
	dx, err := d.Grad(x, y, dy)
	if err != nil {
		return nil, fmt.Errorf("gradient of %s: %w", o.Primitive, err)
	}
	return dx, nil
}

// chain collects the first error of several node-building calls, so that a gradient reads as its formula.
type chain struct{ err error }

func (c *chain) do(n *G.Node, err error) *G.Node {
	if err != nil && c.err == nil {
		c.err = err
	}
	return n
}

func (c *chain) nodes(n ...*G.Node) (G.Nodes, error) {
	if c.err != nil {
		return nil, c.err
	}
	return n, nil
}

// shapeText prints a shape as (2,3,8,8).
func shapeText(s []int) string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = fmt.Sprint(d)
	}
	return "(" + strings.Join(parts, ",") + ")"
}
