package engine

import (
	"fmt"
	"iter"
	"net/http"
	"reflect"

	"github.com/msflow-go/msflow/kernel/engine/streams"
	"github.com/msflow-go/msflow/kernel/interp"
)

// Compiled code may call a cell's function or method on a goroutine of its own, as time.AfterFunc and http.Server do. A
// panic there would end the process. On a goroutine that no run knows such a call belongs to the run that made the
// function, and its panic is reported.

// around executes a call of a cell's function by compiled code.
func (s *Session) around(c *interp.Call) []reflect.Value {
	if w := working(); w != nil {
		return w.nested(c)
	}
	r, ok := c.Owner.(*run)
	if !ok {
		r = s.foreground.Load()
	}
	return r.guarded(c)
}

// guarded executes a call on a goroutine of compiled code.
func (r *run) guarded(c *interp.Call) (out []reflect.Value) {
	leave := r.enter()
	defer leave()
	defer func() {
		if e := recover(); e != nil {
			r.goroutinePanic(c.Fault(e))
			failTest(c.Args())
			out = answer(c.Type, e)
		}
	}()
	return c.Do()
}

// deepNesting is how many calls by compiled code, one within the other, are too many for a panic: what passes it on by
// recovering and panicking again, as sync.OnceFunc and encoding/json do, takes time that grows with the square of their
// number.
const deepNesting = 100

// deepestNesting is where such calls are a recursion that does not end, as of a String method that formats its receiver.
const deepestNesting = 10_000

// nested executes a call on a goroutine of a run. After a run was stopped, compiled code that was given an answer for a
// panic may call again, as sort.Sort does: it is answered at once, or the recursion would go on from there.
func (w *worker) nested(c *interp.Call) (out []reflect.Value) {
	if w.depth >= deepNesting && w.r.cancelled.Load() {
		return answer(c.Type, interrupted{})
	}
	w.depth++
	defer w.returned(c, &out)
	if w.depth > deepestNesting {
		w.r.overflow(c.Function())
		w.r.check()
	}
	return c.Do()
}

// returned ends a call. When the run is to stop, and the panic that says so would have to pass many calls, compiled code
// gets an answer instead, and the next function of a cell that it returns to is stopped again.
func (w *worker) returned(c *interp.Call, out *[]reflect.Value) {
	w.depth--
	if w.depth < deepNesting || !w.r.cancelled.Load() {
		return
	}
	if e := recover(); e != nil {
		*out = answer(c.Type, e)
	}
}

// Handle runs f, which a cell has given for an event, as a cell of its own whose output goes to sink: an interrupt ends it,
// and a panic is reported there. While a cell runs, which then caused the event, f is part of it.
func Handle(sink Sink, f func()) {
	last := lastForeground.Load()
	if last == nil || working() != nil {
		f()
		return
	}
	if e := last.s.event(last.count, sink, f); e != nil {
		sink.GoroutineError(e)
	}
}

func (s *Session) event(count int, sink Sink, f func()) *Error {
	if !s.evaluating.TryLock() {
		f()
		return nil
	}
	defer s.evaluating.Unlock()
	r := newRun(s, count, sink)
	r.foreground()
	defer r.end()
	defer streams.Flush()
	return r.execute(s.life, func() *Error { f(); return nil })
}

// Redirect runs f with sink in the place of that of the cell that the calling goroutine works for. Other goroutines of the
// cell that print meanwhile print there too.
func Redirect(sink Sink, f func()) {
	w := working()
	if w == nil {
		before := elsewhere.Swap(&sink)
		defer elsewhere.Store(before)
		f()
		return
	}
	streams.Flush()
	before := w.r.redirected.Swap(&sink)
	defer func() {
		streams.Flush()
		w.r.redirected.Store(before)
	}()
	f()
}

var responseWriter = reflect.TypeFor[http.ResponseWriter]()

// answer is what compiled code gets from a function that panicked: zero values, and an error where the function can give
// one, lest a reader that fails be read again for ever. A server's handler panics on, which ends only its connection.
func answer(t reflect.Type, panicked any) []reflect.Value {
	for in := range t.Ins() {
		if in == responseWriter {
			panic(http.ErrAbortHandler)
		}
	}
	out := zeroResults(t)
	if n := len(out); n > 0 && t.Out(n-1) == reflect.TypeFor[error]() {
		out[n-1] = reflect.ValueOf(fmt.Errorf("panic: %s", PanicText(panicked)))
	}
	return out
}

// failTest ends the test or benchmark that a function was called for, which would otherwise go on, or be tried again.
func failTest(args []reflect.Value) {
	for _, arg := range args {
		if test, ok := arg.Interface().(interface{ FailNow() }); ok {
			test.FailNow()
		}
	}
}

// An iterator that iter.Pull pulls from runs on a goroutine of its own. It belongs to the run of whoever pulls, whom its
// panic reaches.

func (s *Session) pull(seq iter.Seq[any]) (next func() (any, bool), stop func()) {
	w := new(worker)
	pull, halt := iter.Pull(func(yield func(any) bool) {
		defer w.work()()
		seq(yield)
	})
	return func() (any, bool) { w.r = current(s); return pull() }, func() { w.r = current(s); halt() }
}

func (s *Session) pull2(seq iter.Seq2[any, any]) (next func() (any, any, bool), stop func()) {
	w := new(worker)
	pull, halt := iter.Pull2(func(yield func(any, any) bool) {
		defer w.work()()
		seq(yield)
	})
	return func() (any, any, bool) { w.r = current(s); return pull() }, func() { w.r = current(s); halt() }
}

func zeroResults(t reflect.Type) []reflect.Value {
	out := make([]reflect.Value, t.NumOut())
	for i := range out {
		out[i] = reflect.Zero(t.Out(i))
	}
	return out
}
