package engine

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msflow-go/msflow/kernel/engine/streams"
	"github.com/msflow-go/msflow/kernel/interp"

	"github.com/timandy/routine"
	"golang.org/x/tools/go/ssa"
)

// run is one execution of a cell. The goroutines that the cell starts belong to it, also those that go on after the cell
// has returned.
type run struct {
	s         *Session
	out       *streams.Owner
	count     int // execution count of the cell
	sink      Sink
	done      chan struct{} // closed when the run is cancelled
	late      chan struct{} // closed when deferred calls have had time enough after that
	cancelled atomic.Bool
	exited    atomic.Pointer[int] // the code given to os.Exit
	wrote     atomic.Bool         // to the standard streams, since inOrder looked

	redirected atomic.Pointer[Sink] // gets what sink would; nil while there is none

	main       atomic.Uint64                // id of the goroutine that executes the cell's statements
	stacks     atomic.Int64                 // what all took when it began, or less
	suspected  atomic.Bool                  // of a recursion that is too deep, since they take much more
	overflowed atomic.Bool                  // its recursion is too deep
	deepest    atomic.Pointer[ssa.Function] // where that was seen
	exhausted  atomic.Pointer[exhausted]    // it took the memory that was left

	mu    sync.Mutex
	live  int  // goroutines that are executing this run
	ended bool // Eval has returned
	shown []any
	children
}

func newRun(s *Session, count int, sink Sink) *run {
	r := &run{s: s, count: count, sink: sink, done: make(chan struct{}), late: make(chan struct{})}
	r.out = streams.NewOwner(func(name Stream, text []byte) { r.now().Stream(name, text) })
	return r
}

// now is the sink that output goes to at this moment.
func (r *run) now() Sink {
	if to := r.redirected.Load(); to != nil {
		return *to
	}
	return r.sink
}

// interrupted is the panic that unwinds a cancelled cell.
type interrupted struct{}

func (interrupted) Error() string { return ErrInterrupted.Error() }

// worker is a goroutine that executes a run.
type worker struct {
	r     *run
	depth int // of calls of cells' functions by compiled code, one within the other
}

// workers finds them. It is shared by all sessions, since goroutine ids are.
var workers sync.Map // goroutine id -> *worker

// working is the calling goroutine, or nil for one that executes no run.
func working() *worker {
	if w, ok := workers.Load(routine.Goid()); ok {
		return w.(*worker)
	}
	return nil
}

// work makes the calling goroutine w until rest is called. Where it uses memory that is not there, it panics, while Go would
// end the process for an address that is not nil.
func (w *worker) work() (rest func()) {
	id, before := routine.Goid(), debug.SetPanicOnFault(true)
	workers.Store(id, w)
	return func() {
		workers.Delete(id)
		debug.SetPanicOnFault(before)
	}
}

// enter binds the calling goroutine to the run until leave is called.
func (r *run) enter() (leave func()) {
	rest := (&worker{r: r}).work()
	r.alive(1)
	return func() {
		rest()
		r.alive(-1)
	}
}

func (r *run) alive(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live += n
	r.s.goroutines.live.Add(int64(n))
	if r.cancelled.Load() {
		r.s.stopper.Stopping(n)
	}
	if r.ended && r.live == 0 {
		go r.out.Settle()
	}
}

// end is called when Eval returns and all output has arrived.
func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended = true; r.live == 0 {
		r.out.Forget()
	}
}

// write writes text of the run to one of the standard streams.
func (r *run) write(s Stream, text []byte) (int, error) {
	n, err := r.out.Write(s, text)
	if err == nil {
		r.wrote.Store(true)
	}
	return n, err
}

// foreground makes r the run to which belongs what no goroutine of a run does.
func (r *run) foreground() {
	r.s.foreground.Store(r)
	r.out.Foreground()
	lastForeground.Store(r)
}

