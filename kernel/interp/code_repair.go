package interp

import (
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// repairCode replaces instructions of a new interpreter that ixgo executes otherwise than Go defines them; code_minmax.go,
// code_nilstore.go, code_memory.go, code_panictext.go, code_goexit.go and code_goroutine.go say which and why.
func (r *Interp) repairCode(i *ixgo.Interp) {
	goexits, goroutines := !levels.LeftOut("code_goexit"), r.options.Go != nil && !levels.LeftOut("code_goroutine")
	extremes, stores, memory := !levels.LeftOut("code_minmax"), !levels.LeftOut("code_nilstore"), !levels.LeftOut("code_memory")
	texts := !levels.LeftOut("code_panictext")
	for f := range ixcode.Functions(i) {
		for pc, in := range f.Source {
			switch in := in.(type) {
			case *ssa.Call:
				if b, ok := in.Call.Value.(*ssa.Builtin); ok && extremes && (b.Name() == "min" || b.Name() == "max") {
					f.Code[pc] = extreme(f, in, b.Name() == "max", f.Code[pc])
				} else if ok && goexits && b.Name() == "recover" {
					f.Code[pc] = recovers(f, in, f.Code[pc])
				} else if texts && isPrint(&in.Call) {
					f.Code[pc] = printed(f, in)
				} else if ok && memory && b.Name() == "append" && len(in.Call.Args) == 2 {
					f.Code[pc] = checkedSize(f, in, f.Code[pc])
				} else if own := r.overriddenMethod(&in.Call); own != nil {
					f.Code[pc] = invoked(f, in, own, f.Code[pc])
				}
			case *ssa.Defer:
				if texts && isPrint(&in.Call) {
					f.Code[pc] = printedLater(f, in, f.Code[pc])
				} else if own := r.overriddenMethod(&in.Call); own != nil {
					f.Code[pc] = invokedLater(f, in, own, f.Code[pc])
				}
			case *ssa.Go:
				if goroutines {
					f.Code[pc] = r.goroutine(f, in)
				}
			case *ssa.TypeAssert:
				if texts && !in.CommaOk {
					f.Code[pc] = asserted(f, in, f.Code[pc])
				}
			case *ssa.Store:
				if stores && mayPointNowhere(in.Addr) {
					f.Code[pc] = storeTo(f, in, f.Code[pc])
				}
			case *ssa.Alloc, *ssa.MakeSlice, *ssa.MakeChan, *ssa.BinOp:
				if memory {
					f.Code[pc] = checkedSize(f, in, f.Code[pc])
				}
			}
		}
	}
}

// ixgo calls a method of a compiled type through an interface without asking whether it has another form:
//
//	var l sync.Locker = new(sync.Mutex)
//	l.Unlock()

// overriddenMethod gives, for each type whose method of that name has another form, that form; nil for a call that is not
// through an interface.
func (r *Interp) overriddenMethod(call *ssa.CallCommon) map[reflect.Type]reflect.Value {
	if !call.IsInvoke() {
		return nil
	}
	return r.overridden[call.Method.Name()]
}

// invoked is the code of such a call.
func invoked(f *ixcode.Function, in *ssa.Call, forms map[reflect.Type]reflect.Value, own ixcode.Instruction) ixcode.Instruction {
	result, _ := f.Register(in)
	args := invokedWith(f, &in.Call)
	return func(fr *ixcode.Frame) {
		if form, ok := forms[reflect.TypeOf(fr.Stack[args[0]])]; ok {
			ixcode.CallCompiled(fr, form, result, args)
			return
		}
		own(fr)
	}
}

// invokedLater is the code of one that is deferred.
func invokedLater(f *ixcode.Function, in *ssa.Defer, forms map[reflect.Type]reflect.Value, own ixcode.Instruction) ixcode.Instruction {
	args := invokedWith(f, &in.Call)
	return func(fr *ixcode.Frame) {
		own(fr)
		if form, ok := forms[reflect.TypeOf(fr.Stack[args[0]])]; ok {
			call := ixcode.PrepareCompiled(fr, form, args)
			fr.DeferInstead(func() { call() })
		}
	}
}

// invokedWith are the registers of a call's receiver and arguments.
func invokedWith(f *ixcode.Function, call *ssa.CallCommon) []int {
	args := make([]int, 1+len(call.Args))
	args[0], _ = f.Register(call.Value)
	for i, a := range call.Args {
		args[i+1], _ = f.Register(a)
	}
	return args
}
