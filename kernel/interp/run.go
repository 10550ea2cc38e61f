package interp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/liveness"
	"golang.org/x/tools/go/ssa"
)

// RunProgram runs a Go program, a file or the directory of a main package, in the interpreter as `go run` would: with this
// process's streams and working directory, and args as os.Args[1:]. It returns the exit code, 2 after a panic or when the
// program does not compile, having written why to stderr. The program cannot be interrupted other than by its signals.
func RunProgram(path string, args []string, stderr io.Writer) (exitCode int) {
	i, err := loadProgram(path)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	code, err := i.run(path, args)
	if err == nil {
		return code
	}
	reportEnd(stderr, err)
	return 2
}

// reportEnd writes why a program ended.
func reportEnd(stderr io.Writer, why error) {
	var panicked ixgo.PanicError
	var fatal ixgo.FatalError
	var lost Fault
	switch {
	case errors.As(why, &panicked):
		fmt.Fprintf(stderr, "panic: %v\n\n%s", panicked, panicked.Stack())
	case errors.As(why, &fatal):
		fmt.Fprintf(stderr, "panic: %v\n\n%s", fatal, fatal.Stack())
	case errors.As(why, &lost):
		fmt.Fprintf(stderr, "panic: %v\n\n%s", lost.Value, lost.Stack)
	default:
		fmt.Fprintln(stderr, why)
	}
}

type runnable struct {
	ctx    *ixgo.Context
	interp *ixgo.Interp

	canDeadlock bool
	lost        chan any // the panics of goroutines
}

// The words in which Go's own runtime ends a program.
var (
	//lint:ignore ST1005 they are Go's
	errDeadlock = errors.New("fatal error: all goroutines are asleep - deadlock!")
	//lint:ignore ST1005 they are Go's
	errNoGoroutines = errors.New("fatal error: no goroutines (main called runtime.Goexit) - deadlock!")
)

// run executes the program until it ends, or until all its goroutines wait for one another.
func (p runnable) run(path string, args []string) (code int, err error) {
	type end struct {
		code int
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		code, err := p.ctx.RunInterp(p.interp, path, args)
		ended <- end{code, err}
	}()
	deadlocked := make(chan struct{})
	var exited atomic.Bool
	if p.canDeadlock {
		go func() {
			awaitDeadlock(&exited)
			close(deadlocked)
		}()
	}
	for {
		select {
		case e := <-ended:
			if !Goexited(e.err) {
				return e.code, e.err
			}
			exited.Store(true) // which the other goroutines survive
		case fault := <-p.lost:
			if err, ok := fault.(error); ok {
				return 2, err
			}
			return 2, Fault{Value: fault}
		case <-deadlocked:
			if exited.Load() {
				return 2, errNoGoroutines
			}
			return 2, errDeadlock
		}
	}
}

// report executes a goroutine of the program, whose panic ends it.
func (p runnable) report(g *Goroutine) {
	defer func() {
		if e := recover(); e != nil {
			p.lost <- g.Fault(e)
		}
	}()
	g.Do()
}

func loadProgram(path string) (p runnable, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%s: compiling: %v", path, e)
		}
	}()
	path, err = filepath.Abs(path)
	if err != nil {
		return p, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return p, err
	}
	p.ctx = ixgo.NewContext(0)
	p.ctx.RegisterExternal("runtime.GC", withFrame(func(fr *ixcode.Frame) { liveness.Drop(fr); runtime.GC() }))
	p.lost = make(chan any)
	in := New(p.ctx, Options{Around: (*Call).Do, Owner: func() any { return nil }, Go: func() func(*Goroutine) { return p.report }})
	p.ctx.RegisterExternal("os.Exit", os.Exit) // which nothing recovers
	p.ctx.BuildContext.OpenFile = openSource
	load := func() (*ssa.Package, error) { return loadFile(p.ctx, path) }
	if info.IsDir() {
		load = func() (*ssa.Package, error) { return p.ctx.LoadDir(path, false) }
	}
	pkg, err := load()
	if err != nil {
		return p, err
	}
	if err := endlessIn(p.ctx, linkable(pkg.Prog)); err != nil {
		return p, err
	}
	p.canDeadlock = canDeadlock(linkable(pkg.Prog))
	if p.interp, err = in.Link(pkg, linkable(pkg.Prog), false); err != nil {
		return p, err
	}
	if p.interp.MainPkg().Func("main") == nil {
		return p, fmt.Errorf("%s: package %s has no function main", path, p.interp.MainPkg().Pkg.Name())
	}
	return p, nil
}

// endlessIn is the first error of endlessInterfaces in source packages.
func endlessIn(ctx *ixgo.Context, pkgs []*ssa.Package) error {
	for _, p := range pkgs {
		sp := ctx.SourcePackage(p.Pkg.Path())
		if sp == nil {
			continue
		}
		for _, f := range sp.Files {
			if errs := endlessInterfaces(f, sp.Info, ctx.FileSet); len(errs) > 0 {
				return errs[0]
			}
		}
	}
	return nil
}

func loadFile(ctx *ixgo.Context, path string) (*ssa.Package, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ctx.LoadFile(path, keepDefers(promoteInFile(src, ctx.Importer)))
}

// openSource reads a source file as ixgo must see it.
func openSource(path string) (io.ReadCloser, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".go") {
		src = keepDefers(src)
	}
	return io.NopCloser(bytes.NewReader(src)), nil
}

// linkable are the packages that the next interpreter compiles.
func linkable(prog *ssa.Program) (pkgs []*ssa.Package) {
	for _, p := range prog.AllPackages() {
		if p.Func("init").Blocks != nil {
			pkgs = append(pkgs, p)
		}
	}
	return pkgs
}