// cancel asks every goroutine of the run to stop.
func (r *run) cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancelled.Swap(true) {
		return
	}
	r.s.stopper.Stopping(r.live)
	close(r.done)
	time.AfterFunc(interp.Patience, func() { close(r.late) })
	r.children.end()
}

// until is closed when the calling goroutine is to wait no longer.
func (r *run) until() <-chan struct{} {
	if r.cancelled.Load() && r.s.stopper.Tidying() {
		return r.late
	}
	return r.done
}

func (r *run) check() {
	if v := r.stops(nil, false); v != nil && !r.s.stopper.Tidying() {
		r.s.stopper.Panics()
		panic(v)
	}
}

// stops is what the goroutines of the run are to panic with; nil while it goes on. They say which function they are in, if
// they know, and whether they are deep in calls.
func (r *run) stops(in *ssa.Function, deep bool) any {
	if deep && r.suspected.Load() {
		r.overflow(in)
	}
	if !r.cancelled.Load() {
		return nil
	}
	if in != nil && r.overflowed.Load() {
		r.deepest.CompareAndSwap(nil, in)
	}
	return interrupted{}
}

// suspect has the goroutines of the run asked how deep they are.
func (r *run) suspect() {
	if !r.suspected.Swap(true) {
		r.s.stopper.Suspecting(1)
	}
}

// acquit ends that.
func (r *run) acquit() {
	if r.suspected.Swap(false) {
		r.s.stopper.Suspecting(-1)
	}
}

// overflow stops the run since its recursion is too deep.
func (r *run) overflow(in *ssa.Function) {
	if in != nil {
		r.deepest.CompareAndSwap(nil, in)
	}
	r.overflowed.Store(true)
	r.cancel()
}

// current is the run of the calling goroutine. A goroutine that compiled code started is taken to work for the cell in the
// foreground.
func current(s *Session) *run {
	if w := working(); w != nil {
		return w.r
	}
	return s.foreground.Load()
}

// cellContext is a run seen as a context, for library calls.
type cellContext struct{ r *run }

func (c cellContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c cellContext) Done() <-chan struct{}       { return c.r.done }
func (c cellContext) Value(any) any               { return nil }

func (c cellContext) Err() error {
	if c.r.cancelled.Load() {
		return context.Canceled
	}
	return nil
}

// liveContext is the context of whatever cell the calling goroutine works for. Cells see one as the variable ctx.
type liveContext struct{ s *Session }

func (c liveContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c liveContext) Done() <-chan struct{}       { return current(c.s).done }
func (c liveContext) Err() error                  { return cellContext{current(c.s)}.Err() }
func (c liveContext) Value(any) any               { return nil }

// Context is cancelled when the cell that the calling goroutine works for is interrupted. Outside of cells it is
// context.Background.
func Context() context.Context {
	if w := working(); w != nil {
		return cellContext{w.r}
	}
	if h := host.Load(); h != nil {
		if ctx, ok := (*h).Context(); ok {
			return ctx
		}
	}
	if r := lastForeground.Load(); r != nil {
		return cellContext{r}
	}
	return context.Background()
}

// inOrder is the run's sink once what the run printed before has reached it.
func (r *run) inOrder() Sink {
	if r.wrote.Swap(false) {
		streams.Flush()
	}
	return r.now()
}

// Output is the Sink of the cell that the calling goroutine works for; outside of cells that of OutputTo, or a Discard.
// Packages that display values from compiled code use it.
func Output() Sink {
	if w := working(); w != nil {
		return w.r.inOrder()
	}
	if h := host.Load(); h != nil {
		if sink, ok := (*h).Output(); ok {
			return sink
		}
	}
	if r := lastForeground.Load(); r != nil {
		return r.inOrder()
	}
	if s := elsewhere.Load(); s != nil {
		return *s
	}
	return Discard{}
}

// lastForeground is the cell started last in any session of the process.
var lastForeground atomic.Pointer[run]
