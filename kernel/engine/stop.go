package engine

import (
	"fmt"
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
	changed []changedCode
}

// changedCode is a function whose code stops.
type changedCode struct {
	slot *unsafe.Pointer // in the function
	own  unsafe.Pointer
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
	switch {
	case was == 0 && s.waiting > 0:
		s.changeAll()
	case was > 0 && s.waiting == 0:
		s.restore()
	}
}

func (s *stopper) changeAll() {
	for _, i := range s.live() {
		s.change(i)
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

func (s *stopper) restore() {
	for _, c := range s.changed {
		atomic.StorePointer(c.slot, c.own)
	}
	s.changed = nil
}

func (s *stopper) change(i *ixgo.Interp) {
	for _, f := range *(*map[*ssa.Function]unsafe.Pointer)(unsafe.Add(unsafe.Pointer(i), codeLayout.funcs)) {
		instrs := (*[]instruction)(unsafe.Add(f, codeLayout.instrs))
		if len(*instrs) == 0 {
			continue
		}
		stops := append([]instruction(nil), *instrs...)
		for _, start := range *(*[]int)(unsafe.Add(f, codeLayout.blocks)) {
			if start < len(stops) {
				own := (*instrs)[start]
				stops[start] = func(frame unsafe.Pointer) { s.ask(); own(frame) }
			}
		}
		slot := (*unsafe.Pointer)(unsafe.Pointer(instrs)) // a slice begins with the pointer to its array
		s.changed = append(s.changed, changedCode{slot, *slot})
		atomic.StorePointer(slot, unsafe.Pointer(&stops[0]))
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
