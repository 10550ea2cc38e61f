package interp

import (
	"go/types"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// ixgo writes the type arguments of a generic function into the names of all generic types that it first meets in an
// instance of the function, as it must for those that the function declares:
//
//	func NewBox[T any](v T) *Box[T] { return &Box[T]{v} }
//
//	fmt.Printf("%T", NewBox(1)) // *main.Box[int;int]

// instances makes reflect types of instances of generic types as if they were met outside of functions.
type instances struct {
	ixgo.Loader
	record *ixgo.TypesRecord
	making map[types.Type]bool

	embedders *embedders
}

func newInstances(l ixgo.Loader) *instances {
	return &instances{Loader: l, making: map[types.Type]bool{}, embedders: newEmbedders()}
}

func (l *instances) LookupReflect(t types.Type) (reflect.Type, bool) {
	if rt, ok := l.Loader.LookupReflect(t); ok {
		return rt, true
	}
	n, ok := t.(*types.Named)
	if ok && n.TypeArgs().Len() == 0 && !mentionsTypeParam(n) {
		return l.embedders.first(l.record, n)
	}
	if !ok || l.making[n] || n.TypeArgs().Len() == 0 || !ixcode.InInstance(l.record) || !declaredOutside(n) || levels.LeftOut("reflect_instances") {
		return nil, false
	}
	l.making[n] = true
	defer delete(l.making, n)
	return ixcode.Outside(l.record, n), true
}

// declaredOutside reports whether a type and its arguments are declared outside of functions, and mention no type
// parameter.
func declaredOutside(n *types.Named) bool {
	outside := true
	WalkType(n, func(t types.Type) bool {
		if n, ok := t.(*types.Named); ok {
			o := n.Obj()
			outside = outside && (o.Pkg() == nil || o.Parent() == o.Pkg().Scope())
		}
		_, parameter := t.(*types.TypeParam)
		outside = outside && !parameter
		return outside
	})
	return outside
}
