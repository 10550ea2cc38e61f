package engine

import (
	"context"
	"fmt"
	"os/exec"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/msflow-go/msflow/kernel/engine/gotest"
	"github.com/msflow-go/msflow/kernel/engine/streams"

	_ "github.com/goplus/ixgo/pkg" // the standard library
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
	"golang.org/x/tools/go/ssa"
)

// Session evaluates cells in this process. While there are sessions, os.Stdout and os.Stderr are theirs; see Close.
type Session struct {
	evaluating sync.Mutex // one cell at a time
	compiling  sync.Mutex // the type checker, the SSA program and linking

	program    *interp.Program
	scope      *scope
	packages   *packageNames
	goroutines concurrency
	units      int // cells compiled
	pruned     int // units at the last prune
	cells      int // cells evaluated; the count of a cell without one

	stdin   *stdin
	modules *modules
	evalCtx context.Context // of the cell being evaluated; ends the fetching of modules

	sources Sources // for error messages

	maxThreads atomic.Int64 // what cells gave debug.SetMaxThreads last
	signals    signals
	maxStack   atomic.Int64 // what cells gave debug.SetMaxStack last: the process's own limit is not theirs
	args       []string     // os.Args of cells, which are not the process's either

	life       context.Context // ends with the session
	endLife    context.CancelFunc
	childrenMu sync.Mutex
	children   []weak.Pointer[exec.Cmd] // that cells have made; what has been started is not collected

	foreground atomic.Pointer[run]
	stopper    *interp.Stopper
}

var _ Evaluator = (*Session)(nil)

// New starts a session.
func New() (*Session, error) {
	s := &Session{}
	s.life, s.endLife = context.WithCancel(context.Background())
	s.stopper = interp.NewStopper(func(in *ssa.Function, deep bool) any { return current(s).stops(in, deep) })
	s.stdin = &stdin{s: s}
	offerOwnMux()
	debug.SetMaxStack(goLimit)
	s.maxStack.Store(1_000_000_000) // Go's own
	s.maxThreads.Store(10_000)      // too
	if err := streams.Capture(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		streams.Release()
		return nil, fmt.Errorf("starting the engine: %w", err)
	}
	return s, nil
}

// start makes an empty session of s.
func (s *Session) start() error {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	s.foreground.Store(newRun(s, 0, Discard{}))
	s.scope = newScope()
	s.pruned = s.units
	program, err := interp.NewProgram(interp.Host{
		Options: interp.Options{Stop: s.stopper, Deep: s.deep, Around: s.around, Owner: func() any { return current(s) }, Go: func() func(*interp.Goroutine) { return current(s).goroutine() }},
		Lock:    &s.compiling,
		Init:    s.initialise,
	})
	if err != nil {
		return err
	}
	s.program = program
	s.packages = newPackageNames()
	s.evalCtx = context.Background()
	s.useModules()
	s.args = []string{"msflow"}
	program.OverrideVariable("os", "Args", &s.args)
	program.Override(s.overrides())
	program.Override(s.readers())
	program.Override(lists)
	program.Override(s.stdinOverrides())
	program.Override(s.freshOverrides())
	program.Override(s.runtimeOverrides())
	program.Override(gotest.Logging())
	program.Override(s.endOverrides())
	program.Override(s.testOverrides())
	program.Override(sizedOverrides())
	u, err := s.compile(0, "prelude", cell.Prelude())
	if err != nil {
		return err
	}
	defer u.release()
	_, err = u.interp.RunFunc(cellFuncName)
	return err
}

// Engine is the evaluator's name for people.
func (s *Session) Engine() string { return "ixgo" }

// Reset forgets every declaration and import of the session.
func (s *Session) Reset() error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	return s.start()
}

// Close gives back the process's standard streams.
func (s *Session) Close() error {
	s.Interrupt()
	s.endChildren()
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.modules.close()
	if streams.Release() {
		lastForeground.Store(nil)
	}
	return nil
}

// Interrupt stops the running cell.
func (s *Session) Interrupt() { s.foreground.Load().cancel() }
