package interp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"sync"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
)

// Link links a built package: it gets an interpreter, and later ones take it, and every source package it brought in, as
// initialised. The globals of each are first moved to a package with a path of its own: ixgo names storage by path and
// name, and a variable that a later package shadows must keep its own.
func (p *Program) Link(pkg *ssa.Package, path string) (*ixgo.Interp, error) {
	defer p.forgetRuntimeTypes()
	defer external(pkg)
	moveGlobals(pkg, path)
	shortenInit(pkg.Func("init"))
	libs := p.newLibraries(pkg)
	undo := p.narrow(pkg)
	i, err := p.Interp.Link(pkg, libs, p.GuardMaps)
	undo()
	if err != nil {
		return nil, err
	}
	p.methods.share(i, path != linkPath)
	return i, p.initLibraries(i, pkg, libs)
}

// shortenInit leaves only the return of a package's initialiser, which is linked like other functions but never runs: its
// variables are set by the package's functions, and the packages that it imports are initialised already.
func shortenInit(init *ssa.Function) {
	for _, b := range init.Blocks {
		if _, returns := b.Instrs[0].(*ssa.Return); returns {
			b.Index, b.Preds = 0, nil
			init.Blocks = []*ssa.BasicBlock{b}
			return
		}
	}
}

func moveGlobals(p *ssa.Package, path string) {
	home := &ssa.Package{Prog: p.Prog, Pkg: types.NewPackage(path, p.Pkg.Name())}
	for _, m := range p.Members {
		if g, ok := m.(*ssa.Global); ok {
			g.Pkg = home
		}
	}
}

// newLibraries are the source packages that a package imports for the first time, directly or not.
func (p *Program) newLibraries(main *ssa.Package) (libs []*ssa.Package) {
	var visit func(*types.Package)
	visit = func(t *types.Package) {
		if p.imported[t] {
			return
		}
		p.imported[t] = true
		for _, dep := range t.Imports() {
			visit(dep)
		}
		if q := main.Prog.Package(t); q != nil && q.Func("init") != nil && q.Func("init").Blocks != nil {
			p.libraries++
			moveGlobals(q, fmt.Sprintf("lib%d", p.libraries))
			libs = append(libs, q)
			if sp := p.ctx.SourcePackage(t.Path()); sp != nil && sp.Info != nil {
				p.loader.noteAnonymous(sp.Info)
			}
		}
	}
	for _, t := range main.Pkg.Imports() {
		visit(t)
	}
	return libs
}

func (p *Program) initLibraries(i *ixgo.Interp, main *ssa.Package, libs []*ssa.Package) error {
	for _, q := range libs {
		name := "init·" + q.Pkg.Path()
		main.Members[name] = q.Func("init") // where RunFunc finds it
	}
	for _, q := range libs {
		p.keepLibrary(i, main, q)
	}
	p.host.Lock.Unlock() // an init may need a method linked
	defer p.host.Lock.Lock()
	for _, q := range libs {
		run := func() error {
			_, err := i.RunFunc("init·" + q.Pkg.Path())
			return err
		}
		if p.host.Init != nil {
			own := run
			run = func() error { return p.host.Init(own) }
		}
		if err := run(); err != nil {
			return fmt.Errorf("initialising %s: %w", q.Pkg.Path(), err)
		}
	}
	return nil
}

// keepLibrary installs the variables of a source package for later packages. An empty stand-in keeps the path known to
// later interpreters.
func (p *Program) keepLibrary(i *ixgo.Interp, main, q *ssa.Package) {
	vars := map[string]reflect.Value{}
	path := ""
	members := main.Members
	for name, m := range q.Members {
		g, ok := m.(*ssa.Global)
		if !ok {
			continue
		}
		path = g.Pkg.Pkg.Path()
		main.Members = map[string]ssa.Member{name: g} // GetVarAddr only looks there
		if v, ok := i.GetVarAddr(name); ok {
			vars[name] = reflect.ValueOf(v)
		}
	}
	main.Members = members
	if path != "" {
		p.loader.install(path, vars)
	}
	external(q)
	f := &ast.File{Name: ast.NewIdent(q.Pkg.Name())}
	standIn := main.Prog.CreatePackage(types.NewPackage(q.Pkg.Path(), q.Pkg.Name()), []*ast.File{f}, ssarepair.NewInfo(), false)
	standIn.Build()
}

// FindMethod implements ixgo.FindMethod for the program's types: when compiled code first calls a method of an interpreted
// type, that type's methods are linked into an interpreter of their own.
func (p *Program) FindMethod(mtyp reflect.Type, fn *types.Func) func([]reflect.Value) []reflect.Value {
	var once sync.Once
	var in *ixgo.Interp
	var code *ixcode.Function
	return func(args []reflect.Value) []reflect.Value {
		once.Do(func() {
			in = p.linkMethods(fn.Signature().Recv().Type())
			code = methodCode(in, fn)
		})
		if code == nil || p.host.Around == nil {
			return in.FindMethod(mtyp, fn)(args)
		}
		return p.host.Around(&Call{Type: mtyp, interp: in, code: code, args: args})
	}
}

// linkPath is that of interpreters that only link methods.
const linkPath = "link"

func (p *Program) linkMethods(recv types.Type) *ixgo.Interp {
	p.host.Lock.Lock()
	defer p.host.Lock.Unlock()
	if ptr, ok := recv.(*types.Pointer); ok {
		recv = ptr.Elem()
	}
	if v := p.linked.At(recv); v != nil {
		return v.(*ixgo.Interp)
	}
	alias := types.NewTypeName(token.NoPos, types.NewPackage("link", "link"), "T", nil)
	types.NewAlias(alias, recv)
	i := p.linkSnippet("func m() any { return (*T)(nil) }", alias)
	p.linked.Set(recv, i)
	return i
}

// linkSnippet links a few lines that refer to an existing object. It panics on failure, which is then reported as the
// panic of whatever called the method.
func (p *Program) linkSnippet(src string, o types.Object) *ixgo.Interp {
	f, err := parser.ParseFile(p.ctx.FileSet, "link", "package main\n"+src, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	pkg := types.NewPackage("main", "main")
	pkg.Scope().Insert(o)
	c := p.Check(p.ctx.FileSet, pkg, f)
	if len(c.Errors) > 0 {
		panic(c.Errors[0])
	}
	built, err := p.Build(c)
	if err != nil {
		panic(err)
	}
	i, err := p.Link(built, linkPath)
	if err != nil {
		panic(err)
	}
	return i
}

// FuncValue is a function of an earlier package as a value.
func (p *Program) FuncValue(fn *types.Func) any {
	v, err := p.linkSnippet("func m() any { return "+fn.Name()+" }", fn).RunFunc("m")
	if err != nil {
		panic(err)
	}
	return v
}
