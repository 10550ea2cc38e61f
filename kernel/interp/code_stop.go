package interp

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/hot"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/timandy/routine"
	"golang.org/x/tools/go/ssa"
)

// Interpreted code is stopped by changing it. A function of ixgo's is a slice of closures, one for each instruction, that
// the interpreter looks up one by one. While goroutines should stop, the first closure of every basic block, so that every
// turn of a loop and every entry of a function meets one, is another that asks whether the calling goroutine is to stop
// before it does the same. Code that nobody wants to stop pays nothing; to poll a flag would cost loops and calls a fifth
// of their time, and every package a part of its compilation. Package hot's code asks by itself.

// Deferred calls are to run when a panic of stopping passes their function, as they unlock and close things. So what they
// call is not stopped, for a while.

// Patience is how long deferred calls may take.
const Patience = time.Second

// A Stopper changes the code of interpreters.
type Stopper struct {
	stopped  func(in *ssa.Function, deep bool) any
	panicked sync.Map // ids of goroutines that have panicked to stop -> *tidying
	suspects atomic.Int32

	// Rest is how long goroutines are asked to stop. One that has not done so by then is taken to wait in compiled code; the
	// code is restored, and asks for a moment now and then, since it may come back.
	Rest time.Duration

	mu      sync.Mutex
	waiting int  // goroutines that should stop, and suspicions
	asking  bool // code is changed
	turn    *time.Timer
	interps []weak.Pointer[ixgo.Interp]
}

// tidying is a goroutine that has panicked to stop, and may finish its deferred calls.
type tidying struct {
	since time.Time
	seen  atomic.Bool // in one of them
}

func (t *tidying) patient() bool { return time.Since(t.since) < Patience }

// How long code that is restored while goroutines should stop asks, and how long it does not, at first and at most.
const (
	askFor      = 50 * time.Millisecond
	firstPause  = time.Second
	longestRest = time.Minute
)

// NewStopper makes one. While goroutines should stop, stopped is called often on each goroutine that runs interpreted code,
// with the function that it is in as far as that is known, and while somebody suspects a recursion (Suspecting) whether this is
// one of many calls, one within the other. It gives the value that a goroutine is to panic with, and nil for those that go on.
func NewStopper(stopped func(in *ssa.Function, deep bool) any) *Stopper {
	return &Stopper{stopped: stopped, Rest: 10 * time.Second}
}

// mayGoOn panics on goroutines that should stop.
func (s *Stopper) mayGoOn() {
	if v := s.stopped(nil, false); v != nil && !s.Tidying() {
		s.Panics()
		panic(v)
	}
}

// Tidying reports whether the calling goroutine is to stop but may finish its deferred calls first, as far as is known.
func (s *Stopper) Tidying() bool {
	t, ok := s.panicked.Load(routine.Goid())
	return ok && t.(*tidying).seen.Load() && t.(*tidying).patient()
}

// Panics is to be called before the calling goroutine panics to stop, other than for the Stopper.
func (s *Stopper) Panics() {
	t, _ := s.panicked.LoadOrStore(routine.Goid(), &tidying{since: time.Now()})
	t.(*tidying).seen.Store(false)
}

// tidies reports whether a frame belongs to a deferred call that runs since v was panicked with. Of a call that compiled
// code or another interpreter makes it cannot tell: after a panic it is taken for one.
func (s *Stopper) tidies(fr *ixcode.Frame, v any) bool {
	t, panicked := s.panicked.Load(routine.Goid())
	if !panicked || !t.(*tidying).patient() {
		return false
	}
	for ; fr.Caller != nil; fr = fr.Caller {
		if fr.Panic != nil && fr.Panic.Value == v {
			t.(*tidying).seen.Store(true)
			return true
		}
	}
	if fr.Interp == nil {
		t.(*tidying).seen.Store(true)
	}
	return fr.Interp == nil
}

// stops ends the calling goroutine if it should stop; it reports false if not.
func (s *Stopper) stops(fr *ixcode.Frame) bool {
	v := s.stopped(fr.Function.SSA, s.suspects.Load() > 0 && isDeep(fr))
	if v == nil || s.tidies(fr, v) {
		return false
	}
	if !defersOften(fr) {
		s.Panics()
		panic(v)
	}
	for ; fr != nil; fr = fr.Caller {
		fr.IPC = -1
	}
	return true
}

// isDeep reports whether a frame is in so many calls, one within the other, as a recursion makes.
func isDeep(fr *ixcode.Frame) bool {
	const many = 10_000
	n := 0
	for ; fr != nil && n < many; fr = fr.Caller {
		n++
	}
	return n == many
}

// defersOften reports whether a panic would have to pass many functions with deferred calls. Each recovers and panics
// again, deeper in Go's stack, which takes time that grows with the square of their number. Such functions return instead,
// as if all had come to their ends.
func defersOften(fr *ixcode.Frame) bool {
	const often = 200
	n := 0
	for ; fr != nil && fr.Function != nil && n < often; fr = fr.Caller {
		if fr.Function.SSA.Recover != nil {
			n++
		}
	}
	return n == often
}

// add makes a new interpreter's code known.
func (s *Stopper) add(i *ixgo.Interp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interps = append(s.interps, weak.Make(i))
	if s.asking {
		s.change(i)
	}
}

// Stopping counts n more goroutines that should stop, or -n that have.
func (s *Stopper) Stopping(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting += n
	switch {
	case s.waiting == 0:
		s.ask(false)
		s.panicked.Clear()
	case n > 0:
		s.ask(true)
		s.after(s.Rest, firstPause)
	}
}

// Suspecting counts n more reasons to ask all goroutines how deep they are, or -n that are gone.
func (s *Stopper) Suspecting(n int) {
	s.suspects.Add(int32(n))
	s.Stopping(n)
}

// ask changes the code of all interpreters, or restores it.
func (s *Stopper) ask(change bool) {
	if s.asking == change {
		return
	}
	s.asking = change
	for _, i := range s.live() {
		if change {
			s.change(i)
		} else {
			restore(i)
		}
	}
	if change {
		hot.Asked.Add(1) // last: a goroutine that it stops may recover in interpreted code
	} else {
		hot.Asked.Add(-1)
	}
}

// after asks in turn from then on, and rests for the time given in between.
func (s *Stopper) after(d, rest time.Duration) {
	if s.turn != nil {
		s.turn.Stop()
	}
	var turn *time.Timer
	turn = time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.turn != turn || s.waiting == 0: // there is another one
		case s.asking:
			s.ask(false)
			s.after(rest, min(2*rest, longestRest))
		default:
			s.ask(true)
			s.after(askFor, rest)
		}
	})
	s.turn = turn
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

// Change is Each for an f that changes code.
func (s *Stopper) Change(f func(*ixgo.Interp)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.live() {
		if s.asking {
			restore(i)
		}
		f(i)
		if s.asking {
			s.change(i)
		}
	}
}

// Forget drops interpreters that are gone. It is to be called now and then.
func (s *Stopper) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live()
}

// change makes the code of an interpreter's functions ask. The new array has the old closures behind it, so that nothing
// else need remember them.
func (s *Stopper) change(i *ixgo.Interp) {
	for f := range ixcode.Functions(i) {
		n := len(f.Code)
		both := append(slices.Clone(f.Code), f.Code...)
		for _, start := range f.Blocks {
			if start < n {
				own := both[start]
				both[start] = func(frame *ixcode.Frame) {
					if !s.stops(frame) {
						own(frame)
					}
				}
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
