package engine

import (
	"cmp"
	"context"
	"fmt"
	"go/types"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/streams"
	"github.com/msflow-go/msflow/kernel/interp"

	"github.com/goplus/ixgo"
	"github.com/timandy/routine"
	"golang.org/x/tools/go/ssa"
)

// leaveBehind is how long an interrupted cell may take to stop by itself. A cell that is blocked in compiled code never
// does; its goroutine is left behind.
const leaveBehind = 60 * time.Millisecond

// Eval runs one c.
func (s *Session) Eval(ctx context.Context, c Cell, sink Sink) error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	r := s.begin(&c, sink)
	defer r.end()
	defer streams.Flush()
	s.sources.Keep(label(c.Count), cmp.Or(c.Source, c.Code))
	s.evalCtx = ctx
	return s.evalGo(ctx, r, c)
}

// begin makes a run of a cell, which gets a count if it has none.
func (s *Session) begin(c *Cell, sink Sink) *run {
	s.cells++
	if c.Count == 0 {
		c.Count = s.cells
	}
	r := newRun(s, c.Count, sink)
	r.foreground()
	return r
}

// evalGo compiles and runs a cell as the run r.
func (s *Session) evalGo(ctx context.Context, r *run, cell Cell) error {
	s.prune()
	u, err := s.compileCell(cell)
	if err != nil {
		return s.compileError(err)
	}
	defer u.release()
	if cell.Compiled != nil {
		cell.Compiled()
	}
	running := *u // a cell that is left behind may begin only after u is released
	var values []any
	if e := r.execute(ctx, func() *Error {
		if u.values == nil {
			if e := r.runUnit(&running); e != nil {
				return e
			}
		}
		values = r.give(&running, cell)
		return nil
	}); e != nil {
		return e
	}
	if len(values) > 0 {
		s.keep(u, values)
	}
	return nil
}

// give gives the sink the cell's value, whose methods may be those of cells.
func (r *run) give(u *unit, cell Cell) []any {
	if u.values != nil {
		r.show(u.values)
	}
	values := r.result(u)
	if len(values) == 0 || cell.Silent || r.cancelled.Load() {
		return nil
	}
	streams.Flush()
	r.sink.Result(values)
	return values
}

// compileCell compiles a cell. What fails in the compiler itself, which is no reason for the session to end, is an error
// too.
func (s *Session) compileCell(cell Cell) (u *unit, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("compiling: %v", e)
		}
	}()
	name := label(cell.Count)
	s.compiling.Lock()
	defer s.compiling.Unlock()
	return s.compile(cell.Count, name, cell.Code)
}

// initialise runs an initialiser of a library as part of the cell that imports it, so that it can be stopped.
func (s *Session) initialise(run func() error) error {
	failed := make(chan error, 1)
	e := s.foreground.Load().execute(s.evalCtx, func() *Error {
		err := run()
		failed <- err
		if err != nil {
			return s.failed(err)
		}
		return nil
	})
	switch {
	case e == nil:
		return nil
	case isInterrupt(e):
		return e
	}
	select {
	case err := <-failed:
		return err
	default:
		return e
	}
}

