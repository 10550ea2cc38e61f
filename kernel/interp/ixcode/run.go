package ixcode

import (
	"reflect"
	"sync/atomic"
	"unsafe" // also for go:linkname

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// Jump makes a function run another one of the same parameters, results and free variables in its place. Frames that
// execute it already go on with the code that they have. The function's other instructions stay, for them.
func (f *Function) Jump(to func() *Function) {
	f.set(0, func(fr *Frame) {
		g := to()
		n := allocFrame(g, fr.Caller) // not fr, as recover counts frames
		values := f.Params + f.FreeVars
		copy(n.Stack[g.Results:g.Results+values], fr.Stack[f.Results:f.Results+values])
		runFrame(n)
		copy(fr.Stack[:f.Results], n.Stack[:g.Results])
		fr.IPC = -1
		deleteFrame(g, fr.Caller, n)
	})
}

// Call makes the k-th instruction, which calls a function by its name, call what to gives: one of the same type.
func (f *Function) Call(k int, to func() *Function) {
	in := f.Source[k].(*ssa.Call)
	result, _ := f.Register(in)
	args := make([]int, len(in.Call.Args))
	for i, a := range in.Call.Args {
		args[i], _ = f.Register(a)
	}
	f.set(k, func(fr *Frame) {
		g := to()
		callByStack(g.Interp, fr, g, result, args)
	})
}

// CallCompiled calls a compiled function with the values of registers, a slice for a variadic parameter, and puts its result
// into one.
func CallCompiled(fr *Frame, f reflect.Value, result int, args []int) {
	callExternalByStack(fr.Interp, fr, f, result, args)
}

// PrepareCompiled is such a call with the values that the registers have now, to be made later.
func PrepareCompiled(fr *Frame, f reflect.Value, args []int) func() {
	values := make([]reflect.Value, len(args))
	for i, a := range args {
		if values[i] = reflect.ValueOf(fr.Stack[a]); !values[i].IsValid() {
			values[i] = reflect.Zero(f.Type().In(i))
		}
	}
	if f.Type().IsVariadic() {
		return func() { f.CallSlice(values) }
	}
	return func() { f.Call(values) }
}

//go:linkname callExternalByStack github.com/goplus/ixgo.(*Interp).callExternalByStack
func callExternalByStack(i *ixgo.Interp, caller *Frame, f reflect.Value, result int, args []int)

// Share lets an interpreter name the functions that another one has, in traces of calls that come from it.
func Share(from, to *ixgo.Interp) {
	own := functions(to)
	known := map[*Function]bool{}
	for _, f := range own {
		known[f] = true
	}
	for _, f := range functions(from) {
		if !known[f] {
			own[new(ssa.Function)] = f // a key that nothing looks up
		}
	}
}

// Is makes fn the function whose code f is.
func (f *Function) Is(fn *ssa.Function) {
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&f.SSA)), unsafe.Pointer(fn))
}

// Prepare makes the code that evaluates a call's function and arguments in a frame; what it gives calls it on behalf of
// another frame, which may be of another goroutine, and drops the results.
func (f *Function) Prepare(call *ssa.CallCommon) func(*Frame) func(*Frame) {
	fn, args, bound := getCallIndex(f, call)
	return func(fr *Frame) func(*Frame) {
		callee, values := prepareCall(f.Interp, fr, call, fn, args, bound)
		return func(caller *Frame) { callDiscardsResult(f.Interp, caller, callee, values, call.Args) }
	}
}

//go:linkname getCallIndex github.com/goplus/ixgo.getCallIndex
func getCallIndex(f *Function, call *ssa.CallCommon) (fn int, args, bound []int)

//go:linkname prepareCall github.com/goplus/ixgo.(*Interp).prepareCall
func prepareCall(i *ixgo.Interp, fr *Frame, call *ssa.CallCommon, fn int, args, bound []int) (callee any, values []any)

//go:linkname callDiscardsResult github.com/goplus/ixgo.(*Interp).callDiscardsResult
func callDiscardsResult(i *ixgo.Interp, caller *Frame, callee any, values []any, args []ssa.Value)

//go:linkname callByStack github.com/goplus/ixgo.(*Interp).callFunctionByStack
func callByStack(i *ixgo.Interp, caller *Frame, f *Function, result int, args []int)

//go:linkname allocFrame github.com/goplus/ixgo.(*function).allocFrame
func allocFrame(f *Function, caller *Frame) *Frame

//go:linkname deleteFrame github.com/goplus/ixgo.(*function).deleteFrame
func deleteFrame(f *Function, caller, fr *Frame)

//go:linkname runFrame github.com/goplus/ixgo.(*frame).run
func runFrame(fr *Frame)
