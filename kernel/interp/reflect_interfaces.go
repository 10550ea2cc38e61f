package interp

import (
	"go/types"
	"reflect"

	"github.com/goplus/reflectx"
)

// reflectx knows interface types that it has made by how they are written, with the names of packages and not their paths.
// An interface of a second package with the same name, as the versions of an API have, then gets the methods of the first:
//
//	package expr // of module a, and another of module b
//	type isKind interface{ isKind() }
//
// So that no type of the second implements it. Each named interface is compared with what its methods must be.

// meets notes a named interface that the record is about to make a reflect type of.
func (l *loader) meets(n *types.Named) {
	if i, ok := n.Underlying().(*types.Interface); ok && i.NumMethods() > 0 && n.Obj().Pkg() != nil && !mentionsTypeParam(n) {
		l.interfaces = append(l.interfaces, n)
	}
}

// finishInterfaces corrects the interfaces that were met.
func (l *loader) finishInterfaces() {
	for len(l.interfaces) > 0 {
		n := l.interfaces[0]
		l.interfaces = l.interfaces[1:]
		rt, nested := l.record.ToType(n)
		if nested || rt.Kind() != reflect.Interface {
			continue
		}
		if methods := l.methodsOf(n.Underlying().(*types.Interface)); !hasMethods(rt, methods) {
			reflectx.SetUnderlying(rt, reflectx.NewContext().InterfaceOf(nil, methods))
		}
	}
	l.interfaces = nil
}

func (l *loader) methodsOf(t *types.Interface) (methods []reflect.Method) {
	for f := range t.Methods() {
		rt, _ := l.record.ToType(f.Type())
		m := reflect.Method{Name: f.Name(), Type: rt}
		if f.Pkg() != nil {
			m.PkgPath = f.Pkg().Path()
		}
		methods = append(methods, m)
	}
	return methods
}

// hasMethods reports whether an interface type has exactly these methods.
func hasMethods(rt reflect.Type, methods []reflect.Method) bool {
	if rt.NumMethod() != len(methods) {
		return false
	}
	for _, m := range methods {
		got, ok := rt.MethodByName(m.Name)
		if !ok || got.Type != m.Type || !got.IsExported() && got.PkgPath != m.PkgPath {
			return false
		}
	}
	return true
}
