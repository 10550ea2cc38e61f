package hot

import (
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
)

// op executes one instruction, or several that belong together.
type op = func(*window)

// block is a basic block. Its next is nil at the end of the code.
type block struct {
	ops  []op
	next func(*window) *block
	pc   int // of its first instruction
}

// code is a compiled loop or function.
type code struct {
	watcher *Watcher
	f       *ixcode.Function
	size    slot // of a window
	room    *room
	entry   *block
	calls   map[int]*code // functions that it calls, by where
}

func (c *code) run(w *window, b *block) {
	for b != nil {
		if Asked.Load() != 0 {
			w.place(b.pc)
			c.watcher.Ask()
		}
		for _, do := range b.ops {
			do(w)
		}
		b = b.next(w)
	}
}

// start runs code for the interpreter, between load and store.
func (c *code) start(fr *ixcode.Frame, load func(*window) *block, store func(*window)) {
	memory, w := c.room.take(fr)
	first := load(w)
	done := false
	defer func() {
		if !done {
			c.unwind(fr, w)
		}
	}()
	c.run(w, first)
	done = true
	store(w)
	c.room.give(memory)
}

// unwind makes the interpreter's frames tell where a panic happened. Functions that compiled code has called get frames
// for that, the innermost ones of a deep recursion.
func (c *code) unwind(fr *ixcode.Frame, w *window) {
	if w.child == inInterpreter {
		return
	}
	fr.IPC, fr.Callee = w.pc+1, nil
	for _, call := range c.running(w) {
		f := call.code.f
		fr.Callee = &ixcode.Frame{Interp: fr.Interp, Caller: fr, Function: f, Block: f.SSA.Blocks[0], IPC: call.pc + 1}
		fr = fr.Callee
	}
}

// call is a function that compiled code has called, and where it is.
type call struct {
	code *code
	pc   int
}

// readable is how many calls are worth telling of.
const readable = 1000

func (c *code) running(w *window) (calls []call) {
	for w.child != 0 {
		c, w = c.calls[w.pc], w.callee()
		if len(calls) == 2*readable {
			calls = append(calls[:0], calls[readable:]...)
		}
		calls = append(calls, call{c, w.pc})
	}
	return calls
}
