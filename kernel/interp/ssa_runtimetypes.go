package interp

import (
	"fmt"
	"go/parser"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"
)

// ixgo compiles the methods of every type in Program.RuntimeTypes, the types that are converted to interfaces somewhere,
// into every new interpreter. A program that grows would make that list, and with it each package, grow for ever. The list
// cannot be emptied by itself; but a copy of the Program taken when its other maps existed and the list was still empty
// can be put back after each package: it shares those maps and has an empty list.

// warmSource makes ssa.Program create its maps without putting a type on the list, by using methods, promoted ones and
// generic functions.
const warmSource = `package main
type t struct{}
func (t) M() {}
type u struct{ t }
func g[T any](x T) T { return x }
func h() int { f := u.M; f(u{}); return g(1) }`

func (p *Program) warm() error {
	f, err := parser.ParseFile(p.ctx.FileSet, "warm", warmSource, 0)
	if err != nil {
		return err
	}
	pkg := types.NewPackage("main", "main")
	c := p.Check(p.ctx.FileSet, pkg, f)
	if len(c.Errors) > 0 {
		return c.Errors[0]
	}
	built, err := p.Build(c)
	if err != nil {
		return err
	}
	u := pkg.Scope().Lookup("u").Type()
	built.Prog.LookupMethod(u, pkg, "M")
	built.Prog.LookupMethod(types.NewPointer(u), pkg, "M")
	if n := len(built.Prog.RuntimeTypes()); n != 0 {
		return fmt.Errorf("the warm-up put %d types on the list of runtime types", n)
	}
	external(built)
	v := reflect.ValueOf(built.Prog).Elem()
	p.emptyProgram = reflect.New(v.Type()).Elem()
	p.emptyProgram.Set(v)
	return nil
}

func (p *Program) forgetRuntimeTypes() {
	if p.emptyProgram.IsValid() {
		reflect.ValueOf(p.ssaProgram()).Elem().Set(p.emptyProgram)
	}
}

// external makes later interpreters take a package as already initialised.
func external(p *ssa.Package) { p.Func("init").Blocks = nil }
