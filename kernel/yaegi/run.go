package yaegi

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/timandy/routine"
	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// run is one execution of a cell, with the goroutines that it starts.
type run struct {
	s      *Session
	out    *streams.Owner
	count  int
	sink   engine.Sink
	ctx    context.Context
	cancel context.CancelFunc

	line       atomic.Int64 // of the statement of the cell that is being executed
	left       chan struct{}
	leftOnce   sync.Once
	overflowed atomic.Bool
	shown      []any

	mu    sync.Mutex
	live  int // goroutines that the cell started
	ended bool
}

func newRun(s *Session, count int, sink engine.Sink) *run {
	r := &run{s: s, out: streams.NewOwner(sink.Stream), count: count, sink: sink, left: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// workers are the goroutines that execute runs, of all sessions.
var workers sync.Map // goroutine id -> *run

// current is the run of the calling goroutine; what belongs to none is taken to work for the cell in the foreground.
func (s *Session) current() *run {
	if r, ok := workers.Load(routine.Goid()); ok {
		return r.(*run)
	}
	return s.foreground.Load()
}

// enter and leave are the first and the last thing that a cell does. Yaegi stops what runs; a cell that was interrupted
// before it began stops here.
func (s *Session) enter() {
	r := s.foreground.Load()
	if r.ctx.Err() != nil {
		r.leftOnce.Do(func() { close(r.left) })
		panic(engine.ErrInterrupted)
	}
	workers.Store(routine.Goid(), r)
}

func (s *Session) leave() {
	r := s.current()
	workers.Delete(routine.Goid())
	r.leftOnce.Do(func() { close(r.left) })
}

// begin is the run that a go statement gives its goroutine.
func (s *Session) begin() *run {
	r := s.current()
	r.alive(1)
	return r
}

func (r *run) start() { workers.Store(routine.Goid(), r) }

// finish ends a goroutine, with what it panicked with.
func (r *run) finish(panicked any) {
	defer r.alive(-1)
	defer workers.Delete(routine.Goid())
	if panicked == nil {
		return
	}
	if e := r.failed(panicked); e.Kind != engine.KindExit && e.Kind != engine.KindInterrupted {
		streams.Flush()
		r.sink.GoroutineError(e)
	}
}

func (r *run) alive(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live += n; r.ended && r.live == 0 {
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

func (r *run) write(s engine.Stream, text []byte) (int, error) { return r.out.Write(s, text) }

// print is the builtin print and println, which write to standard error.
func (r *run) print(args []any, sep, end string) {
	var b []byte
	for i, a := range args {
		if i > 0 {
			b = append(b, sep...)
		}
		b = engine.AppendBuiltin(b, a)
	}
	r.write(streams.Stderr, append(b, end...))
}

// leaveBehind is how long an interrupted cell may take to stop by itself. One that is blocked in compiled code never does.
const leaveBehind = 60 * time.Millisecond

// execute runs a unit until it returns or is stopped.
func (r *run) execute(ctx context.Context, u *unit) *engine.Error {
	defer context.AfterFunc(ctx, r.cancel)()
	r.s.faults.clear()
	done := make(chan error, 1)
	go func() {
		_, err := r.s.interp.ExecuteWithContext(r.ctx, u.program)
		done <- err
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before := stackBytes()
	for {
		select {
		case err := <-done:
			return r.ending(err)
		case <-tick.C:
			if stackBytes()-before > stackLimit && !r.overflowed.Swap(true) {
				r.cancel()
			}
		}
	}
}

// stackLimit is how much the stacks of a run may grow, and stackBytes what all take.
const stackLimit = 256 << 20

func stackBytes() int64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(m)
	return int64(m[0].Value.Uint64())
}

// ending is the error of an execution that has ended.
func (r *run) ending(err error) *engine.Error {
	var p interp.Panic
	switch {
	case errors.As(err, &p) && p.Value == any(engine.ErrInterrupted):
		return r.stopped()
	case err == nil:
		return nil
	case errors.As(err, &p):
		e := r.failed(p.Value)
		if e.Kind == engine.KindExit && e.ExitCode == 0 {
			return nil
		}
		return e
	case errors.Is(err, context.Canceled):
		return r.stopped()
	}
	return r.s.limit(err)
}

// stopped waits for a run that was stopped, but not for ever.
func (r *run) stopped() *engine.Error {
	e := engine.Interrupted()
	patience := leaveBehind
	if r.overflowed.Load() {
		patience = time.Minute // it has many calls to leave
		e = r.at(engine.KindStack, "stack overflow: the recursion is too deep")
	}
	select {
	case <-r.left:
	case <-time.After(patience):
		line := int(r.line.Load())
		e.Traceback = append(e.Traceback, fmt.Sprintf("left behind, since it did not end in time, as compiled code may not: line %d", line))
		if text := strings.TrimSpace(r.s.sources.Line(label(r.count), line)); text != "" {
			e.Traceback = append(e.Traceback, "      "+text)
		}
	}
	return e
}

// give gives the sink the cell's value.
func (r *run) give(u *unit, c engine.Cell) {
	values := r.shown
	if u.quiet || len(values) == 0 || c.Silent || r.ctx.Err() != nil {
		return
	}
	if n := len(u.results); n == len(values) && values[n-1] == nil && isError(u.results[n-1]) {
		values = values[:n-1]
	}
	if len(values) == 0 {
		return
	}
	streams.Flush()
	r.sink.Result(values)
}

// exit is the panic of os.Exit, and failure that of must.
type exit int

type failure struct{ err error }

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func logged(text string) {
	log.Output(2, text)
	panic(exit(1))
}

// liveContext is the context of whatever cell the calling goroutine works for. Cells see one as the variable ctx.
type liveContext struct{ s *Session }

func (c liveContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c liveContext) Done() <-chan struct{}       { return c.s.current().ctx.Done() }
func (c liveContext) Err() error                  { return c.s.current().ctx.Err() }
func (c liveContext) Value(any) any               { return nil }

// stdin is what cells find behind os.Stdin: lines that the user is asked for when a cell reads.
type stdin struct {
	s    *Session
	rest []byte // of the line that was typed last
}

// Read asks for a line when the last one is used up.
func (in *stdin) Read(b []byte) (int, error) {
	if len(in.rest) == 0 {
		r := in.s.current()
		streams.Flush()
		line, err := r.sink.Input(r.ctx, "", false)
		if errors.Is(err, context.Canceled) {
			r.cancel()
		}
		if err != nil {
			return 0, fmt.Errorf("reading os.Stdin: %w", err)
		}
		in.rest = []byte(strings.TrimSuffix(line, "\n") + "\n")
	}
	n := copy(b, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}
