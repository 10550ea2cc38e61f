package engine

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ast/astutil"
)

// ixgo takes x.(T) to hold when the value's type is assignable to T, so that
// any([]int{}).(MySlice) succeeds. Where that can make a difference, the
// assertion is made by a function that compares the types first. The cases of
// type switches are not treated so.

func exactAssertions(c *checked) (changed bool) {
	asserts := false
	ast.Inspect(c.file, func(n ast.Node) bool {
		a, ok := n.(*ast.TypeAssertExpr)
		asserts = asserts || ok && a.Type != nil
		return !asserts
	})
	if !asserts {
		return false
	}
	astutil.Apply(c.file, func(cur *astutil.Cursor) bool {
		a, ok := cur.Node().(*ast.TypeAssertExpr)
		if !ok || a.Type == nil || !confusable(c.info.Types[a.Type].Type) {
			return true
		}
		name := hidden + "assert"
		if isCommaOK(cur.Parent()) {
			name = hidden + "assert2"
		}
		cur.Replace(call(&ast.IndexExpr{X: ident(name, a.Pos()), Lbrack: a.Lparen, Index: a.Type, Rbrack: a.Rparen}, a.Pos(), a.End(), a.X))
		changed = true
		return true
	}, nil)
	return changed
}

// confusable reports whether another type could be assignable to t: t is a
// slice, map, or such, with or without a name.
func confusable(t types.Type) bool {
	if t == nil || mentionsTypeParam(t) {
		return false
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Array:
		return true
	}
	return false
}

func isCommaOK(parent ast.Node) bool {
	switch p := parent.(type) {
	case *ast.AssignStmt:
		return len(p.Lhs) == 2 && len(p.Rhs) == 1
	case *ast.ValueSpec:
		return len(p.Names) == 2 && len(p.Values) == 1
	}
	return false
}

// isExactly reports whether x has the type that p points to.
func isExactly(x, p any) bool { return reflect.TypeOf(x) == reflect.TypeOf(p).Elem() }

// conversionError is the panic of an assertion that does not hold.
type conversionError string

func (e conversionError) Error() string { return string(e) }
func (e conversionError) RuntimeError() {}

func mustBeExactly(x, p any) {
	if isExactly(x, p) {
		return
	}
	is := "nil"
	if x != nil {
		is = reflect.TypeOf(x).String()
	}
	panic(conversionError(fmt.Sprintf("interface conversion: interface {} is %s, not %s", is, reflect.TypeOf(p).Elem())))
}
