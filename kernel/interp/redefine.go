package interp

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"sync/atomic"
	"weak"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
)

// A function that a later package declares again with the same type reaches the callers that are linked already:
//
//	func rate() float64 { return 0.5 }
//	func price(x float64) float64 { return x * rate() }
//
//	func rate() float64 { return 0.1 } // in a later package: price(100) is now 10
//
// Its ssa.Function stays and gets the new body, so that all SSA code that calls it, and what is linked from now on, means
// the new one. Linked code stays too, save for the first instruction of the functions that call it, directly or not: they
// jump to themselves, linked anew when they are first called, and the calls themselves, for what is running. So a loop pays
// nothing, before and afterwards, and one that package hot has compiled goes on as it is. A function value made of the function itself keeps the body that it had, unless its own
// code is to jump too.

// A Redefinition is a function of a package to be built that takes the place of an earlier one of the same type.
type Redefinition struct {
	Former, Now *types.Func
	Method      bool // Former is a method, and Now has its receiver as the first parameter
	Values      bool // function values made of Former, and whoever finds a method by a value, get the new body too
}

// redefined is a function that has got another body.
type redefined struct {
	fn     *ssa.Function
	former *ssa.Function // with the body that it had
	Redefinition
}

// fresh is a function that is linked anew when it is called.
type fresh struct {
	p    *Program
	fn   *ssa.Function
	from weak.Pointer[ixgo.Interp] // whose code calls it
	code atomic.Pointer[ixcode.Function]
}

// calling is code that calls a function.
type calling struct {
	from weak.Pointer[ixcode.Function]
	to   *ssa.Function
}

// Redefinable reports whether the program still has a function or method that no instance of a generic one is.
func (p *Program) Redefinable(f *types.Func) bool { return p.ssaProgram().FuncValue(f) != nil }

// announce makes a new package's functions mean the earlier ones whose place theirs take, before they are built.
func (p *Program) announce(pkg *ssa.Package, rs []Redefinition) (bodies []*ssa.Function) {
	objects := packageObjects(pkg)
	for _, r := range rs {
		bodies = append(bodies, objects[r.Now].(*ssa.Function))
		objects[r.Now] = p.ssaProgram().FuncValue(r.Former)
	}
	return bodies
}

// redefine gives earlier functions the bodies that have been built.
func (p *Program) redefine(pkg *ssa.Package, rs []Redefinition, bodies []*ssa.Function) {
	p.hot.Hold(func() {
		for k, r := range rs {
			p.redefineOne(pkg, r, bodies[k])
		}
	})
}

func (p *Program) redefineOne(pkg *ssa.Package, r Redefinition, body *ssa.Function) {
	fn, former := p.ssaProgram().FuncValue(r.Former), new(ssa.Function)
	*former = *fn
	p.rename(fn, former)
	p.redefined = append(p.redefined, redefined{fn, former, r})
	pkg.Members[body.Name()] = fn
	*fn = *body
	if r.Method {
		fn.Signature = former.Signature
		*(*string)(fieldOf(fn, "name")) = former.Name()
		*(**types.Func)(fieldOf(fn, "object")) = r.Former
	}
	for _, closure := range fn.AnonFuncs {
		*(**ssa.Function)(fieldOf(closure, "parent")) = fn // which gives it its name
	}
}

// undoRedefinitions gives functions back the bodies that they had.
func (p *Program) undoRedefinitions() {
	p.hot.Hold(func() {
		for _, r := range p.redefined {
			*r.fn = *r.former
			p.rename(r.former, r.fn)
		}
	})
	p.redefined = nil
}

// rename makes linked code that is of one function that of another, which has the same body.
func (p *Program) rename(from, to *ssa.Function) {
	p.options.Stop.Each(func(i *ixgo.Interp) {
		for f := range ixcode.Functions(i) {
			if f.SSA == from {
				f.Is(to)
			}
		}
	})
}

// Redefined makes earlier code call what the newest package, which i holds, has redefined.
func (p *Program) Redefined(newest *ixgo.Interp) {
	if len(p.redefined) == 0 {
		return
	}
	p.redirect()
	p.options.Stop.Change(func(i *ixgo.Interp) {
		if i != newest {
			for f, fn := range p.callers(i) {
				p.callAnew(f)
				p.jump(f, fn)
			}
		}
	})
	p.redefined = nil
}

