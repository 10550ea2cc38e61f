package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/engine/gotest"
	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// A cell that calls what ends a process, replaces it or sends it a deadly signal is ended itself.

// endOverrides are those functions.
func (s *Session) endOverrides() map[string]any {
	all := map[string]any{
		"os.Exit":                     func(code int) { current(s).exit(code) },
		"flag.Parse":                  func() { s.parseFlags(flag.CommandLine, s.args[min(1, len(s.args)):]) },
		"(*flag.FlagSet).Parse":       s.parseFlags,
		"(*os.Process).Kill":          func(p *os.Process) error { return s.signal(p, os.Kill) },
		"(*os.Process).Signal":        s.signal,
		"(*os.File).Close":            closeFile,
		"os/signal.Notify":            s.signals.notify,
		"os/signal.Stop":              s.signals.stop,
		"os/signal.Reset":             s.signals.reset,
		"os/signal.Ignore":            s.signals.ignore,
		"os/signal.Ignored":           s.signals.isIgnored,
		"os/signal.NotifyContext":     s.signals.notifyContext,
		"runtime.Breakpoint":          func() { current(s).raise(syscall.SIGTRAP) },
		"runtime/debug.SetMaxThreads": func(n int) int { return int(s.maxThreads.Swap(int64(n))) },
		"runtime/debug.WriteHeapDump": writeHeapDump,

		"(*sync.Mutex).Unlock":    unlockMutex,
		"(*sync.RWMutex).Unlock":  unlockRWMutex,
		"(*sync.RWMutex).RUnlock": runlockRWMutex,
		"(*sync.RWMutex).RLocker": func(m *sync.RWMutex) sync.Locker { return readLocker{s, m} },
		"(*sync.Cond).Wait":       waitCond,
	}
	for _, path := range []string{"syscall", "golang.org/x/sys/unix"} {
		s.systemCalls(all, path)
	}
	return all
}

// systemCalls adds the system calls of a package, of which each system has others.
func (s *Session) systemCalls(all map[string]any, path string) {
	pkg, ok := ixgo.LookupPackage(path)
	if !ok {
		return
	}
	number := func(name string) (n uint64) {
		if c, ok := pkg.UntypedConsts[name]; ok {
			fmt.Sscan(c.Value.ExactString(), &n)
		}
		return n
	}
	exit, exitGroup, kill, tgkill := number("SYS_EXIT"), number("SYS_EXIT_GROUP"), number("SYS_KILL"), number("SYS_TGKILL")
	call := func(args []reflect.Value) {
		switch n := args[0].Uint(); n {
		case 0:
		case exit, exitGroup:
			current(s).exit(int(args[1].Uint()))
		case kill:
			s.raises(int(int32(args[1].Uint())), syscall.Signal(args[2].Uint()))
		case tgkill:
			s.raises(int(int32(args[1].Uint())), syscall.Signal(args[3].Uint()))
		}
	}
	for name, ends := range map[string]func(args []reflect.Value){
		"Exit":        func(args []reflect.Value) { current(s).exit(int(args[0].Int())) },
		"Kill":        func(args []reflect.Value) { s.raises(int(args[0].Int()), syscall.Signal(args[1].Int())) },
		"Tgkill":      func(args []reflect.Value) { s.raises(int(args[0].Int()), syscall.Signal(args[2].Int())) },
		"RawSyscall":  call,
		"RawSyscall6": call,
		"Syscall":     call,
		"Syscall6":    call,
	} {
		if f, ok := pkg.Funcs[name]; ok {
			all[path+"."+name] = s.unlessEnding(f, ends)
		}
	}
	if _, ok := pkg.Funcs["Exec"]; ok {
		all[path+".Exec"] = s.replaceProcess
	}
}

// delivered is the panic of a signal that a cell has sent itself and that has reached it.
type delivered struct{}

// unlessEnding is f, save for calls that end the cell or that the cell itself has taken the effect of.
func (s *Session) unlessEnding(f reflect.Value, ends func(args []reflect.Value)) any {
	return reflect.MakeFunc(f.Type(), func(args []reflect.Value) (out []reflect.Value) {
		defer func() {
			if e := recover(); e == (delivered{}) {
				out = zeroResults(f.Type())
			} else if e != nil {
				panic(e)
			}
		}()
		ends(args)
		return f.Call(args)
	}).Interface()
}

