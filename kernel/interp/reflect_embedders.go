package interp

import (
	"go/types"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// ixgo takes the methods that a struct type gets from what it embeds from the reflect type of that, when it makes the struct's.
// Where a method of the embedded type mentions the struct, ixgo makes that meanwhile, and finds no methods yet:
//
//	type Base struct{}
//	func (*Base) String() string { return "base" }
//	func (*Base) Of(d Derived) {}
//	type Derived struct{ *Base }
//	fmt.Println(Derived{}) // a call of a zero reflect.Value
//
// So the types of a package that embed a type are begun before it, each while the one before is being made, and it is made
// within them all.

// embedders are the types of packages by what they embed.
type embedders struct {
	of    map[types.Object][]*types.Named
	known map[*types.Package]bool
	begun map[*types.Named]bool
}

func newEmbedders() *embedders {
	return &embedders{of: map[types.Object][]*types.Named{}, known: map[*types.Package]bool{}, begun: map[*types.Named]bool{}}
}

// first makes the types that embed n, if there are any that are not begun, and n.
func (e *embedders) first(record *ixgo.TypesRecord, n *types.Named) (rt reflect.Type, made bool) {
	pkg := n.Obj().Pkg()
	if pkg == nil || levels.LeftOut("reflect_embedders") {
		return nil, false
	}
	if !e.known[pkg] {
		e.known[pkg] = true
		e.look(pkg)
	}
	for _, outer := range e.of[n.Obj()] {
		if !e.begun[outer] {
			e.begun[outer], made = true, true
			record.ToType(outer)
		}
	}
	if made {
		rt, _ = record.ToType(n)
	}
	return rt, made
}

// look finds the struct types of a package that embed named types of it.
func (e *embedders) look(pkg *types.Package) {
	for _, name := range pkg.Scope().Names() {
		tn, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() {
			continue
		}
		outer, ok := tn.Type().(*types.Named)
		if !ok || outer.TypeParams().Len() > 0 {
			continue
		}
		s, ok := outer.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for f := range s.Fields() {
			if n := embeddedType(f); n != nil && n.Obj().Pkg() == pkg {
				e.of[n.Obj()] = append(e.of[n.Obj()], outer)
			}
		}
	}
}

// embeddedType is the named type that a field embeds, or to which it embeds a pointer.
func embeddedType(f *types.Var) *types.Named {
	if !f.Embedded() {
		return nil
	}
	t := types.Unalias(f.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}
