package interp

import (
	"go/types"
	"reflect"
	"unsafe"

	"github.com/goplus/reflectx"
)

// The methods of T are also those of *T. For these reflectx makes functions that call T's method by its number, which counts
// unexported methods, but by reflection, which has none of them:
//
//	type action struct{ *base } // gets execute from *base
//	var a executer = &action{}
//	a.execute() // from a package that was linked before another: reflect: Method index out of range

// repairUnexported gives *T functions for the unexported methods of T.
func repairUnexported(n *types.Named, t reflect.Type) {
	var pointer reflect.Type
	for sel := range types.NewMethodSet(n).Methods() {
		name := sel.Obj().Name()
		if sel.Obj().Exported() {
			continue
		}
		if pointer == nil {
			pointer = reflect.PointerTo(t)
		}
		own, ok := reflectx.MethodByName(t, name)
		if m, too := reflectx.MethodByName(pointer, name); ok && too {
			f := reflect.MakeFunc(m.Func.Type(), func(args []reflect.Value) []reflect.Value {
				args[0] = args[0].Elem()
				if m.Func.Type().IsVariadic() {
					return own.Func.CallSlice(args)
				}
				return own.Func.Call(args)
			})
			methods := rtypeMethods((*[2]unsafe.Pointer)(unsafe.Pointer(&pointer))[1])
			methods[m.Index].function = resolveReflectText((*[2]unsafe.Pointer)(unsafe.Pointer(&f))[1])
		}
	}
}
