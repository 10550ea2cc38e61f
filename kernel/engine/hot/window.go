package hot

import (
	"sync"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/engine/ixcode"
)

// window is the head of the memory of one execution of compiled code; its
// numbers follow. The windows of the functions that it calls follow it in the
// same chunk of memory while there is room. The garbage collector does not look
// into chunks: what the addresses in them point to is kept by variables.
type window struct {
	end   uintptr // of the chunk
	frame uintptr // the interpreter's frame of the outermost window
	pc    int     // where the code is, when it may panic
	child uintptr // the window of the function that it calls, or inInterpreter
}

// inInterpreter as a child means that the frame knows where the code is.
const inInterpreter = 1

// slot is where a number lies in a window, in bytes.
type slot uintptr

const firstSlot = slot(unsafe.Sizeof(window{}))

func slotAt(k int) slot { return firstSlot + slot(8*k) }

func at[T any](w *window, s slot) *T { return (*T)(unsafe.Add(unsafe.Pointer(w), s)) }

func (w *window) interpreted() *ixcode.Frame { return *(**ixcode.Frame)(unsafe.Pointer(&w.frame)) }

// place notes where the code is, before it panics there.
func (w *window) place(pc int) { w.pc, w.child = pc, 0 }

type chunk [4 << 10]uint64

// deepWords is the size of further chunks, which only deep recursion needs.
const deepWords = 128 << 10

var chunks = sync.Pool{New: func() any { return new(chunk) }}

func (c *chunk) first(fr *ixcode.Frame) *window {
	w := (*window)(unsafe.Pointer(c))
	*w = window{end: uintptr(unsafe.Pointer(c)) + unsafe.Sizeof(*c)}
	*(**ixcode.Frame)(unsafe.Pointer(&w.frame)) = fr
	return w
}

// next is the window of a function that the code of w calls at pc.
func (w *window) next(caller, callee *code, pc int) *window {
	if uintptr(unsafe.Pointer(w))+uintptr(caller.size+callee.size) > w.end {
		return w.deeper(caller, pc)
	}
	n := (*window)(unsafe.Add(unsafe.Pointer(w), caller.size))
	n.end = w.end
	w.pc, w.child = pc, uintptr(unsafe.Pointer(n))
	return n
}

func (w *window) deeper(caller *code, pc int) *window {
	w.place(pc)
	caller.watcher.Deep()
	memory := make([]uint64, deepWords)
	n := (*window)(unsafe.Pointer(&memory[0]))
	n.end = uintptr(unsafe.Pointer(&memory[0])) + 8*deepWords
	w.child = uintptr(unsafe.Pointer(n))
	return n
}

func (w *window) callee() *window { return *(**window)(unsafe.Pointer(&w.child)) }

// outOfRange panics as Go does for the index i of n elements.
func (w *window) outOfRange(pc, i, n int) {
	w.place(pc)
	_ = make([]struct{}, n)[i]
}

// nilPointer panics as Go does.
func (w *window) nilPointer(pc int) {
	w.place(pc)
	var p *byte
	_ = *p
}
