package engine

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// Interpreted code is stopped by changing it. A function of ixgo's is a slice of
// closures, one for each instruction, that the interpreter looks up one by one.
// While goroutines should stop, the first closure of every basic block, so that
// every turn of a loop and every entry of a function meets one, is another that
// asks whether the calling goroutine is to stop before it does the same. Code
// that nobody wants to stop pays nothing; to poll a flag would cost loops and
// calls a fifth of their time, and every cell a part of its compilation.
//
// Only the word that points to the slice's array changes, which the interpreter
// reads anew for each instruction: it sees the one array or the other.

// stopper changes the code of a session's interpreters.
type stopper struct {
	ask func() // panics when the calling goroutine is to stop

	mu      sync.Mutex
	waiting int // goroutines that should stop
	interps []weak.Pointer[ixgo.Interp]
}

// instruction takes ixgo's *frame.
type instruction = func(frame unsafe.Pointer)

// add makes a new interpreter's code known.
func (s *stopper) add(i *ixgo.Interp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interps = append(s.interps, weak.Make(i))
	if s.waiting > 0 {
		s.change(i)
	}
}

// stopping counts goroutines that should stop.
func (s *stopper) stopping(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.waiting
	s.waiting += n
	for _, i := range s.live() {
		switch {
		case was == 0 && s.waiting > 0:
			s.change(i)
		case was > 0 && s.waiting == 0:
			restore(i)
		}
	}
}

// live are the interpreters that are still in use; it forgets the others.
func (s *stopper) live() (list []*ixgo.Interp) {
	s.interps = slices.DeleteFunc(s.interps, func(w weak.Pointer[ixgo.Interp]) bool {
		i := w.Value()
		if i != nil {
			list = append(list, i)
		}
		return i == nil
	})
	return list
}

// forget drops interpreters that are gone, now and then.
func (s *stopper) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live()
}

// change makes the code of an interpreter's functions ask. The new array has the
// old closures behind it, so that nothing else need remember them.
func (s *stopper) change(i *ixgo.Interp) {
	for f := range functions(i) {
		n := len(*f.instrs)
		both := append(slices.Clone(*f.instrs), *f.instrs...)
		for _, start := range *f.blocks {
			if start < n {
				own := both[start]
				both[start] = func(frame unsafe.Pointer) { s.ask(); own(frame) }
			}
		}
		f.use(&both[0])
	}
}

// restore undoes change.
func restore(i *ixgo.Interp) {
	for f := range functions(i) {
		first := unsafe.SliceData(*f.instrs)
		f.use((*instruction)(unsafe.Add(unsafe.Pointer(first), len(*f.instrs)*int(unsafe.Sizeof(*first)))))
	}
}

// function is the part of one of ixgo's that is changed.
type function struct {
	instrs *[]instruction
	blocks *[]int // where basic blocks begin
}

// use makes the array that begins with first the function's code.
func (f function) use(first *instruction) {
	array := (*unsafe.Pointer)(unsafe.Pointer(f.instrs)) // a slice begins with the pointer to its array
	atomic.StorePointer(array, unsafe.Pointer(first))
}

// functions are those of an interpreter that have code.
func functions(i *ixgo.Interp) iter.Seq[function] {
	return func(yield func(function) bool) {
		for _, p := range *(*map[*ssa.Function]unsafe.Pointer)(unsafe.Add(unsafe.Pointer(i), codeLayout.funcs)) {
			f := function{(*[]instruction)(unsafe.Add(p, codeLayout.instrs)), (*[]int)(unsafe.Add(p, codeLayout.blocks))}
			if len(*f.instrs) > 0 && !yield(f) {
				return
			}
		}
	}
}

// codeLayout is where ixgo keeps code.
var codeLayout = func() struct{ funcs, instrs, blocks uintptr } {
	funcs, instrs, blocks, err := findCodeLayout()
	if err != nil {
		panic(err)
	}
	return struct{ funcs, instrs, blocks uintptr }{funcs, instrs, blocks}
}()

// findCodeLayout fails when ixgo has changed.
func findCodeLayout() (funcs, instrs, blocks uintptr, err error) {
	err = fmt.Errorf("engine: ixgo.Interp's functions are not what this version of the engine was written for")
	f, ok := reflect.TypeFor[ixgo.Interp]().FieldByName("funcs")
	if !ok || f.Type.Kind() != reflect.Map || f.Type.Key() != reflect.TypeFor[*ssa.Function]() || f.Type.Elem().Kind() != reflect.Pointer {
		return 0, 0, 0, err
	}
	code, ok := f.Type.Elem().Elem().FieldByName("Instrs")
	if !ok || code.Type.Kind() != reflect.Slice || code.Type.Elem().Kind() != reflect.Func || code.Type.Elem().NumIn() != 1 ||
		code.Type.Elem().In(0).Kind() != reflect.Pointer || code.Type.Elem().NumOut() != 0 {
		return 0, 0, 0, err
	}
	starts, ok := f.Type.Elem().Elem().FieldByName("Blocks")
	if !ok || starts.Type != reflect.TypeFor[[]int]() {
		return 0, 0, 0, err
	}
	return f.Offset, code.Offset, starts.Offset, nil
}
