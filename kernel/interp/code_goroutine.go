package interp

import (
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/timandy/routine"
	"golang.org/x/tools/go/ssa"
)

// ixgo reports a panic that ends a goroutine without the place where it happened:
//
//	go func() { panic("lost") }()

// goroutine is the code of a go statement whose goroutine's panic Options.Panicked is told of.
func (in *Interp) goroutine(f *ixcode.Function, g *ssa.Go) ixcode.Instruction {
	prepare := f.Prepare(&g.Call)
	return func(fr *ixcode.Frame) {
		call := prepare(fr)
		go func() {
			root := &ixcode.Frame{Interp: f.Interp}
			defer func() {
				switch e := recover(); {
				case Goexited(e):
					exiting.Delete(routine.Goid())
				case e != nil:
					in.options.Panicked((&Call{root: root}).Fault(e))
				}
			}()
			call(root)
		}()
	}
}
