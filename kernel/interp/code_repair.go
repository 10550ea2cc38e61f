package interp

import (
	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// repairCode replaces instructions of a new interpreter that ixgo executes otherwise than Go defines them; code_minmax.go,
// code_nilstore.go, code_memory.go, code_goexit.go and code_goroutine.go say which and why.
func (r *Interp) repairCode(i *ixgo.Interp) {
	goexits, goroutines := !levels.LeftOut("code_goexit"), r.options.Go != nil && !levels.LeftOut("code_goroutine")
	extremes, stores, memory := !levels.LeftOut("code_minmax"), !levels.LeftOut("code_nilstore"), !levels.LeftOut("code_memory")
	for f := range ixcode.Functions(i) {
		for pc, in := range f.Source {
			switch in := in.(type) {
			case *ssa.Call:
				if b, ok := in.Call.Value.(*ssa.Builtin); ok && extremes && (b.Name() == "min" || b.Name() == "max") {
					f.Code[pc] = extreme(f, in, b.Name() == "max", f.Code[pc])
				} else if ok && goexits && b.Name() == "recover" {
					f.Code[pc] = recovers(f, in, f.Code[pc])
				}
			case *ssa.Go:
				if goroutines {
					f.Code[pc] = r.goroutine(f, in)
				}
			case *ssa.Store:
				if stores && mayPointNowhere(in.Addr) {
					f.Code[pc] = storeTo(f, in, f.Code[pc])
				}
			case *ssa.Alloc, *ssa.MakeSlice, *ssa.MakeChan:
				if memory {
					f.Code[pc] = checkedSize(f, in, f.Code[pc])
				}
			}
		}
	}
}
