package simd

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A task is work cut into numbered items that may run in any order and at the same time.
type task interface {
	// run does item i with memory that no other item uses meanwhile.
	run(i int, s *scratch)
}

// Threads is the number of workers that share a call's work, the caller included.
func Threads() int { return int(workers.threads.Load()) }

// SetThreads sets Threads; n < 1 means GOMAXPROCS.
func SetThreads(n int) {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	workers.threads.Store(int32(n))
}

// Parallel runs fn(i) for 0 ≤ i < n on Threads() workers, the caller among them, and returns when all are done. A call
// made while another is running, from inside fn or from another goroutine, runs on its own goroutine alone.
func Parallel(n int, fn func(i int)) { dispatch(n, function(fn)) }

type function func(int)

func (f function) run(i int, _ *scratch) { f(i) }

// Bits of pool.state. The low bits count the helpers at work on the current task.
const (
	stateOpen    = 1 << 40 // helpers may join
	stateWaiting = 1 << 41 // the caller sleeps until the last helper leaves
	stateCount   = stateOpen - 1
)

// pool is a set of goroutines that wait for tasks: for a short while awake, then parked. Waking a parked one costs some
// 50 µs, so a training step, with its hundreds of short tasks, wants them awake; an idle program does not.
type pool struct {
	mu      sync.Mutex // held for the length of a task
	scratch *scratch   // of the caller that holds mu
	threads atomic.Int32
	helpers []*helper // only grows, under mu

	_     [64]byte
	seq   atomic.Uint32 // counts tasks
	_     [64]byte
	state atomic.Int64
	_     [64]byte
	task  task // this and the next two are valid while state is open or counts helpers
	parts []part
	limit int                 // helpers that take part
	fault atomic.Pointer[any] // what a helper's item panicked with
	left  chan struct{}       // the last helper left a waiting caller
}

// A part is the items that one worker takes first, before it helps with those of others. All tasks of a step cut batches
// alike, so what a worker reads is mostly what it wrote itself, in its own core's cache.
type part struct {
	next atomic.Int64 // first item that nobody took
	end  int64
	_    [112]byte
}

type helper struct {
	index   int
	scratch *scratch
	wake    chan struct{}
	parked  atomic.Bool
}

var workers = newPool()

func newPool() *pool {
	p := &pool{scratch: newScratch(), left: make(chan struct{}, 1)}
	p.threads.Store(int32(runtime.GOMAXPROCS(0)))
	return p
}

// dispatch runs all n items of t and returns when they are done.
func dispatch(n int, t task) {
	p := workers
	helpers := min(Threads(), n) - 1
	if helpers < 1 || !p.mu.TryLock() {
		runAlone(n, t)
		return
	}
	defer p.mu.Unlock()
	p.open(n, t, helpers)
	defer p.close() // also when an item panics
	p.work(0, p.scratch)
}

func runAlone(n int, t task) {
	s := borrowScratch()
	defer returnScratch(s)
	for i := range n {
		t.run(i, s)
	}
}

// open offers t to the helpers and wakes the parked ones.
func (p *pool) open(n int, t task, helpers int) {
	for len(p.helpers) < helpers {
		h := &helper{index: len(p.helpers), scratch: newScratch(), wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go p.serve(h, p.seq.Load())
	}
	p.task, p.parts, p.limit = t, resized(&p.parts, helpers+1), helpers
	for i := range p.parts {
		first, size := panel(n, len(p.parts), i)
		p.parts[i].next.Store(int64(first))
		p.parts[i].end = int64(first + size)
	}
	p.state.Store(stateOpen)
	p.seq.Add(1)
	for _, h := range p.helpers[:helpers] {
		if h.parked.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
}

// work takes items until none is left: first those of part own, then those of the others.
func (p *pool) work(own int, s *scratch) {
	defer s.forget()
	for k := range p.parts {
		q := &p.parts[(own+k)%len(p.parts)]
		for i := q.next.Add(1) - 1; i < q.end; i = q.next.Add(1) - 1 {
			p.task.run(int(i), s)
		}
	}
}

// close lets no more helpers join and waits for those at work.
func (p *pool) close() {
	p.state.And(^stateOpen)
	for n := 0; p.state.Load()&stateCount != 0; n++ {
		if n < spinShort {
			relax()
			continue
		}
		if p.state.Or(stateWaiting)&stateCount != 0 {
			<-p.left
		}
		break
	}
	p.state.Store(0)
	p.task = nil
	if f := p.fault.Swap(nil); f != nil {
		panic(*f)
	}
}

// join counts the caller among the helpers of the current task, or reports that there is none.
func (p *pool) join() bool {
	for {
		s := p.state.Load()
		if s&stateOpen == 0 {
			return false
		}
		if p.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// leave undoes join; the last one out wakes a sleeping caller.
func (p *pool) leave() {
	s := p.state.Add(-1)
	if s&stateWaiting != 0 && s&stateCount == 0 {
		p.left <- struct{}{}
	}
}

// serve is a helper's life.
func (p *pool) serve(h *helper, seen uint32) {
	for {
		p.await(h, seen)
		seen = p.seq.Load()
		if p.join() {
			p.help(h)
		}
	}
}

// help works on the current task, which h has joined. A panic of an item is the caller's to raise.
func (p *pool) help(h *helper) {
	defer p.leave()
	defer func() {
		if f := recover(); f != nil {
			p.fault.Store(&f)
		}
	}()
	if h.index < p.limit {
		p.work(h.index+1, h.scratch)
	}
}

// Waits of the pool in pauses of some 15 ns: before a helper parks (about 0.2 ms) and before a caller sleeps.
const (
	spinLong  = 12000
	spinShort = 4000
)

// await returns when a task newer than seen was offered.
func (p *pool) await(h *helper, seen uint32) {
	for n := 0; p.seq.Load() == seen; n++ {
		if n < spinLong {
			relax()
			continue
		}
		h.parked.Store(true)
		if p.seq.Load() == seen || !h.parked.CompareAndSwap(true, false) {
			<-h.wake
		}
		n = 0
	}
}

// relax waits a moment. It must not be inlined: its prologue is where the garbage collector can stop a loop that does
// nothing but wait, which it cannot do inside assembly.
//
//go:noinline
func relax() { pause() }
