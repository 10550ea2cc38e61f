package engine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"sync"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// newInterp links a built package: it gets an interpreter, and later ones take
// it, and every source package it brought in, as initialised. The globals of
// each are first moved to a package with a path of its own: ixgo names storage
// by path and name, and a variable that a later cell shadows must keep its own.
func (s *Session) newInterp(p *ssa.Package, path string) (i *ixgo.Interp, err error) {
	defer s.forgetRuntimeTypes()
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("linking: %v", e)
		}
	}()
	defer external(p)
	moveGlobals(p, path)
	libs := s.newLibraries(p)
	repair(append(libs, p), s.goroutines.guard) // all others are external
	if i, err = s.linkNarrowed(p); err != nil {
		return nil, err
	}
	repairCode(i)
	s.hot.Watch(i)
	s.stopper.add(i)
	finishReceivers()
	s.methods.share(i, path != linkPath)
	return i, s.initLibraries(i, p, libs)
}

func (s *Session) linkNarrowed(p *ssa.Package) (*ixgo.Interp, error) {
	shortenInit(p.Func("init"))
	defer s.narrow(p)()
	return ixgo.NewInterp(s.ctx, p)
}

// shortenInit leaves only the return of a cell's package initialiser, which is
// linked like other functions but never runs: its variables are set by the
// cell function, and the packages that it imports are initialised already.
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

// newLibraries are the source packages that a cell imported for the first time,
// directly or not.
func (s *Session) newLibraries(p *ssa.Package) (libs []*ssa.Package) {
	var visit func(*types.Package)
	visit = func(t *types.Package) {
		if s.imported[t] {
			return
		}
		s.imported[t] = true
		for _, dep := range t.Imports() {
			visit(dep)
		}
		if q := p.Prog.Package(t); q != nil && q.Func("init") != nil && q.Func("init").Blocks != nil {
			s.libraries++
			moveGlobals(q, fmt.Sprintf("lib%d", s.libraries))
			libs = append(libs, q)
		}
	}
	for _, t := range p.Pkg.Imports() {
		visit(t)
	}
	return libs
}

func (s *Session) initLibraries(i *ixgo.Interp, p *ssa.Package, libs []*ssa.Package) error {
	for _, q := range libs {
		name := "init·" + q.Pkg.Path()
		p.Members[name] = q.Func("init") // where RunFunc finds it
	}
	for _, q := range libs {
		s.keepLibrary(i, p, q)
	}
	s.compiling.Unlock() // an init may need a method linked
	defer s.compiling.Lock()
	for _, q := range libs {
		if _, err := i.RunFunc("init·" + q.Pkg.Path()); err != nil {
			return fmt.Errorf("initialising %s: %w", q.Pkg.Path(), err)
		}
	}
	return nil
}

// keepLibrary installs the variables of a source package for later cells. An
// empty stand-in keeps the path known to later interpreters.
func (s *Session) keepLibrary(i *ixgo.Interp, p, q *ssa.Package) {
	vars := map[string]reflect.Value{}
	path := ""
	members := p.Members
	for name, m := range q.Members {
		g, ok := m.(*ssa.Global)
		if !ok {
			continue
		}
		path = g.Pkg.Pkg.Path()
		p.Members = map[string]ssa.Member{name: g} // GetVarAddr only looks there
		if v, ok := i.GetVarAddr(name); ok {
			vars[name] = reflect.ValueOf(v)
		}
	}
	p.Members = members
	if path != "" {
		s.loader.install(path, vars)
	}
	external(q)
	f := &ast.File{Name: ident(q.Pkg.Name(), token.NoPos)}
	standIn := p.Prog.CreatePackage(types.NewPackage(q.Pkg.Path(), q.Pkg.Name()), []*ast.File{f}, newInfo(), false)
	standIn.Build()
}

// FindMethod implements ixgo.FindMethod for the session's types: when compiled
// code first calls a method of an interpreted type, that type's methods are
// linked into an interpreter of their own.
func (s *Session) FindMethod(mtyp reflect.Type, fn *types.Func) func([]reflect.Value) []reflect.Value {
	var once sync.Once
	var impl func([]reflect.Value) []reflect.Value
	return func(args []reflect.Value) []reflect.Value {
		once.Do(func() { impl = s.linkMethods(fn.Signature().Recv().Type()).FindMethod(mtyp, fn) })
		return current(s).guarded(mtyp, func() []reflect.Value { return impl(args) })
	}
}

// linkPath is that of interpreters that only link methods.
const linkPath = "link"

func (s *Session) linkMethods(recv types.Type) *ixgo.Interp {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	if p, ok := recv.(*types.Pointer); ok {
		recv = p.Elem()
	}
	if v := s.linked.At(recv); v != nil {
		return v.(*ixgo.Interp)
	}
	alias := types.NewTypeName(token.NoPos, types.NewPackage("link", "link"), "T", nil)
	types.NewAlias(alias, recv)
	i := s.linkSnippet("func m() any { return (*T)(nil) }", alias)
	s.linked.Set(recv, i)
	return i
}

// linkSnippet links a few lines that refer to an existing object. It panics on
// failure, which is then reported as the panic of whatever called the method.
func (s *Session) linkSnippet(src string, o types.Object) *ixgo.Interp {
	f, err := parser.ParseFile(s.ctx.FileSet, "link", "package main\n"+src, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	pkg := types.NewPackage("main", "main")
	pkg.Scope().Insert(o)
	c := s.check(pkg, f)
	if len(c.errs) > 0 {
		panic(c.errs[0])
	}
	p, err := s.build(c)
	if err != nil {
		panic(err)
	}
	i, err := s.newInterp(p, linkPath)
	if err != nil {
		panic(err)
	}
	return i
}

// funcValue is a function of an earlier cell as a value.
func (s *Session) funcValue(fn *types.Func) any {
	v, err := s.linkSnippet("func m() any { return "+fn.Name()+" }", fn).RunFunc("m")
	if err != nil {
		panic(err)
	}
	return v
}