// testOverrides are the functions by which a test binary runs its tests. It ends with them, and for what is wrong with its flags.
func (s *Session) testOverrides() map[string]any {
	return map[string]any{
		"testing.RunTests": func(match gotest.Matcher, tests []testing.InternalTest) bool {
			return s.tested(gotest.RunTests(match, tests))
		},
		"testing.RunExamples": func(match gotest.Matcher, examples []testing.InternalExample) bool {
			return s.tested(gotest.RunExamples(match, examples))
		},
		"testing.RunBenchmarks": func(match gotest.Matcher, benchmarks []testing.InternalBenchmark) {
			s.tested(gotest.RunBenchmarks(match, benchmarks))
		},
		"testing.Main": func(match gotest.Matcher, tests []testing.InternalTest, benchmarks []testing.InternalBenchmark, examples []testing.InternalExample) {
			code := 0
			if !s.tested(gotest.Main(match, tests, benchmarks, examples)) {
				code = 1
			}
			current(s).exit(code)
		},
		"(*testing.M).Run": func(*testing.M) int { panic("a session is no test binary: use %test") },
	}
}

// tested ends the cell where package testing would end the process.
func (s *Session) tested(passed bool, err error) bool {
	if err != nil {
		current(s).write(Stderr, fmt.Append(nil, "testing: ", err, "\n"))
		current(s).exit(1)
	}
	return passed
}

// closeFile is a file's Close. The cell's own output stays open, as further cells write there.
func closeFile(f *os.File) error {
	if f != nil && (f == os.Stdin || f == streams.WriteEnd(Stdout) || f == streams.WriteEnd(Stderr)) {
		return nil
	}
	return f.Close()
}

// writeHeapDump stops the world, and so whoever reads a cell's output.
func writeHeapDump(fd uintptr) {
	for _, own := range []Stream{Stdout, Stderr} {
		if w := streams.WriteEnd(own); w != nil && fd == w.Fd() {
			panic("debug.WriteHeapDump stops what reads a cell's output: dump to a file")
		}
	}
	debug.WriteHeapDump(fd)
}

// exit is the panic that os.Exit is in a cell.
type exit int

// exit ends the cell with all its goroutines, whether or not they recover.
func (r *run) exit(code int) {
	r.exited.CompareAndSwap(nil, &code)
	r.cancel()
	panic(exit(code))
}

// parseFlags parses flags so that a set that exits on an error ends the cell and not the process.
func (s *Session) parseFlags(fs *flag.FlagSet, args []string) error {
	if fs.ErrorHandling() != flag.ExitOnError {
		return fs.Parse(args)
	}
	fs.Init(fs.Name(), flag.ContinueOnError)
	defer fs.Init(fs.Name(), flag.ExitOnError)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		current(s).exit(0)
	case err != nil:
		current(s).exit(2)
	}
	return nil
}

// Unlocking what is not locked would end the process; here it panics.

func unlockMutex(m *sync.Mutex) {
	if m.TryLock() {
		m.Unlock()
		panic("sync: unlock of unlocked mutex")
	}
	m.Unlock()
}

func unlockRWMutex(m *sync.RWMutex) {
	if m.TryRLock() {
		m.RUnlock()
		panic("sync: Unlock of unlocked RWMutex")
	}
	m.Unlock()
}

func runlockRWMutex(m *sync.RWMutex) {
	if m.TryLock() {
		m.Unlock()
		panic("sync: RUnlock of unlocked RWMutex")
	}
	m.RUnlock()
}

// readLocker is what (*sync.RWMutex).RLocker gives.
type readLocker struct {
	s *Session
	m *sync.RWMutex
}

func (l readLocker) Lock()   { current(l.s).lock(l.m.TryRLock) }
func (l readLocker) Unlock() { runlockRWMutex(l.m) }

// waitCond is a condition's Wait, which unlocks before it waits.
func waitCond(c *sync.Cond) {
	if m, ok := c.L.(*sync.Mutex); ok && m.TryLock() {
		m.Unlock()
		panic("sync: Wait of a Cond whose L is not locked")
	}
	c.Wait()
}

