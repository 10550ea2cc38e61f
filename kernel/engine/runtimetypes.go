package engine

import (
	"fmt"
	"go/parser"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"
)

// ixgo compiles the methods of every type in Program.RuntimeTypes, the types
// that are converted to interfaces somewhere, into every new interpreter. One
// program for the whole session would make that list, and with it each cell,
// grow for ever. The list cannot be emptied by itself; but a copy of the Program
// taken when its other maps existed and the list was still empty can be put back
// after each cell: it shares those maps and has an empty list.

// warmSource makes ssa.Program create its maps without putting a type on the
// list, by using methods, promoted ones and generic functions.
const warmSource = `package main
type t struct{}
func (t) M() {}
type u struct{ t }
func g[T any](x T) T { return x }
func h() int { f := u.M; f(u{}); return g(1) }`

func (s *Session) warm() error {
	f, err := parser.ParseFile(s.ctx.FileSet, "warm", warmSource, 0)
	if err != nil {
		return err
	}
	pkg := types.NewPackage("main", "main")
	c := s.check(pkg, f)
	if len(c.errs) > 0 {
		return c.errs[0]
	}
	p, err := s.build(c)
	if err != nil {
		return err
	}
	u := pkg.Scope().Lookup("u").Type()
	p.Prog.LookupMethod(u, pkg, "M")
	p.Prog.LookupMethod(types.NewPointer(u), pkg, "M")
	if n := len(p.Prog.RuntimeTypes()); n != 0 {
		return fmt.Errorf("the warm-up put %d types on the list of runtime types", n)
	}
	external(p)
	v := reflect.ValueOf(p.Prog).Elem()
	s.emptyProgram = reflect.New(v.Type()).Elem()
	s.emptyProgram.Set(v)
	return nil
}

func (s *Session) forgetRuntimeTypes() {
	if s.emptyProgram.IsValid() {
		reflect.ValueOf(s.program()).Elem().Set(s.emptyProgram)
	}
}

func (s *Session) program() *ssa.Program { return s.ctx.Builder.Program() }

// external makes later interpreters take a package as already initialised.
func external(p *ssa.Package) { p.Func("init").Blocks = nil }
