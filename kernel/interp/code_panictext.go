package interp

import (
	"go/token"
	"go/types"
	"os"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// A failed assertion panics with a *runtime.TypeAssertionError in Go, whose text says which method is missing. ixgo's is
// another type and calls itself a runtime error; some assertions that fail in Go succeed:
//
//	var x any = url.URL{}
//	x.(fmt.Formatter)      // panics with "runtime error: interface conversion: url.URL is not fmt.Formatter: …"
//	any([]int{}).(MySlice) // does not panic
//
// And a call of a nil interface's method panics with "runtime error: runtime error: …".

// goErrorText corrects what ixgo panics with.
func goErrorText(p *ixgo.PanicInfo) {
	if e, ok := p.Error.(ixgo.RuntimeError); ok && !levels.LeftOut("code_panictext") {
		p.Error = ixgo.RuntimeError(strings.TrimPrefix(string(e), "runtime error: "))
	}
}

// asserted is the code of x.(T), without comma-ok.
func asserted(f *ixcode.Function, in *ssa.TypeAssert, own ixcode.Instruction) ixcode.Instruction {
	from, to := ixcode.TypeOf(f.Interp, in.X.Type()), ixcode.TypeOf(f.Interp, in.AssertedType)
	x, known := f.Register(in.X)
	if from == nil || to == nil || !known {
		return own
	}
	exact := confusable(in.AssertedType)
	return func(fr *ixcode.Frame) {
		t := reflect.TypeOf(fr.Stack[x])
		if t != to && (t == nil || exact || !t.AssignableTo(to)) {
			panic(assertionError(from, t, to))
		}
		own(fr)
	}
}

// confusable reports whether a value of another type could be assignable to t.
func confusable(t types.Type) bool {
	_, named := types.Unalias(t).(*types.Named)
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Array:
		return true
	case *types.Struct, *types.Pointer:
		return named
	}
	return false
}

// assertionError is the panic of an assertion that a value of interface type from and of dynamic type t, nil for a nil
// value, is a to.
func assertionError(from, t, to reflect.Type) error {
	e := struct { // as the runtime has it
		from, dynamic, to unsafe.Pointer
		missing           string
	}{dynamic: typePointer(t), to: typePointer(to)}
	if to.Kind() != reflect.Interface {
		e.from = typePointer(from)
	} else if t != nil {
		e.missing = missingMethod(t, to)
	}
	return (*runtime.TypeAssertionError)(unsafe.Pointer(&e))
}

// typePointer is the runtime's pointer to a type, or nil.
func typePointer(t reflect.Type) unsafe.Pointer {
	if t == nil {
		return nil
	}
	return reflect.ValueOf(t).UnsafePointer()
}

// missingMethod names the first method of an interface that a type has not; reflect shows only exported ones, so that one
// which is not comes last.
func missingMethod(t, iface reflect.Type) (name string) {
	for m := range iface.Methods() {
		if !token.IsExported(m.Name) {
			return m.Name
		}
		own, ok := t.MethodByName(m.Name)
		if !ok || !sameButReceiver(own.Type, m.Type) {
			return m.Name
		}
	}
	return ""
}

// sameButReceiver reports whether a method's type is that of a function whose first parameter is a receiver.
func sameButReceiver(function, method reflect.Type) bool {
	if function.NumIn() != method.NumIn()+1 || function.NumOut() != method.NumOut() || function.IsVariadic() != method.IsVariadic() {
		return false
	}
	for i := range method.NumIn() {
		if function.In(i+1) != method.In(i) {
			return false
		}
	}
	for i := range method.NumOut() {
		if function.Out(i) != method.Out(i) {
			return false
		}
	}
	return true
}

// ixgo's print and println write to standard output:
//
//	println("to standard error")

// standardError is that of the process, whatever a program makes of os.Stderr.
var standardError = os.Stderr

func isPrint(call *ssa.CallCommon) bool {
	b, ok := call.Value.(*ssa.Builtin)
	return ok && (b.Name() == "print" || b.Name() == "println")
}

// printed is the code of a call of print or println.
func printed(f *ixcode.Function, in *ssa.Call) ixcode.Instruction {
	text := f.Text(&in.Call)
	return func(fr *ixcode.Frame) { standardError.Write(text(fr)) }
}

// printedLater is the code of one that is deferred.
func printedLater(f *ixcode.Function, in *ssa.Defer, own ixcode.Instruction) ixcode.Instruction {
	text := f.Text(&in.Call)
	return func(fr *ixcode.Frame) {
		own(fr)
		now := text(fr)
		fr.DeferInstead(func() { standardError.Write(now) })
	}
}
