package engine

import (
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/engine/ixcode"
	"golang.org/x/tools/go/ssa"
)

// repairCode replaces instructions of a new interpreter that ixgo executes
// otherwise than Go defines them:
//
//   - min and max leave out uintptr, and do not know of NaN and -0.
//   - *p = x with a nil p panics with an error of reflect's.
func repairCode(i *ixgo.Interp) {
	for f := range ixcode.Functions(i) {
		for pc, in := range f.Source {
			switch in := in.(type) {
			case *ssa.Call:
				if b, ok := in.Call.Value.(*ssa.Builtin); ok && (b.Name() == "min" || b.Name() == "max") {
					f.Code[pc] = extreme(f, in, b.Name() == "max", f.Code[pc])
				}
			case *ssa.Store:
				if mayPointNowhere(in.Addr) {
					f.Code[pc] = storeTo(f, in, f.Code[pc])
				}
			}
		}
	}
}

// mayPointNowhere leaves out what is an address of something.
func mayPointNowhere(p ssa.Value) bool {
	switch p.(type) {
	case *ssa.Global, *ssa.Alloc, *ssa.FreeVar, *ssa.FieldAddr, *ssa.IndexAddr:
		return false
	}
	return true
}

func storeTo(f *ixcode.Function, in *ssa.Store, own ixcode.Instruction) ixcode.Instruction {
	r, _ := f.Register(in.Addr)
	return func(fr *ixcode.Frame) {
		if p := reflect.ValueOf(fr.Stack[r]); p.Kind() == reflect.Pointer && p.IsNil() {
			var nowhere *byte
			*nowhere = 0 // panics as it does in Go
		}
		own(fr)
	}
}

func extreme(f *ixcode.Function, call *ssa.Call, largest bool, own ixcode.Instruction) ixcode.Instruction {
	to, _ := f.Register(call)
	var args []int
	for _, a := range call.Call.Args {
		r, _ := f.Register(a)
		args = append(args, r)
	}
	return func(fr *ixcode.Frame) {
		v := reflect.New(reflect.TypeOf(fr.Stack[args[0]])).Elem()
		v.Set(reflect.ValueOf(fr.Stack[args[0]]))
		switch v.Kind() {
		case reflect.Float32, reflect.Float64:
			for _, a := range args {
				v.SetFloat(extremeFloat(v.Float(), reflect.ValueOf(fr.Stack[a]).Float(), largest))
			}
		case reflect.Uintptr:
			for _, a := range args {
				if x := reflect.ValueOf(fr.Stack[a]).Uint(); x > v.Uint() == largest {
					v.SetUint(x)
				}
			}
		default:
			own(fr)
			return
		}
		fr.Stack[to] = v.Interface()
	}
}

func extremeFloat(x, y float64, largest bool) float64 {
	if largest {
		return max(x, y)
	}
	return min(x, y)
}