// replaceProcess is syscall.Exec: another program runs in the place of the rest of the cell.
func (s *Session) replaceProcess(path string, argv, env []string) error {
	c := current(s).command(context.Background(), path, nil)
	c.Path, c.Args, c.Env, c.Err = path, argv, env, nil
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		var number syscall.Errno
		if errors.As(err, &number) {
			return number
		}
		return err
	}
	c.Wait()
	current(s).exit(c.ProcessState.ExitCode())
	return nil
}

// deadly are the signals that end a program which does not ask for them.
var deadly = []syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
	syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGTERM,
}

// signal is (*os.Process).Signal.
func (s *Session) signal(p *os.Process, sig os.Signal) error {
	if number, ok := sig.(syscall.Signal); ok && p != nil && p.Pid == os.Getpid() && current(s).raise(number) {
		return nil
	}
	return p.Signal(sig)
}

// raises is kill: what goes to this process, or to a group that it is in, reaches the cell instead.
func (s *Session) raises(pid int, sig syscall.Signal) {
	if (pid == os.Getpid() || pid == 0 || pid == -1) && current(s).raise(sig) {
		panic(delivered{})
	}
}

// raise sends a signal to the cell: to the channels that ask for it, or it ends the cell. It reports whether that is all.
func (r *run) raise(sig syscall.Signal) (done bool) {
	if sig == syscall.SIGKILL || !r.s.signals.deliver(sig) && slices.Contains(deadly, sig) {
		r.exit(128 + int(sig))
	}
	return slices.Contains(deadly, sig)
}

// signals are what cells have asked for. The program's own wishes, as for an interrupt, stay what they are.
type signals struct {
	mu      sync.Mutex
	wanted  map[chan<- os.Signal][]os.Signal // empty for all
	ignored []os.Signal                      // empty for none
	all     bool                             // are ignored
}

func (g *signals) notify(c chan<- os.Signal, sigs ...os.Signal) {
	signal.Notify(c, sigs...)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wanted == nil {
		g.wanted = map[chan<- os.Signal][]os.Signal{}
	}
	if before, known := g.wanted[c]; len(sigs) == 0 || known && len(before) == 0 {
		g.wanted[c] = nil
	} else {
		g.wanted[c] = append(before, sigs...)
	}
	g.all = g.all && len(sigs) > 0
	g.ignored = slices.DeleteFunc(g.ignored, func(s os.Signal) bool { return len(sigs) == 0 || slices.Contains(sigs, s) })
}

func (g *signals) stop(c chan<- os.Signal) {
	signal.Stop(c)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wanted, c)
}

// reset undoes what cells have asked for.
func (g *signals) reset(sigs ...os.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c, wanted := range g.wanted {
		if len(wanted) == 0 && len(sigs) > 0 {
			continue
		}
		signal.Stop(c)
		left := slices.DeleteFunc(wanted, func(s os.Signal) bool { return slices.Contains(sigs, s) })
		if len(sigs) == 0 || len(left) == 0 {
			delete(g.wanted, c)
			continue
		}
		g.wanted[c] = left
		signal.Notify(c, left...)
	}
	g.all = g.all && len(sigs) > 0
	g.ignored = slices.DeleteFunc(g.ignored, func(s os.Signal) bool { return len(sigs) == 0 || slices.Contains(sigs, s) })
}

func (g *signals) ignore(sigs ...os.Signal) {
	g.reset(sigs...)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = g.all || len(sigs) == 0
	g.ignored = append(g.ignored, sigs...)
}

func (g *signals) isIgnored(sig os.Signal) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all || slices.Contains(g.ignored, sig)
}

func (g *signals) notifyContext(parent context.Context, sigs ...os.Signal) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	c := make(chan os.Signal, 1)
	g.notify(c, sigs...)
	stop := func() { cancel(); g.stop(c) }
	go func() {
		defer stop()
		select {
		case <-c:
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

// deliver gives a signal to the channels that ask for it, if there is room, and reports whether it is asked for or ignored.
func (g *signals) deliver(sig os.Signal) (taken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c, wanted := range g.wanted {
		if len(wanted) > 0 && !slices.Contains(wanted, sig) {
			continue
		}
		taken = true
		if slices.Contains(deadly, sig.(syscall.Signal)) { // others take their way
			select {
			case c <- sig:
			default:
			}
		}
	}
	return taken || g.all || slices.Contains(g.ignored, sig)
}
