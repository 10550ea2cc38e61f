package hot

import (
	"sync"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
)

// window is the head of the memory of one execution of compiled code; its numbers follow. The windows of the functions
// that it calls follow it in the same chunk of memory while there is room. The garbage collector does not look into
// chunks: what the addresses in them point to is kept by variables.
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

// chunk is memory for windows, an array of words. The words of a deep recursion go on in another chunk.
type chunk[A any] struct {
	words A
	next  *deepChunk // behind the words, where window.end points
}

type deepChunk = chunk[[128 << 10]uint64]

const deepBytes = unsafe.Offsetof(deepChunk{}.next)

// room is where chunks of a size come from. Many small ones are in use when interpreted functions with compiled loops call
// each other.
type room struct {
	bytes uintptr
	pool  *sync.Pool
}

func roomOf[A any]() room {
	return room{unsafe.Offsetof(chunk[A]{}.next), &sync.Pool{New: func() any { return new(chunk[A]) }}}
}

var rooms = []room{roomOf[[64]uint64](), roomOf[[1 << 10]uint64](), roomOf[[16 << 10]uint64]()}

// forCalls is what code that calls has for the windows of what it calls, at least.
const forCalls = 4 << 10

// roomFor is nil for code with too many numbers.
func roomFor(c *code) *room {
	need := uintptr(c.size)
	if len(c.calls) > 0 {
		need += forCalls
	}
	for k := range rooms {
		if rooms[k].bytes >= need {
			return &rooms[k]
		}
	}
	return nil
}

// take takes a chunk, and gives its first window.
func (r *room) take(fr *ixcode.Frame) (memory any, w *window) {
	memory = r.pool.Get()
	p := dataOf(&memory)
	w = (*window)(p)
	*w = window{end: uintptr(p) + r.bytes}
	*(**ixcode.Frame)(unsafe.Pointer(&w.frame)) = fr
	return memory, w
}

// give takes a chunk back, with at most one that a recursion needed.
func (r *room) give(memory any) {
	if next := *(**deepChunk)(unsafe.Add(dataOf(&memory), r.bytes)); next != nil {
		next.next = nil
	}
	r.pool.Put(memory)
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

// deeper is next where the chunk ends.
func (w *window) deeper(caller *code, pc int) *window {
	w.place(pc)
	more := *(***deepChunk)(unsafe.Pointer(&w.end))
	if *more == nil {
		caller.watcher.Deep()
		*more = new(deepChunk)
	}
	n := (*window)(unsafe.Pointer(*more))
	n.end = uintptr(unsafe.Pointer(*more)) + deepBytes
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
