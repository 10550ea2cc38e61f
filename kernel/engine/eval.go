package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/types"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/msflow-go/msflow/kernel/engine/streams"

	"github.com/goplus/ixgo"
)

// leaveBehind is how long an interrupted cell may take to stop by itself. A
// cell that is blocked in compiled code never does; its goroutine is left behind.
const leaveBehind = 60 * time.Millisecond

// Eval runs one c.
func (s *Session) Eval(ctx context.Context, c Cell, sink Sink) error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	r := s.begin(&c, sink)
	defer r.end()
	defer streams.Flush()
	s.keepText(label(c.Count), cmp.Or(c.Source, c.Code))
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
	if u.values != nil {
		r.show(u.values)
	} else if e := r.execute(ctx, func() *Error { return r.runUnit(&running) }); e != nil {
		return e
	}
	if values := r.result(u); len(values) > 0 && !cell.Silent {
		streams.Flush()
		r.sink.Result(values)
		s.keep(u, values)
	}
	return nil
}

func (s *Session) keepText(name, code string) {
	s.sourcesMu.Lock()
	defer s.sourcesMu.Unlock()
	s.cellText[name] = code
}

// compileCell compiles a cell. What fails in the compiler itself, which is no
// reason for the session to end, is an error too.
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

// execute runs f as part of the run until it returns or ctx is cancelled.
func (r *run) execute(ctx context.Context, f func() *Error) *Error {
	finished := make(chan *Error, 1)
	go func() {
		ended := false
		leave := r.enter()
		defer leave()
		defer func() {
			if !ended { // runtime.Goexit
				finished <- nil
			}
		}()
		err := f()
		ended = true
		finished <- err
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before := stackBytes()
	for {
		select {
		case err := <-finished:
			return r.orExit(err)
		case <-ctx.Done():
			r.cancel()
		case <-r.done:
			return r.orExit(r.stopped(finished, leaveBehind, ErrInterrupted))
		case <-tick.C:
			now := stackBytes()
			before = min(before, now)
			if now-before > stackLimit {
				r.cancel()
				return r.stopped(finished, time.Minute, errStack)
			}
		}
	}
}

// orExit is the end of a run that may have called os.Exit, perhaps in a goroutine
// or where its panic was recovered.
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
func (r *run) stopped(finished <-chan *Error, patience time.Duration, why error) *Error {
	select {
	case err := <-finished:
		if err != nil && err.Kind != KindInterrupted && err.Kind != KindPanic {
			return err
		}
	case <-time.After(patience):
	}
	if errors.Is(why, errStack) {
		return &Error{Kind: KindStack, Value: why.Error(), Traceback: []string{why.Error()}}
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
	if _, err := u.interp.RunFunc(name, args...); err != nil {
		return r.s.failed(err)
	}
	return nil
}

// result is the cell's value. Nothing is shown for printing, and an error that is
// nil is not worth a line.
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

// Go ends the process when a goroutine's stack reaches a limit. A run whose
// stacks grow by more than stackLimit, beyond what many goroutines need, is
// stopped before. Go's limit is set as high as it can be, so that there is time.
const (
	stackLimit     = 200 << 20
	goroutineStack = 16 << 10
	goLimit        = 2_000_000_000
)

var errStack = errors.New("stack overflow: the recursion is too deep")

// stackBytes is the memory of all stacks beyond what each goroutine may have.
func stackBytes() int64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(m)
	return max(0, int64(m[0].Value.Uint64())-int64(runtime.NumGoroutine())*goroutineStack)
}

// deep holds up a recursion that has used up what it may, until its run is
// stopped for that.
func (s *Session) deep() {
	if stackBytes() < stackLimit {
		return
	}
	r := current(s)
	select {
	case <-r.done:
		r.check()
	case <-time.After(100 * time.Millisecond):
	}
}

func isErrorType(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
