package ssarepair

import (
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"
)

// With comma-ok, ixgo's x.(T) holds when x is assignable to T, so that this succeeds:
//
//	type MySlice []int
//	_, ok := any([]int{}).(MySlice) // true
//
// The types are compared instead, which is also faster: ixgo composes the text of an error that nobody reads.

func (r *repairer) exactAssertion(in ssa.Instruction) []ssa.Instruction {
	a, ok := in.(*ssa.TypeAssert)
	if !ok || !a.CommaOk {
		return nil
	}
	c := r.call("As", a.X, ssa.NewConst(nil, a.AssertedType))
	if types.IsInterface(a.AssertedType) {
		c = r.call("Implements", a.X, ssa.NewConst(nil, types.NewPointer(a.AssertedType)))
	}
	replace(a, c)
	return []ssa.Instruction{c}
}

// asExactly is x.(T) with comma-ok, for a T that is not an interface.
func asExactly(x, zero any) (any, bool) {
	if reflect.TypeOf(x) == reflect.TypeOf(zero) {
		return x, true
	}
	return zero, false
}

// implements is x.(T) with comma-ok, for the interface T that p points to.
func implements(x, p any) (any, bool) {
	if x == nil || !reflect.TypeOf(x).Implements(reflect.TypeOf(p).Elem()) {
		return nil, false
	}
	return x, true
}
