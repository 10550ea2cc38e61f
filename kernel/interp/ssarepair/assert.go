package ssarepair

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// ixgo's x.(T) holds when x is assignable to T, so that this succeeds:
//
//	type MySlice []int
//	_, ok := any([]int{}).(MySlice) // true
//
// The types are compared as well.

func (r *repairer) exactAssertion(in ssa.Instruction) []ssa.Instruction {
	if a, ok := in.(*ssa.TypeAssert); ok {
		return r.assertion(a)
	}
	return nil
}

// assertion makes x.(T) exact. With comma-ok it is a function, which is also faster: ixgo composes the text of an error
// that nobody reads.
func (r *repairer) assertion(in *ssa.TypeAssert) []ssa.Instruction {
	zero := ssa.NewConst(nil, in.AssertedType)
	if !in.CommaOk {
		if !confusable(in.AssertedType) {
			return nil
		}
		return []ssa.Instruction{in, r.call("MustBe", in.X, zero)}
	}
	c := r.call("As", in.X, zero)
	if types.IsInterface(in.AssertedType) {
		c = r.call("Implements", in.X, ssa.NewConst(nil, types.NewPointer(in.AssertedType)))
	}
	replace(in, c)
	return []ssa.Instruction{c}
}

// confusable reports whether a value of another type could be assignable to t.
func confusable(t types.Type) bool {
	_, named := types.Unalias(t).(*types.Named)
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Array:
		return true
	case *types.Struct, *types.Pointer:
		return named
	}
	return false
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

// mustBeExactly panics as x.(T) does.
func mustBeExactly(x, zero any) {
	if reflect.TypeOf(x) == reflect.TypeOf(zero) {
		return
	}
	is := "nil"
	if x != nil {
		is = reflect.TypeOf(x).String()
	}
	panic(ConversionError(strings.TrimSpace(fmt.Sprintf("interface conversion: interface {} is %s, not %T", is, zero))))
}

// ConversionError is the panic of an assertion that does not hold.
type ConversionError string

func (e ConversionError) Error() string { return string(e) }
func (e ConversionError) RuntimeError() {}
