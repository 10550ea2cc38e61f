package engine

import (
	"context"
	"fmt"
	"go/types"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/goplus/ixgo"
	_ "github.com/goplus/ixgo/pkg" // the standard library
	_ "github.com/goplus/reflectx/icall/icall10240"
	_ "github.com/goplus/reflectx/icall/icall20480"
	"github.com/msflow-go/msflow/kernel/engine/hot"
	"golang.org/x/tools/go/types/typeutil"
)

// Session evaluates cells in this process. While there are sessions, os.Stdout
// and os.Stderr are theirs; see Close.
type Session struct {
	evaluating sync.Mutex // one cell at a time
	compiling  sync.Mutex // the type checker, the SSA program and linking

	ctx        *ixgo.Context
	loader     *loader
	scope      *scope
	methods    methodTypes
	packages   *packageNames
	imported   map[*types.Package]bool // packages that cells have imported, directly or not
	libraries  int                     // how many of them are source
	linked     typeutil.Map            // receiver type -> interpreter that holds its methods
	narrowed   narrowed
	goroutines concurrency
	units      int // cells compiled
	pruned     int // units at the last prune
	cells      int // cells evaluated; the count of a cell without one

	stdin        *stdin
	modules      *modules
	evalCtx      context.Context // of the cell being evaluated; ends the fetching of modules
	emptyProgram reflect.Value   // see forgetRuntimeTypes

	sourcesMu sync.Mutex
	cellText  map[string]string // label -> source, for error messages

	foreground atomic.Pointer[run]
	stopper    stopper
	hot        hot.Watcher
}

var _ Evaluator = (*Session)(nil)

// New starts a session.
func New() (*Session, error) {
	s := &Session{cellText: map[string]string{}}
	s.stopper.ask = func() { current(s).check() }
	s.hot = hot.Watcher{Lock: &s.stopper.mu, Ask: s.stopper.ask, Deep: s.deep, Hot: hotAfter, Failed: hotFailed}
	s.stdin = &stdin{s: s}
	debug.SetMaxStack(goLimit)
	if err := captureStreams(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		releaseStreams()
		return nil, fmt.Errorf("starting the engine: %w", err)
	}
	return s, nil
}

// hotAfter is how often a loop turns, or a function is called, before it is
// compiled: that takes as long as some hundred turns.
var hotAfter int32 = 50

// hotFailed is told of faults in compiling them; tests set it.
var hotFailed func(fault any)

// start makes an empty session of s.
func (s *Session) start() error {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	s.foreground.Store(newRun(s, 0, Discard{}))
	s.scope, s.imported, s.methods = newScope(), map[*types.Package]bool{}, methodTypes{}
	s.linked, s.emptyProgram = typeutil.Map{}, reflect.Value{}
	s.pruned = s.units
	s.ctx = ixgo.NewContext(ixgo.SupportMultipleInterp)
	s.ctx.RunContext = context.Background() // so that ixgo recovers in goroutines
	s.ctx.SetPanic(goErrorText)
	hookMethods(s.ctx)
	s.loader = newLoader(s, s.ctx.Loader)
	s.ctx.Loader = s.loader
	s.packages = newPackageNames()
	s.evalCtx = context.Background()
	s.useModules()
	if err := s.warm(); err != nil {
		return err
	}
	s.narrowed = newNarrowed(s.program())
	for name, f := range s.overrides() {
		s.ctx.RegisterExternal(name, f)
	}
	for name, f := range s.stdinOverrides() {
		s.ctx.RegisterExternal(name, f)
	}
	for name, f := range s.runtimeFuncs() {
		s.ctx.RegisterExternal(runtimePath+"."+name, f)
	}
	u, err := s.compile(0, "prelude", prelude)
	if err != nil {
		return err
	}
	defer u.release()
	_, err = u.interp.RunFunc(cellFuncName)
	return err
}

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
	s.modules.close()
	releaseStreams()
	return nil
}

// Interrupt stops the running cell.
func (s *Session) Interrupt() { s.foreground.Load().cancel() }