// execute runs f as part of the run until it returns or ctx is cancelled.
func (r *run) execute(ctx context.Context, f func() *Error) *Error {
	finished := make(chan *Error, 1)
	if !r.s.goroutines.guard {
		unguarded.Add(1)
		defer unguarded.Add(-1)
	}
	go func() {
		ended := false
		r.main.Store(routine.Goid())
		leave := r.enter()
		defer leave()
		defer func() {
			if e := recover(); e != nil {
				finished <- r.s.failed(e)
			} else if !ended { // runtime.Goexit
				finished <- nil
			}
		}()
		err := f()
		ended = true
		finished <- err
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	r.stacks.Store(stackBytes())
	defer r.acquit()
	var room memoryWatch
	for {
		select {
		case err := <-finished:
			if r.condemned() {
				err = r.whyStopped()
			}
			return r.orExit(err)
		case <-ctx.Done():
			r.cancel()
		case <-r.done:
			return r.orExit(r.stopped(ctx, finished))
		case <-tick.C:
			r.watchStacks()
			if e := room.look(); e != nil && r.exhausted.CompareAndSwap(nil, e) {
				r.cancel()
			}
		}
	}
}

// orExit is the end of a run that may have called os.Exit, perhaps in a goroutine or where its panic was recovered.
func (r *run) orExit(err *Error) *Error {
	code := r.exited.Load()
	switch {
	case code == nil || err != nil && err.Kind == KindExit:
		return err
	case *code == 0:
		return nil
	}
	return r.s.failed(exit(*code))
}

// stopped waits for a cancelled run, but not for ever.
func (r *run) stopped(ctx context.Context, finished <-chan *Error) *Error {
	interrupt, patience := ctx.Done(), leaveBehind
	if r.condemned() { // which takes longer to end, and is no reason to leave it behind
		patience = time.Minute
	} else {
		interrupt = nil
	}
	late := time.After(patience)
	for {
		select {
		case err := <-finished:
			if err != nil && !isInterrupt(err) && !r.condemned() {
				return err
			}
			return r.whyStopped()
		case <-interrupt:
			interrupt, late = nil, time.After(leaveBehind)
		case <-late:
			e := r.whyStopped()
			e.Traceback = append(e.Traceback, r.remains()...)
			return e
		}
	}
}

// condemned reports whether the engine stopped the run, and not its user.
func (r *run) condemned() bool { return r.overflowed.Load() || r.exhausted.Load() != nil }

// whyStopped is the error of a run that was stopped.
func (r *run) whyStopped() *Error {
	if e := r.exhausted.Load(); e != nil {
		return r.s.panicError(*e, nil)
	}
	if r.overflowed.Load() {
		return r.s.panicError(overflow{r.deepest.Load()}, nil)
	}
	return r.s.failed(interrupted{})
}

func (r *run) runUnit(u *unit) *Error {
	funcs := []string{cellFuncName}
	if u.program && u.ssa.Func("main") != nil {
		funcs = append(funcs, "main")
	}
	for _, f := range funcs {
		if err := r.runFunc(u, f); err != nil {
			if err.Kind == KindExit && err.ExitCode == 0 {
				return nil
			}
			return err
		}
	}
	return nil
}

func (r *run) runFunc(u *unit, name string, args ...ixgo.Value) *Error {
	if _, err := u.interp.RunFunc(name, args...); interp.Goexited(err) {
		runtime.Goexit()
	} else if err != nil {
		return r.s.failed(err)
	}
	return nil
}

// result is the cell's value. Nothing is shown for printing, and an error that is nil is not worth a line.
func (r *run) result(u *unit) []any {
	r.mu.Lock()
	shown := r.shown
	r.mu.Unlock()
	if u.quiet {
		return nil
	}
	if n := len(u.results); n == len(shown) && n > 0 && shown[n-1] == nil && isErrorType(u.results[n-1]) {
		shown = shown[:n-1]
	}
	return shown
}

// Go ends the process when a goroutine's stack reaches a limit. A run whose stacks grow by more than stackLimit, beyond
// what many goroutines need, is stopped before. Go's limit is set as high as it can be, so that there is time. What all
// stacks take is known, and not whose they are: those that an earlier recursion left behind may still be there. So the
// goroutines of the run are asked first; one that is many calls deep confesses. Recursions of compiled code alone are not
// asked, and have twice the limit.
const (
	stackLimit     = 200 << 20
	goroutineStack = 32 << 10
	goLimit        = 2_000_000_000
)

// overflow is the panic of a recursion that is too deep.
type overflow struct{ in *ssa.Function }

func (o overflow) Error() string {
	if o.in == nil {
		return "stack overflow: the recursion is too deep"
	}
	name := functionName(o.in.String())
	if cell.IsHidden(name) {
		name = "a function without a name"
	}
	return "stack overflow: the recursion of " + name + " is too deep"
}

// stackBytes is the memory of all stacks beyond what each goroutine may have.
func stackBytes() int64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(m)
	return max(0, int64(m[0].Value.Uint64())-int64(runtime.NumGoroutine())*goroutineStack)
}

// stackInUse is stackBytes without the stacks of goroutines that have ended, of which there may have been a million.
func stackInUse() int64 {
	runtime.GC()
	return stackBytes()
}

// watchStacks looks now and then at how much the stacks have grown since the run began.
func (r *run) watchStacks() {
	now := stackBytes()
	before := min(r.stacks.Load(), now)
	r.stacks.Store(before)
	switch {
	case now-before <= stackLimit:
		return
	case now-before > 2*stackLimit && stackInUse()-before > 2*stackLimit:
		r.overflow(nil)
	default:
		r.suspect()
	}
}

// deep stops a recursion that has used up what its run may.
func (s *Session) deep() {
	r := current(s)
	if before := r.stacks.Load(); stackBytes()-before > stackLimit && stackInUse()-before > stackLimit {
		r.overflow(nil)
		r.check()
	}
}

func isErrorType(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
