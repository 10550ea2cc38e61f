// Package yaegi is a second evaluator of cells, for where package engine's does not run: github.com/traefik/yaegi walks the
// syntax tree of Go, writes no machine code and makes no methods, so it needs nothing of the processor.
//
// yaegi alone takes less of Go than cells may say, and tells of it by oddities. So a cell goes this way:
//
//	draft   is parsed by package cell and checked by go/types beside what earlier cells declare
//	lower   becomes a file in the Go that yaegi takes: every declaration has a name of its own, generic functions are
//	        instantiated, loops over numbers and functions are written out, goroutines keep their panics
//	bind    gets the compiled-in packages that it mentions, from the registrations that the other evaluator uses
//	run     is executed, can be stopped, and prints to its Sink
//	limits  says "not in yaegi" where yaegi gives up
//
// The names of types, and methods in the eyes of compiled code, are lost on the way: see docs/yaegi.md.
package yaegi

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/goplus/ixgo"
	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// Session evaluates cells in this process. While there are sessions, os.Stdout and os.Stderr are theirs; see Close.
type Session struct {
	evaluating sync.Mutex // one cell at a time
	compiling  sync.Mutex // what follows, up to the next blank line

	interp   *interp.Interpreter
	file     token.Pos      // in the file whose name all of yaegi's files have
	importer types.Importer // of compiled-in packages, from their registrations
	loader   ixgo.Loader    // what the importer reads them with
	packages map[string]string
	scope    *scope
	bound    map[string]bool         // packages that yaegi knows
	units    int                     // functions of cells
	aliases  map[string]string       // path -> what yaegi's files call a package
	unnamed  map[string]reflect.Type // types of compiled packages that have no name outside, by one given here

	cells      int // cells evaluated; the count of a cell without one
	sources    engine.Sources
	faults     faults
	stdin      *stdin
	args       []string // os.Args of cells
	foreground atomic.Pointer[run]
}

var _ engine.Evaluator = (*Session)(nil)

// stackMost is where Go ends the process. It is as high as it can be, so that a recursion without end is seen before.
const stackMost = 2_000_000_000

// New starts a session.
func New() (*Session, error) {
	s := &Session{packages: engine.PackagesByName(), args: []string{"msflow"}}
	s.stdin = &stdin{s: s}
	debug.SetMaxStack(stackMost)
	if err := streams.Capture(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		streams.Release()
		return nil, fmt.Errorf("starting yaegi: %w", err)
	}
	engine.SetHost(s)
	return s, nil
}

// start makes an empty session of s.
func (s *Session) start() error {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	s.foreground.Store(newRun(s, 0, engine.Discard{}))
	s.scope = newScope()
	s.interp = interp.New(interp.Options{Stdin: s.stdin, Stdout: output{s, streams.Stdout}, Stderr: &s.faults, Args: s.args, Unrestricted: true})
	s.file = token.Pos(s.interp.FileSet().AddFile(interp.DefaultSourceName, -1, 1).Base())
	s.bound, s.aliases, s.unnamed = map[string]bool{}, map[string]string{}, map[string]reflect.Type{}
	registered := ixgo.NewContext(0)
	s.importer, s.loader = registered.Importer, registered.Loader
	if err := s.declarePrelude(); err != nil {
		return err
	}
	return s.bindRuntime()
}

// SetArgs makes os.Args of cells that have not imported os yet.
func (s *Session) SetArgs(args []string) { s.args = args }

// Engine is the evaluator's name for people.
func (s *Session) Engine() string { return "yaegi" }

// Eval runs one cell.
func (s *Session) Eval(ctx context.Context, c engine.Cell, sink engine.Sink) error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.cells++
	if c.Count == 0 {
		c.Count = s.cells
	}
	r := newRun(s, c.Count, sink)
	s.foreground.Store(r)
	r.out.Foreground()
	defer r.end()
	defer streams.Flush()
	s.sources.Keep(label(c.Count), cmp.Or(c.Source, c.Code))
	u, err := s.compile(r, c)
	if err != nil {
		return err
	}
	if c.Compiled != nil {
		c.Compiled()
	}
	if e := r.execute(ctx, u); e != nil {
		return e
	}
	r.give(u, c)
	return nil
}

func label(count int) string { return fmt.Sprintf("cell[%d]", count) }

// Interrupt stops the running cell.
func (s *Session) Interrupt() { s.foreground.Load().cancel() }

// Reset forgets every declaration and import of the session.
func (s *Session) Reset() error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	return s.start()
}

// Close gives back the process's standard streams.
func (s *Session) Close() error {
	s.Interrupt()
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	engine.SetHost(nil)
	streams.Release()
	return nil
}

// Output is the Sink of the cell that the calling goroutine works for; see engine.Host.
func (s *Session) Output() (engine.Sink, bool) {
	streams.Flush()
	return s.current().sink, true
}

// Context is that of the same cell.
func (s *Session) Context() (context.Context, bool) { return s.current().ctx, true }

// sizes are those of the machine.
var sizes = types.SizesFor("gc", runtime.GOARCH)

// cellFuncName is the function that a cell's statements become.
const cellFuncName = cell.Hidden + "cell"
