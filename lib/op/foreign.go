package op

import (
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gorgoniaTwins names the primitive that computes the same as a pointwise op of Gorgonia's, by that op's type and name.
// G.Grad adds gradients up with "+", so these are a part of every training step.
var gorgoniaTwins = map[string]Primitive{
	"gorgonia.elemBinOp +":          BinaryOp{"add"},
	"gorgonia.elemBinOp -":          BinaryOp{"sub"},
	"gorgonia.elemBinOp ⊙":          BinaryOp{"mul"},
	"gorgonia.elemBinOp ÷":          BinaryOp{"div"},
	"gorgonia.elemUnaryOp exp":      UnaryOp{Func: "exp"},
	"gorgonia.elemUnaryOp ln":       UnaryOp{Func: "log"},
	"gorgonia.elemUnaryOp tanh":     UnaryOp{Func: "tanh"},
	"gorgonia.elemUnaryOp sigmoid":  UnaryOp{Func: "sigmoid"},
	"gorgonia.elemUnaryOp softplus": UnaryOp{Func: "softplus", A: 1},
	"gorgonia.elemUnaryOp neg":      UnaryOp{Func: "scale", A: -1},
	"gorgonia.elemUnaryOp square":   UnaryOp{Func: "square"},
	"gorgonia.elemUnaryOp sqrt":     UnaryOp{Func: "sqrt"},
}

// PrimitiveOf is the primitive that a node computes from its Inputs: its own, or the twin of one of
// Gorgonia's pointwise ops (so that whoever translates a graph meets one kind of node). Nil means that only the node's
// op itself knows.
func PrimitiveOf(n *G.Node) Primitive {
	if o, ok := n.Op().(*Op); ok {
		return o.Primitive
	}
	if n.Op() == nil {
		return nil
	}
	name, _, _ := strings.Cut(n.Op().String(), " ") // a binary op's name is followed by a flag
	twin, ok := gorgoniaTwins[reflect.TypeOf(n.Op()).String()+" "+name]
	if !ok || !fits(twin, n) {
		return nil
	}
	return twin
}

// fits says whether p takes inputs such as n's and makes what n promises.
func fits(p Primitive, n *G.Node) bool {
	o, err := newOp(p, Inputs(n))
	return err == nil && o.out == rank(n)
}

// isConstant says whether the node's value stands in its op.
func isConstant(n *G.Node) bool {
	switch reflect.TypeOf(n.Op()).String() {
	case "gorgonia.constantScalar", "gorgonia.constantTensor":
		return true
	}
	return false
}

// foreignStep computes a node whose op only offers Gorgonia's interface. Such an op may return a part of its input, a
// view of it, or memory that it keeps for itself: whatever it returns is copied into the slot's own buffer. It may also
// turn the tensors it is given around (matrix products do): it gets headers of its own.
type foreignStep struct {
	op  G.Op
	out *slot
	in  []*slot
}

func (st *foreignStep) slot() *slot { return st.out }

func (st *foreignStep) run() error {
	var v G.Value
	var err error
	if op, ok := st.op.(G.UsePreallocDoer); ok && st.out.dense != nil && !st.out.scalar && !isGorgonias(st.op) {
		v, err = op.UsePreallocDo(st.out.dense.ShallowClone(), st.values()...)
	} else {
		v, err = st.op.Do(st.values()...)
	}
	if err != nil {
		return err
	}
	return st.out.store(v)
}

// isGorgonias says whether the op is one of Gorgonia's own. Of these, some fail to fill what they are given (dropout)
// or add to it (the gradient of a slice), so they make their results anew.
func isGorgonias(op G.Op) bool {
	t := reflect.TypeOf(op)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "gorgonia.org/gorgonia"
}

func (st *foreignStep) values() []G.Value {
	in := make([]G.Value, len(st.in))
	for i, s := range st.in {
		in[i] = s.value
		if d, ok := s.value.(*tensor.Dense); ok {
			in[i] = d.ShallowClone()
		}
	}
	return in
}
