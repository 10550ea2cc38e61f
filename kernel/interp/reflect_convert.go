package interp

import (
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// reflect takes fields that are not exported for different ones when one struct is a compiled type and the other is made
// from it here, since a struct made by reflection has no package:
//
//	type W time.Time
//	reflect.ValueOf(time.Now()).Convert(reflect.TypeFor[W]())

func init() {
	if levels.LeftOut("reflect_convert") {
		return
	}
	ixgo.RegisterExternal("(reflect.Value).Convert", func(v reflect.Value, t reflect.Type) reflect.Value {
		if !v.CanConvert(t) && sameMemory(v.Type(), t) {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			return reflect.NewAt(t, p.UnsafePointer()).Elem()
		}
		return v.Convert(t)
	})
	ixgo.RegisterExternal("(reflect.Value).CanConvert", func(v reflect.Value, t reflect.Type) bool {
		return v.CanConvert(t) || sameMemory(v.Type(), t)
	})
}

// sameMemory reports whether two structs, or pointers to them, differ in nothing but their names and packages.
func sameMemory(a, b reflect.Type) bool {
	if a.Kind() == reflect.Pointer && b.Kind() == reflect.Pointer && (a.Name() == "" || b.Name() == "") {
		a, b = a.Elem(), b.Elem()
	}
	if a.Kind() != reflect.Struct || b.Kind() != reflect.Struct || a.NumField() != b.NumField() {
		return false
	}
	for i := range a.NumField() {
		f, g := a.Field(i), b.Field(i)
		if f.Name != g.Name || f.Type != g.Type || f.Offset != g.Offset || f.Anonymous != g.Anonymous {
			return false
		}
	}
	return true
}
