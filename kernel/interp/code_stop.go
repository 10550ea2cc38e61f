package interp

import (
	"slices"
	"sync"
	"unsafe"
	"weak"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/hot"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
)

// Interpreted code is stopped by changing it. A function of ixgo's is a slice of
// closures, one for each instruction, that the interpreter looks up one by one.
// While goroutines should stop, the first closure of every basic block, so that
// every turn of a loop and every entry of a function meets one, is another that
// asks whether the calling goroutine is to stop before it does the same. Code
// that nobody wants to stop pays nothing; to poll a flag would cost loops and
// calls a fifth of their time, and every package a part of its compilation.
// Package hot's code asks by itself.

// A Stopper changes the code of interpreters.
type Stopper struct {
	ask func()

	mu      sync.Mutex
	waiting int // goroutines that should stop
	interps []weak.Pointer[ixgo.Interp]
}

// NewStopper makes one. While goroutines should stop, ask is called often on each goroutine that runs interpreted code,
// and panics on those.
func NewStopper(ask func()) *Stopper { return &Stopper{ask: ask} }

// add makes a new interpreter's code known.
func (s *Stopper) add(i *ixgo.Interp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interps = append(s.interps, weak.Make(i))
	if s.waiting > 0 {
		s.change(i)
	}
}

// Stopping counts n more goroutines that should stop, or -n that have.
func (s *Stopper) Stopping(n int) {
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
	hot.Asked.Add(int32(n)) // last: a goroutine that it stops may recover in interpreted code
}

// live are the interpreters that are still in use; it forgets the others.
func (s *Stopper) live() (list []*ixgo.Interp) {
	s.interps = slices.DeleteFunc(s.interps, func(w weak.Pointer[ixgo.Interp]) bool {
		i := w.Value()
		if i != nil {
			list = append(list, i)
		}
		return i == nil
	})
	return list
}

// Each calls f for the interpreters that are still in use. Their code does not change meanwhile.
func (s *Stopper) Each(f func(*ixgo.Interp)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.live() {
		f(i)
	}
}

// Forget drops interpreters that are gone. It is to be called now and then.
func (s *Stopper) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live()
}

// change makes the code of an interpreter's functions ask. The new array has the
// old closures behind it, so that nothing else need remember them.
func (s *Stopper) change(i *ixgo.Interp) {
	for f := range ixcode.Functions(i) {
		n := len(f.Code)
		both := append(slices.Clone(f.Code), f.Code...)
		for _, start := range f.Blocks {
			if start < n {
				own := both[start]
				both[start] = func(frame *ixcode.Frame) { s.ask(); own(frame) }
			}
		}
		f.Use(&both[0])
	}
}

// restore undoes change.
func restore(i *ixgo.Interp) {
	for f := range ixcode.Functions(i) {
		first := f.Array()
		f.Use((*ixcode.Instruction)(unsafe.Add(unsafe.Pointer(first), len(f.Code)*int(unsafe.Sizeof(*first)))))
	}
}
