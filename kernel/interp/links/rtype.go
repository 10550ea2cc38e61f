package links

import (
	"maps"
	"reflect"
	"unsafe"
)

// goccy/go-json takes the methods of reflect's own type of types by go:linkname, to have no interface around
// them. Their receiver is a pointer to the runtime's description of a type, which is what an interface of that type
// begins with.

// typeAt is the type that the runtime describes at t.
func typeAt(t unsafe.Pointer) reflect.Type {
	value := [2]unsafe.Pointer{t, nil}
	return reflect.TypeOf(*(*any)(unsafe.Pointer(&value)))
}

// descriptionOf is the opposite of typeAt.
func descriptionOf(t reflect.Type) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1] }

// indirect tells whether an interface holds a value of the type by a pointer to it, and not the value itself.
func indirect(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false
	case reflect.Struct:
		return t.NumField() != 1 || indirect(t.Field(0).Type)
	case reflect.Array:
		return t.Len() != 1 || indirect(t.Elem())
	}
	return true
}

func init() {
	maps.Copy(Functions, map[string]any{
		"reflect.toType":            typeAt,
		"reflect.rtypeOff":          reflectResolveTypeOff,
		"reflect.ifaceIndir":        func(t unsafe.Pointer) bool { return indirect(typeAt(t)) },
		"reflect.mapitervalue":      reflectMapiterelem,
		"reflect.(*rtype).ptrTo":    func(t unsafe.Pointer) unsafe.Pointer { return descriptionOf(reflect.PointerTo(typeAt(t))) },
		"reflect.(*rtype).Align":    func(t unsafe.Pointer) int { return typeAt(t).Align() },
		"reflect.(*rtype).Bits":     func(t unsafe.Pointer) int { return typeAt(t).Bits() },
		"reflect.(*rtype).ChanDir":  func(t unsafe.Pointer) reflect.ChanDir { return typeAt(t).ChanDir() },
		"reflect.(*rtype).Elem":     func(t unsafe.Pointer) reflect.Type { return typeAt(t).Elem() },
		"reflect.(*rtype).Field":    func(t unsafe.Pointer, i int) reflect.StructField { return typeAt(t).Field(i) },
		"reflect.(*rtype).In":       func(t unsafe.Pointer, i int) reflect.Type { return typeAt(t).In(i) },
		"reflect.(*rtype).Key":      func(t unsafe.Pointer) reflect.Type { return typeAt(t).Key() },
		"reflect.(*rtype).Kind":     func(t unsafe.Pointer) reflect.Kind { return typeAt(t).Kind() },
		"reflect.(*rtype).Len":      func(t unsafe.Pointer) int { return typeAt(t).Len() },
		"reflect.(*rtype).Method":   func(t unsafe.Pointer, i int) reflect.Method { return typeAt(t).Method(i) },
		"reflect.(*rtype).Name":     func(t unsafe.Pointer) string { return typeAt(t).Name() },
		"reflect.(*rtype).NumField": func(t unsafe.Pointer) int { return typeAt(t).NumField() },
		"reflect.(*rtype).NumIn":    func(t unsafe.Pointer) int { return typeAt(t).NumIn() },
		"reflect.(*rtype).NumOut":   func(t unsafe.Pointer) int { return typeAt(t).NumOut() },
		"reflect.(*rtype).Out":      func(t unsafe.Pointer, i int) reflect.Type { return typeAt(t).Out(i) },
		"reflect.(*rtype).PkgPath":  func(t unsafe.Pointer) string { return typeAt(t).PkgPath() },
		"reflect.(*rtype).Size":     func(t unsafe.Pointer) uintptr { return typeAt(t).Size() },
		"reflect.(*rtype).String":   func(t unsafe.Pointer) string { return typeAt(t).String() },

		"reflect.(*rtype).FieldAlign":    func(t unsafe.Pointer) int { return typeAt(t).FieldAlign() },
		"reflect.(*rtype).NumMethod":     func(t unsafe.Pointer) int { return typeAt(t).NumMethod() },
		"reflect.(*rtype).Comparable":    func(t unsafe.Pointer) bool { return typeAt(t).Comparable() },
		"reflect.(*rtype).IsVariadic":    func(t unsafe.Pointer) bool { return typeAt(t).IsVariadic() },
		"reflect.(*rtype).Implements":    func(t unsafe.Pointer, u reflect.Type) bool { return typeAt(t).Implements(u) },
		"reflect.(*rtype).AssignableTo":  func(t unsafe.Pointer, u reflect.Type) bool { return typeAt(t).AssignableTo(u) },
		"reflect.(*rtype).ConvertibleTo": func(t unsafe.Pointer, u reflect.Type) bool { return typeAt(t).ConvertibleTo(u) },
		"reflect.(*rtype).MethodByName":  func(t unsafe.Pointer, name string) (reflect.Method, bool) { return typeAt(t).MethodByName(name) },
		"reflect.(*rtype).FieldByIndex":  func(t unsafe.Pointer, i []int) reflect.StructField { return typeAt(t).FieldByIndex(i) },
		"reflect.(*rtype).FieldByName":   func(t unsafe.Pointer, name string) (reflect.StructField, bool) { return typeAt(t).FieldByName(name) },
		"reflect.(*rtype).FieldByNameFunc": func(t unsafe.Pointer, f func(string) bool) (reflect.StructField, bool) {
			return typeAt(t).FieldByNameFunc(f)
		},
	})
}
