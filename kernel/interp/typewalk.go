package interp

import "go/types"

// WalkType calls visit for t and for every type it is made of, until visit returns false for one, which ends that branch.
// The inside of a named type is not entered; its type arguments are.
func WalkType(t types.Type, visit func(types.Type) bool) {
	seen := map[types.Type]bool{}
	var walk func(types.Type)
	tuple := func(tu *types.Tuple) {
		for v := range tu.Variables() {
			walk(v.Type())
		}
	}
	walk = func(t types.Type) {
		if seen[t] || !visit(t) {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Named:
			for a := range t.TypeArgs().Types() {
				walk(a)
			}
		case *types.Alias:
			walk(types.Unalias(t))
		case *types.Pointer:
			walk(t.Elem())
		case *types.Slice:
			walk(t.Elem())
		case *types.Array:
			walk(t.Elem())
		case *types.Chan:
			walk(t.Elem())
		case *types.Map:
			walk(t.Key())
			walk(t.Elem())
		case *types.Signature:
			tuple(t.Params())
			tuple(t.Results())
		case *types.Struct:
			for f := range t.Fields() {
				walk(f.Type())
			}
		case *types.Interface:
			for m := range t.Methods() {
				walk(m.Type())
			}
		}
	}
	walk(t)
}

// mentionsTypeParam reports whether t has no values: it mentions a type parameter, or is a generic type without its
// arguments.
func mentionsTypeParam(t types.Type) bool {
	found := false
	WalkType(t, func(t types.Type) bool {
		switch t := t.(type) {
		case *types.TypeParam:
			found = true
		case *types.Named:
			found = found || t.TypeParams().Len() > 0 && t.TypeArgs().Len() == 0
		}
		return !found
	})
	return found
}
