package interp

import (
	"reflect"
	"sync"
	"unsafe" // also for go:linkname

	"github.com/goplus/ixgo"
	"github.com/goplus/reflectx"
	"github.com/goplus/reflectx/abi"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// Compiled code calls the methods of interpreted types through functions that reflectx makes. Two errors there and in ixgo
// give them a wrong receiver, which is a segmentation fault at best. They are repaired here.
//
// A value that is one pointer, such as struct{ m map[string]int }, stands itself in an interface; of others there is the
// address. So a method with a value as its receiver has two functions, one for T and one for *T. Of types that are one
// pointer reflectx recognises only some, and gives the others that of *T for both.
//
//	type Set struct{ m map[string]int }
//	func (s Set) String() string { return fmt.Sprint(len(s.m)) }
//	fmt.Println(Set{map[string]int{"a": 1}}) // prints that String panicked
//
// The provider of these functions makes the missing one, and finishReceivers puts it into the type's table of methods.
//
// ixgo keeps the functions of promoted methods by the embedded type and the index of its field, but they are made for the
// offset in one struct. So they are forgotten after each type.

func init() {
	list := new(abi.MethodProviderList)
	for _, p := range abi.Default.List() {
		list.Add(&receiverProvider{MethodProvider: p})
	}
	abi.Default = list
}

type receiverProvider struct{ abi.MethodProvider }

func (p *receiverProvider) Insert(info *abi.MethodInfo) (unsafe.Pointer, int) {
	finishReceivers()
	fn, index := p.MethodProvider.Insert(info)
	if index >= 0 && info.Indirect && !info.OnePtr && isOnePointer(info.Type) && !levels.LeftOut("reflect_receivers") {
		value := *info
		value.Pointer, value.Indirect, value.OnePtr = false, false, true
		if own, i := p.MethodProvider.Insert(&value); i >= 0 {
			receivers.Lock()
			receivers.unfinished = append(receivers.unfinished, receiver{info.Type, fn, own})
			receivers.Unlock()
		}
	}
	return fn, index
}

// isOnePointer reports whether a value of the type stands itself in an interface.
func isOnePointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && isOnePointer(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && isOnePointer(t.Elem())
	}
	return false
}

// receiver is a method whose type has the function of its pointer type.
type receiver struct {
	t          reflect.Type
	wrong, own unsafe.Pointer
}

var receivers struct {
	sync.Mutex
	unfinished []receiver
}

// finishReceivers corrects the tables of the types that have been made.
func finishReceivers() {
	receivers.Lock()
	defer receivers.Unlock()
	for _, r := range receivers.unfinished {
		wrong := resolveReflectText(r.wrong)
		methods := rtypeMethods((*[2]unsafe.Pointer)(unsafe.Pointer(&r.t))[1])
		for i := range methods {
			if methods[i].interfaceFunc == wrong {
				methods[i].interfaceFunc = resolveReflectText(r.own)
			}
		}
	}
	receivers.unfinished = nil
}

// hookMethods makes the context forget promoted methods after each type. The check of a method comes after those of its
// type have been looked for.
func hookMethods(ctx *ixgo.Context) {
	if levels.LeftOut("reflect_receivers") {
		return
	}
	checker := ctx.MethodChecker
	ctx.MethodChecker = func(c *ixgo.Context, prog *ssa.Program) func(reflect.Type, reflectx.Method) bool {
		check := checker(c, prog)
		return func(t reflect.Type, m reflectx.Method) bool {
			promoted.Clear()
			return check(t, m) && worthSlot(t, m.Name)
		}
	}
}

// promoted is ixgo's cache of promoted methods.
//
//go:linkname promoted github.com/goplus/ixgo.mfnMap
var promoted sync.Map

// methodEntry is internal/abi.Method.
type methodEntry struct {
	_             [2]int32 // name and type
	interfaceFunc int32
	function      int32 // for calls that are not through interfaces
}

//go:linkname rtypeMethods github.com/goplus/reflectx.rtypeMethods
func rtypeMethods(rtype unsafe.Pointer) []methodEntry

//go:linkname resolveReflectText github.com/goplus/reflectx.resolveReflectText
func resolveReflectText(fn unsafe.Pointer) int32