// redirect makes what jumps to a redefined function jump to the body that it is to have.
func (p *Program) redirect() {
	for c, to := range p.calls {
		switch {
		case c.from.Value() == nil:
			delete(p.calls, c)
		case slices.ContainsFunc(p.redefined, func(r redefined) bool { return r.fn == c.to }):
			to.code.Store(nil)
		}
	}
	for f, to := range p.jumps {
		if f.Value() == nil {
			delete(p.jumps, f)
			continue
		}
		for _, r := range p.redefined {
			switch {
			case to.fn != r.fn:
			case r.Values:
				to.code.Store(nil)
			default:
				to.fn = r.former
			}
		}
	}
}

// callers is the code of an interpreter that is to jump, since it calls redefined functions, directly or not, or is that of
// one whose values get the new body; and the functions that it is to jump to.
func (p *Program) callers(i *ixgo.Interp) map[*ixcode.Function]*ssa.Function {
	callers := map[*ssa.Function][]*ssa.Function{}
	for fn, f := range ixcode.Keyed(i) {
		for callee := range mentioned(f.Source) {
			callers[callee] = append(callers[callee], fn)
		}
	}
	found := map[*ixcode.Function]*ssa.Function{}
	var visit func(*ssa.Function)
	visit = func(callee *ssa.Function) {
		for _, fn := range callers[callee] {
			if f := ixcode.FunctionOf(i, fn); found[f] == nil {
				found[f] = f.SSA
				visit(fn)
			}
		}
	}
	for _, r := range p.redefined {
		if f := ixcode.FunctionOf(i, r.fn); f != nil && r.Values && (r.Method || f.SSA == r.former) {
			found[f] = r.fn
		}
		visit(r.fn)
	}
	return found
}

// mentioned are the functions that instructions mention.
func mentioned(code []ssa.Instruction) map[*ssa.Function]bool {
	found := map[*ssa.Function]bool{}
	var buf [32]*ssa.Value
	for _, in := range code {
		for _, v := range in.Operands(buf[:0]) {
			if fn, ok := (*v).(*ssa.Function); ok {
				found[fn] = true
			}
		}
	}
	return found
}

// jump makes code jump to fn, linked anew, or to what it jumps to already.
func (p *Program) jump(f *ixcode.Function, fn *ssa.Function) {
	if to := p.jumps[weak.Make(f)]; to != nil {
		to.code.Store(nil)
		return
	}
	to := &fresh{p: p, fn: fn, from: weak.Make(f.Interp)}
	p.jumps[weak.Make(f)] = to
	f.Jump(to.linked)
}

// callAnew makes the calls of redefined functions in code that may be running call the new ones.
func (p *Program) callAnew(f *ixcode.Function) {
	for _, r := range p.redefined {
		for k, in := range f.Source {
			if c, ok := in.(*ssa.Call); !ok || c.Call.StaticCallee() != r.fn || c.Call.Value != r.fn {
				continue
			}
			key := calling{weak.Make(f), r.fn}
			if p.calls[key] == nil {
				p.calls[key] = &fresh{p: p, fn: r.fn, from: weak.Make(f.Interp)}
			}
			f.Call(k, p.calls[key].linked)
		}
	}
}

// linked is the new code.
func (t *fresh) linked() *ixcode.Function {
	if f := t.code.Load(); f != nil {
		return f
	}
	t.p.host.Lock.Lock()
	defer t.p.host.Lock.Unlock()
	f := t.code.Load()
	if f == nil {
		i := t.p.linkFunction(t.fn)
		f = ixcode.FunctionOf(i, t.fn)
		if from := t.from.Value(); from != nil {
			ixcode.Share(from, i)
		}
		t.code.Store(f)
	}
	return f
}

// linkFunction links a function in an interpreter of its own. Like linkSnippet it panics on failure.
func (p *Program) linkFunction(fn *ssa.Function) *ixgo.Interp {
	pkg := types.NewPackage("main", "main")
	built, err := p.Build(&Checked{Package: pkg, File: &ast.File{Name: ast.NewIdent("main")}, Info: ssarepair.NewInfo()})
	if err != nil {
		panic(err)
	}
	built.Members[fn.Name()] = fn
	i, err := p.Link(built, linkPath)
	if err != nil {
		panic(fmt.Errorf("linking %s again: %w", fn.Name(), err))
	}
	return i
}
