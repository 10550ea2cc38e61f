package interp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// RunProgram runs a Go program, a file or the directory of a main package, in
// the interpreter as `go run` would: with this process's streams and working
// directory, and args as os.Args[1:]. It returns the exit code, 2 after a panic
// or when the program does not compile, having written why to stderr. The
// program cannot be interrupted other than by its signals.
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
	var panicked ixgo.PanicError
	var fatal ixgo.FatalError
	switch {
	case errors.As(err, &panicked):
		fmt.Fprintf(stderr, "panic: %v\n\n%s", panicked, panicked.Stack())
	case errors.As(err, &fatal):
		fmt.Fprintf(stderr, "panic: %v\n\n%s", fatal, fatal.Stack())
	default:
		fmt.Fprintln(stderr, err)
	}
	return 2
}

type runnable struct {
	ctx    *ixgo.Context
	interp *ixgo.Interp

	canDeadlock bool
}

//lint:ignore ST1005 these are the words in which Go's own runtime ends a program
var errDeadlock = errors.New("fatal error: all goroutines are asleep - deadlock!")

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
	if p.canDeadlock {
		go func() {
			awaitDeadlock()
			close(deadlocked)
		}()
	}
	select {
	case e := <-ended:
		return e.code, e.err
	case <-deadlocked:
		return 2, errDeadlock
	}
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
	p.ctx = ixgo.NewContext(ixgo.ExperimentalSupportGC) // runtime.GC then sees what is dead in interpreted frames
	in := New(p.ctx, Options{})
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
