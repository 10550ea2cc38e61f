package interp

import (
	"reflect"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// ixgo's *p = x with a nil p panics with an error of package reflect's, which a program does not recognise:
//
//	var p *int
//	defer func() { _, ok := recover().(runtime.Error); fmt.Println(ok) }() // false
//	*p = 1
//
// The corrected instruction stores through a nil pointer of its own first, as compiled code would.

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
