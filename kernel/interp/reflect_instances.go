package interp

import (
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/goplus/reflectx"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// ixgo writes the type arguments of a generic function into the names of all generic types that it first meets in an
// instance of the function, as it must for those that the function declares:
//
//	func NewBox[T any](v T) *Box[T] { return &Box[T]{v} }
//
//	fmt.Printf("%T", NewBox(1)) // *main.Box[int;int]
//
// And it leaves the number out that tells an argument declared in the function from another of the same name.

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
	if !ok || l.making[n] || n.TypeArgs().Len() == 0 || !ixcode.InInstance(l.record) || mentionsTypeParam(n) || levels.LeftOut("reflect_instances") {
		return nil, false
	}
	l.making[n] = true
	defer delete(l.making, n)
	if declaredOutside(n) {
		return ixcode.Outside(l.record, n), true
	}
	return l.ofLocal(n)
}

// ofLocal makes the type of an instance that is declared in an instance of a generic function, or has an argument that is.
func (l *instances) ofLocal(n *types.Named) (reflect.Type, bool) {
	numbers := map[token.Pos]int{} // of the package's types that are declared in functions, in their order
	for t, i := range ixcode.Nested(l.record) {
		if t == n.Origin() {
			return nil, false
		}
		numbers[t.Obj().Pos()] = i
	}
	var arguments []string
	for t := range n.TypeArgs().Types() {
		rt, _ := l.record.ToType(t)
		name := rt.String()
		if path := rt.PkgPath(); path != "" {
			name = path + "." + rt.Name()
		}
		if t, ok := t.(*types.Named); ok && numbers[t.Obj().Pos()] > 0 {
			name += "·" + strconv.Itoa(numbers[t.Obj().Pos()])
		}
		arguments = append(arguments, name)
	}
	name := strings.Join(arguments, ",")
	o := n.Obj()
	if o.Parent() == o.Pkg().Scope() {
		rt := ixcode.Outside(l.record, n)
		reflectx.SetTypeName(rt, rt.PkgPath(), o.Name()+"["+name+"]")
		return rt, true
	}
	rt, _ := l.record.ToType(n)
	reflectx.SetTypeName(rt, rt.PkgPath(), o.Name()+"["+ixcode.InstanceArguments(l.record)+";"+name+"]")
	return rt, true
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
