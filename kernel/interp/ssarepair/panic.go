package ssarepair

import (
	"runtime"

	"golang.org/x/tools/go/ssa"
)

// ixgo's panic(nil) panics with nil instead of a *runtime.PanicNilError, so that recover tells nothing of it:
//
//	defer func() { fmt.Println(recover()) }()
//	panic(nil)

// nilPanic corrects the value of a panic.
func (r *repairer) nilPanic(in ssa.Instruction) []ssa.Instruction {
	p, ok := in.(*ssa.Panic)
	if !ok || !mayBeNil(p.X) {
		return nil
	}
	c := r.call("Panicked", p.X)
	p.X = c
	return []ssa.Instruction{c, p}
}

// panicked is the value of panic(x).
func panicked(x any) any {
	if x == nil {
		return new(runtime.PanicNilError)
	}
	return x
}
