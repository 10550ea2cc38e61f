package ssarepair

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// ixgo stores to the field of a struct only through a pointer whose type has no name; through another one it panics while
// it compiles:
//
//	type ref *struct{ n int }
//	var r ref = &struct{ n int }{}
//	r.n = 1

// plainPointer takes the name from the type of such a pointer.
func (r *repairer) plainPointer(in ssa.Instruction) []ssa.Instruction {
	f, ok := in.(*ssa.FieldAddr)
	if !ok {
		return nil
	}
	if _, plain := f.X.Type().(*types.Pointer); plain {
		return nil
	}
	p, ok := f.X.Type().Underlying().(*types.Pointer)
	if !ok { // of a generic function
		return nil
	}
	changed := changeTypeTo(p, f.Pos())
	changed.X, f.X = f.X, changed
	return []ssa.Instruction{changed, f}
}

// changeTypeTo is an instruction that converts to a type, from any with the same underlying type.
func changeTypeTo(t types.Type, pos token.Pos) *ssa.ChangeType {
	pkg := types.NewPackage(Path, "interp")
	from := types.NewTypeName(token.NoPos, pkg, "F", nil)
	types.NewNamed(from, t.Underlying(), nil)
	pkg.Scope().Insert(from)
	pkg.Scope().Insert(types.NewTypeName(token.NoPos, pkg, "T", t))
	for _, in := range instructionsIn(pkg, "func calls(x F) any { return T(x) }", pos) {
		if c, ok := in.(*ssa.ChangeType); ok {
			return c
		}
	}
	panic("ssarepair: go/ssa changes no type")
}
