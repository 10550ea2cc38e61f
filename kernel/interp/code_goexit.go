package interp

import (
	"runtime"
	"sync"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/timandy/routine"
	"golang.org/x/tools/go/ssa"
)

// ixgo takes runtime.Goexit for panic(nil) when it passes a function with deferred calls, and executes these twice when it
// is one of them that calls it; a main that calls it waits for ever:
//
//	go func() { defer wg.Done(); runtime.Goexit() }()
//
// So it is a panic of its own here, which recover does not see. Where compiled code called the interpreted one, it becomes
// runtime.Goexit again.

// goexit is the panic that runtime.Goexit is in interpreted code.
type goexit struct{}

func (goexit) Error() string { return "runtime.Goexit" }

// exiting has the ids of goroutines that called runtime.Goexit in interpreted code which has not ended yet.
var exiting sync.Map

func callGoexit() {
	exiting.Store(routine.Goid(), true)
	panic(goexit{})
}

// Goexited reports whether a panic, or the error of a function that was run, is a runtime.Goexit. Of one that passed
// interpreted code on its way from compiled code ixgo makes a *runtime.PanicNilError; those of panic(nil) are in an
// ixgo.PanicError.
func Goexited(v any) bool {
	if e, ok := v.(ixgo.FatalError); ok {
		v = e.Value
	}
	switch v.(type) {
	case goexit, *runtime.PanicNilError:
		return true
	}
	return false
}

// recovers is the code of a call of recover that does not see runtime.Goexit.
func recovers(f *ixcode.Function, in *ssa.Call, own ixcode.Instruction) ixcode.Instruction {
	r, used := f.Register(in)
	return func(fr *ixcode.Frame) {
		if fr.Caller == nil || fr.Caller.Panic == nil || !Goexited(fr.Caller.Panic.Value) {
			own(fr)
		} else if used {
			fr.Stack[r] = nil
		}
	}
}

// passGoexit is deferred by calls of interpreted code by compiled code: for that it calls runtime.Goexit.
func (c *Call) passGoexit(ended *bool) {
	if *ended || !c.exits() {
		return
	}
	PassOn(recover())
}

// PassOn ends the goroutine of compiled code as the interpreted code in it ended, which panicked with e, if it did.
func PassOn(e any) {
	switch {
	case Goexited(e):
		exiting.Delete(routine.Goid())
		runtime.Goexit()
	case e != nil:
		panic(e)
	}
}

// exits reports whether a call may be ending by runtime.Goexit, without a recover, which costs deep recursions much.
func (c *Call) exits() bool {
	if _, ok := exiting.Load(routine.Goid()); ok {
		return true
	}
	for fr := c.root; fr != nil; fr = fr.Callee {
		if fr.Panic != nil && fr.Panic.Value == nil {
			return true
		}
	}
	return false
}
