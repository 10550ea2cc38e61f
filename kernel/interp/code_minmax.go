package interp

import (
	"reflect"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// ixgo's min and max leave out uintptr, and do not know of NaN and -0:
//
//	zero := 0.0
//	fmt.Println(min(zero, math.NaN()), 1/min(zero, math.Copysign(0, -1))) // 0 +Inf
//
// The corrected instruction uses Go's own for them.

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
