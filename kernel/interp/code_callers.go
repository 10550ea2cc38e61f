package interp

import (
	"reflect"
	"runtime"
	_ "unsafe" // for go:linkname

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// A stack ends with runtime.goexit, where each goroutine begins, and the main one's with runtime.main before. ixgo's ends
// with the first interpreted function, so that code finds too little which, as go.uber.org/fx does, leaves the last frame out:
//
//	n := runtime.Callers(1, pcs)      // 1 in main, where Go gives 3
//	_, _, _, ok := runtime.Caller(2)  // false in main, where Go gives true

// completeStacks makes runtime.Callers and runtime.Caller give the end of the stack too.
func completeStacks(ctx *ixgo.Context) {
	if levels.LeftOut("code_callers") {
		return
	}
	ctx.RegisterExternal("runtime.Callers", withFrame(func(fr *ixcode.Frame, skip int, pcs []uintptr) int {
		return copy(pcs, callers(fr, skip))
	}))
	ctx.RegisterExternal("runtime.Caller", withFrame(func(fr *ixcode.Frame, skip int) (pc uintptr, file string, line int, ok bool) {
		if skip < 0 {
			return runtime.Caller(skip)
		}
		pcs := callers(fr, skip+1)
		if len(pcs) == 0 {
			return 0, "", 0, false
		}
		f, _ := nextFrame(fr, runtime.CallersFrames(pcs[:1]))
		return f.PC, f.File, f.Line, f.PC != 0
	}))
}

// callers gives the program counters of a stack without the first ones, of which runtime.Callers itself is one.
func callers(fr *ixcode.Frame, skip int) []uintptr {
	pcs := make([]uintptr, 64)
	n := runtimeCallers(fr, 0, pcs)
	for ; n == len(pcs); n = runtimeCallers(fr, 0, pcs) {
		pcs = make([]uintptr, 4*len(pcs))
	}
	first := fr
	for first.Caller != nil && first.Caller.Function != nil {
		first = first.Caller
	}
	pcs = pcs[:n]
	if fn := first.Function; fn != nil && fn.SSA.String() == "main.main" {
		pcs = append(pcs, stackEnd[0])
	}
	pcs = append(pcs, stackEnd[1])
	return pcs[min(max(skip, 0), len(pcs)):]
}

// stackEnd are the program counters of runtime.main and of runtime.goexit, with which this goroutine's stack ends.
var stackEnd = func() []uintptr {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(0, pcs)
	return pcs[n-2 : n]
}()

// withFrame makes a function, whose first parameter is a frame, one that ixgo gives its caller's.
func withFrame(f any) any {
	v := reflect.ValueOf(f)
	in, out := []reflect.Type{framePointer}, []reflect.Type{}
	for i := 1; i < v.Type().NumIn(); i++ {
		in = append(in, v.Type().In(i))
	}
	for i := range v.Type().NumOut() {
		out = append(out, v.Type().Out(i))
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		args[0] = reflect.NewAt(reflect.TypeFor[ixcode.Frame](), args[0].UnsafePointer())
		return v.Call(args)
	}).Interface()
}

// framePointer is ixgo's type of *ixcode.Frame, which a function has as its first parameter to be given its caller's.
//
//go:linkname framePointer github.com/goplus/ixgo.typFramePtr
var framePointer reflect.Type

//go:linkname runtimeCallers github.com/goplus/ixgo.runtimeCallers
func runtimeCallers(fr *ixcode.Frame, skip int, pcs []uintptr) int

//go:linkname nextFrame github.com/goplus/ixgo.runtimeFramesNext
func nextFrame(fr *ixcode.Frame, frames *runtime.Frames) (f runtime.Frame, more bool)
