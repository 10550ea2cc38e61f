package interp

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// endlessInterfaces are the errors of interfaces without a name whose methods mention the same interface, as in
//
//	type T interface{ M(interface{ T }) }
//
// The Go compiler refuses them, go/types does not, and making a reflect type of one never ends.
func endlessInterfaces(f *ast.File, info *types.Info, fset *token.FileSet) (errs []types.Error) {
	ast.Inspect(f, func(n ast.Node) bool {
		e, ok := n.(*ast.InterfaceType)
		if !ok {
			return true
		}
		if t := info.Types[e].Type; t != nil && mentionsItself(t, nil) {
			errs = append(errs, types.Error{Fset: fset, Pos: e.Pos(),
				Msg: "invalid recursive type: anonymous interface refers to itself"})
		}
		return len(errs) == 0
	})
	return errs
}

// mentionsItself reports whether an interface of those around is met again within t. A type with a name ends the search.
func mentionsItself(t types.Type, around []*types.Interface) bool {
	inner := func(t types.Type) bool { return mentionsItself(t, around) }
	switch t := t.(type) {
	case *types.Interface:
		if slices.Contains(around, t) {
			return true
		}
		around = append(slices.Clip(around), t)
		for m := range t.Methods() {
			if inner(m.Type()) {
				return true
			}
		}
	case *types.Signature:
		return inner(t.Params()) || inner(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if inner(v.Type()) {
				return true
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if inner(f.Type()) {
				return true
			}
		}
	case *types.Map:
		return inner(t.Key()) || inner(t.Elem())
	case interface{ Elem() types.Type }: // pointers, slices, arrays and channels
		return inner(t.Elem())
	}
	return false
}
