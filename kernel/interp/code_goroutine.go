package interp

import (
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// ixgo reports a panic that ends a goroutine without the place where it happened, and in sessions, where nobody waits for
// the report, the goroutine hangs:
//
//	go func() { panic("lost") }()

// Goroutine is the call of a go statement.
type Goroutine struct {
	call func(*ixcode.Frame)
	root *ixcode.Frame
}

// Do executes it. It is to be called on the new goroutine.
func (g *Goroutine) Do() {
	defer func() { PassOn(recover()) }()
	g.call(g.root)
}

// Fault says where the panic v, which was just recovered from, happened.
func (g *Goroutine) Fault(v any) any { return (&Call{root: g.root}).Fault(v) }

// goroutine is the code of a go statement that Options.Go is asked about.
func (in *Interp) goroutine(f *ixcode.Function, stmt *ssa.Go) ixcode.Instruction {
	prepare := f.Prepare(&stmt.Call)
	if isPrint(&stmt.Call) {
		text := f.Text(&stmt.Call)
		prepare = func(fr *ixcode.Frame) func(*ixcode.Frame) {
			now := text(fr)
			return func(*ixcode.Frame) { standardError.Write(now) }
		}
	}
	return func(fr *ixcode.Frame) {
		g := &Goroutine{prepare(fr), &ixcode.Frame{Interp: f.Interp}}
		do := in.options.Go()
		go do(g)
	}
}
