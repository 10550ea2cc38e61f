// Package liveness finds the values that code has done with, so that a program's runtime.GC frees what they hold:
//
//	p := new([1 << 20]byte)
//	runtime.SetFinalizer(p, freed)
//	runtime.GC() // p is not mentioned below: freed is called
//
// Compiled code keeps such values in no register. An interpreted frame keeps each until it is written over.
package liveness

import (
	"go/types"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// Drop forgets what a frame and its callers hold and will not read again.
func Drop(fr *ixcode.Frame) {
	known := map[ssa.Instruction][]int{} // a recursion has many frames at the same instruction
	for ; fr != nil && fr.Function != nil && fr.IPC > 0; fr = fr.Caller {
		at := fr.Function.Source[fr.IPC-1]
		registers, ok := known[at]
		if !ok && at != nil {
			registers = dead(fr.Function, at)
			known[at] = registers
		}
		for _, r := range registers {
			fr.Stack[r] = nil
		}
	}
}

// dead gives where frames keep what is not read once an instruction has been executed.
func dead(f *ixcode.Function, at ssa.Instruction) (registers []int) {
	live := after(at, func(v ssa.Value) bool { _, ok := f.Register(v); return ok })
	for v := range values(at.Parent()) {
		if r, ok := f.Register(v); ok && !live[v] && holds(v.Type()) {
			registers = append(registers, r)
		}
	}
	return registers
}

// values are those that a function computes or is given.
func values(fn *ssa.Function) func(yield func(ssa.Value) bool) {
	return func(yield func(ssa.Value) bool) {
		for _, p := range fn.Params {
			if !yield(p) {
				return
			}
		}
		for _, v := range fn.FreeVars {
			if !yield(v) {
				return
			}
		}
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				if v, ok := in.(ssa.Value); ok && !yield(v) {
					return
				}
			}
		}
	}
}

// holds reports whether a value may keep memory. Numbers are left alone: compiled loops have them elsewhere.
func holds(t types.Type) bool {
	b, basic := t.Underlying().(*types.Basic)
	return !basic || b.Info()&(types.IsNumeric|types.IsBoolean) == 0
}

type set map[ssa.Value]bool

// after gives the values that are read once an instruction has been executed. stored tells those that frames store.
func after(at ssa.Instruction, stored func(ssa.Value) bool) set {
	fn := at.Parent()
	begin := make([]set, len(fn.Blocks)) // what is live where a block begins
	for changed := true; changed; {
		changed = false
		for i := len(fn.Blocks) - 1; i >= 0; i-- {
			b := fn.Blocks[i]
			live := back(b, nil, end(b, begin, stored), stored)
			changed = changed || len(live) != len(begin[i])
			begin[i] = live
		}
	}
	return back(at.Block(), at, end(at.Block(), begin, stored), stored)
}

// end gives the values that are live where a block ends. A panic may lead to the function's recover block from anywhere.
func end(b *ssa.BasicBlock, begin []set, stored func(ssa.Value) bool) set {
	live := set{}
	next := b.Succs
	if r := b.Parent().Recover; r != nil {
		next = append(next[:len(next):len(next)], r)
	}
	for _, s := range next {
		for v := range begin[s.Index] {
			live[v] = true
		}
		for _, in := range s.Instrs {
			phi, ok := in.(*ssa.Phi)
			if !ok {
				break
			}
			for i, p := range s.Preds {
				if p == b {
					live.read(phi.Edges[i], stored)
				}
			}
		}
	}
	return live
}

// back goes from the end of a block back to an instruction, or to its begin.
func back(b *ssa.BasicBlock, to ssa.Instruction, live set, stored func(ssa.Value) bool) set {
	for i := len(b.Instrs) - 1; i >= 0 && b.Instrs[i] != to; i-- {
		in := b.Instrs[i]
		if v, ok := in.(ssa.Value); ok {
			delete(live, v)
		}
		switch in.(type) {
		case *ssa.Phi, *ssa.DebugRef:
			continue
		}
		for _, o := range in.Operands(nil) {
			live.read(*o, stored)
		}
	}
	return live
}

// read adds a value and what is read with it: a call of a closure reads the variables that the closure was made of, and an
// instruction whose result is not stored is part of the one that uses it.
func (live set) read(v ssa.Value, stored func(ssa.Value) bool) {
	if v == nil || live[v] {
		return
	}
	live[v] = true
	in, ok := v.(ssa.Instruction)
	if _, closure := v.(*ssa.MakeClosure); !ok || !closure && stored(v) {
		return
	}
	for _, o := range in.Operands(nil) {
		live.read(*o, stored)
	}
}
