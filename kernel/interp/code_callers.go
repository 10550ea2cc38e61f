package interp

import (
	"reflect"
	"runtime"
	_ "unsafe" // for go:linkname

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// A stack ends with runtime.goexit, where each goroutine begins. ixgo's ends with the first interpreted function, so that
// code finds too little which, as go.uber.org/fx does, leaves the last frame out:
//
//	n := runtime.Callers(1, pcs) // 1 in main, where Go gives 3 with runtime.main and runtime.goexit

// completeStacks makes runtime.Callers give the end of the stack too.
func completeStacks(ctx *ixgo.Context) {
	if levels.LeftOut("code_callers") {
		return
	}
	t := reflect.FuncOf([]reflect.Type{framePointer, reflect.TypeFor[int](), reflect.TypeFor[[]uintptr]()}, []reflect.Type{reflect.TypeFor[int]()}, false)
	ctx.RegisterExternal("runtime.Callers", reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		pcs := args[2].Interface().([]uintptr)
		n := runtimeCallers((*ixcode.Frame)(args[0].UnsafePointer()), int(args[1].Int()), pcs)
		if 0 < n && n < len(pcs) {
			pcs[n] = stackEnd
			n++
		}
		return []reflect.Value{reflect.ValueOf(n)}
	}).Interface())
}

// stackEnd is the program counter of runtime.goexit, which is the last one of any goroutine.
var stackEnd = func() uintptr {
	pcs := make([]uintptr, 64)
	return pcs[runtime.Callers(0, pcs)-1]
}()

// framePointer is ixgo's type of *ixcode.Frame, which a function has as its first parameter to be given its caller's.
//
//go:linkname framePointer github.com/goplus/ixgo.typFramePtr
var framePointer reflect.Type

//go:linkname runtimeCallers github.com/goplus/ixgo.runtimeCallers
func runtimeCallers(fr *ixcode.Frame, skip int, pcs []uintptr) int
