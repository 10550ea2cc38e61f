// Package hot makes loops and calls over numbers fast. The interpreter boxes every value and looks at every instruction
// anew; a loop that has turned often, or a function of numbers that has been called often, is compiled to closures that
// know the types of their operands and keep numbers unboxed in a window of memory. What a loop does besides numbers is
// left to the interpreter's own instructions, one by one, so that it means the same.
//
// The compiled code stands in the interpreter's code as one instruction, at the beginning of the loop or the function.
// hot_test.go of package engine compares what it does with the interpreter and with Go.
package hot

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// Asked is how many goroutines of the process should stop. While it is not zero, compiled code calls Watcher.Ask at every
// basic block.
var Asked atomic.Int32

// Watcher finds hot code in interpreters.
type Watcher struct {
	Lock sync.Locker // held while code is replaced
	Ask  func()      // panics when the calling goroutine is to stop
	Deep func()      // is called as a recursion gets deeper by 10,000 calls or so, since it uses Go's stack
	Hot  int32       // how often code runs before it is compiled

	// Failed, which may be nil, is told of a fault of the compiler. The code that it was about stays interpreted.
	Failed func(fault any)

	compiling sync.Mutex // held while code is compiled
}

// Hold calls f while no code is compiled from its SSA.
func (h *Watcher) Hold(f func()) {
	h.compiling.Lock()
	defer h.compiling.Unlock()
	f()
}

// Watch counts how often the loops and functions of a new interpreter run. An int is taken to have eight bytes: where it
// has four, nothing is compiled.
func (h *Watcher) Watch(i *ixgo.Interp) {
	if strconv.IntSize != 64 {
		return
	}
	var p *program
	for f := range ixcode.Functions(i) {
		heads := loopHeads(f.SSA)
		pure := ofNumbers(f.SSA)
		if p == nil && (len(heads) > 0 || pure) {
			p = &program{Watcher: h, interp: i, funcs: slices.Collect(ixcode.Functions(i))}
		}
		for _, head := range heads {
			p.count(f, head, p.loop)
		}
		if pure {
			p.count(f, f.SSA.Blocks[0], p.function)
		}
	}
}

// program is one interpreter.
type program struct {
	*Watcher
	interp *ixgo.Interp
	funcs  []*ixcode.Function
	own    map[instruction]ixcode.Instruction // what is replaced

	pure map[*ssa.Function]*code // functions of numbers that are compiled; nil for those that cannot be
}

// instruction is a place in an interpreter's code.
type instruction struct {
	f  *ixcode.Function
	pc int
}

// count makes the interpreter compile what begins with a block once it is hot.
func (p *program) count(f *ixcode.Function, b *ssa.BasicBlock, compile func(*ixcode.Function, *ssa.BasicBlock) ixcode.Instruction) {
	if p.own == nil {
		p.own = map[instruction]ixcode.Instruction{}
	}
	pc := f.Blocks[b.Index]
	own := f.Code[pc]
	p.own[instruction{f, pc}] = own
	var runs atomic.Int32
	var counting ixcode.Instruction
	counting = func(fr *ixcode.Frame) {
		if runs.Add(1) < p.Hot || Asked.Load() != 0 {
			own(fr)
			return
		}
		do := own
		if made := p.try(func() ixcode.Instruction { return compile(f, b) }); made != nil {
			do = made
		}
		p.replace(f, pc, counting, do)
		do(fr)
	}
	f.Code[pc] = counting
}

// try compiles something; nil when it cannot be compiled.
func (p *program) try(compile func() ixcode.Instruction) (do ixcode.Instruction) {
	p.compiling.Lock()
	defer p.compiling.Unlock()
	defer func() {
		if fault := recover(); fault != nil {
			do = nil
			if p.Failed != nil {
				p.Failed(fault)
			}
		}
	}()
	return compile()
}

// replace changes code, unless it is changed already, perhaps for goroutines that should stop.
func (p *program) replace(f *ixcode.Function, pc int, was, do ixcode.Instruction) {
	p.Lock.Lock()
	defer p.Lock.Unlock()
	if Asked.Load() == 0 {
		f.Replace(pc, was, do)
	}
}

// original is the interpreter's own instruction.
func (p *program) original(f *ixcode.Function, pc int) ixcode.Instruction {
	if own := p.own[instruction{f, pc}]; own != nil {
		return own
	}
	return f.Code[pc]
}

func (p *program) code(fn *ssa.Function) *ixcode.Function {
	k := slices.IndexFunc(p.funcs, func(f *ixcode.Function) bool { return f.SSA == fn })
	if k < 0 {
		return nil
	}
	return p.funcs[k]
}

// loopHeads are the blocks that loops begin with: control comes back to them only through themselves.
func loopHeads(f *ssa.Function) (heads []*ssa.BasicBlock) {
	for _, b := range f.Blocks {
		for _, p := range b.Preds {
			if b.Index <= p.Index && b.Dominates(p) {
				heads = append(heads, b)
				break
			}
		}
	}
	return heads
}

// loopBlocks are the blocks from which control comes back to the head.
func loopBlocks(head *ssa.BasicBlock) map[*ssa.BasicBlock]bool {
	in := map[*ssa.BasicBlock]bool{head: true}
	var add func(*ssa.BasicBlock)
	add = func(b *ssa.BasicBlock) {
		if in[b] {
			return
		}
		in[b] = true
		for _, p := range b.Preds {
			add(p)
		}
	}
	for _, p := range head.Preds {
		if head.Dominates(p) {
			add(p)
		}
	}
	return in
}

// ofNumbers reports whether a function takes nothing but numbers and gives some.
func ofNumbers(f *ssa.Function) bool {
	for _, p := range f.Params {
		if !isNumber(p.Type()) {
			return false
		}
	}
	results := f.Signature.Results()
	for r := range results.Variables() {
		if !isNumber(r.Type()) {
			return false
		}
	}
	return results.Len() > 0 && len(f.FreeVars) == 0
}
