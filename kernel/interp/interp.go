// Package interp is ixgo, an interpreter of Go, with its errors corrected. It runs whole programs (RunProgram), and
// programs that grow by one package after the other (Program). It knows nothing of cells, nor of where output goes.
//
// Corrections stand on the level of a program at which they work. Each says why, and shows the Go that needs it; package
// levels says how to leave a level out and how to look at the SSA, which tells where a wrong result comes from.
//
// Syntax trees and source text, before types are checked:
//
//	ast_deferrange      a defer in the body of a range over a function
//	ast_endless         interfaces that mention themselves without an end
//	ast_generics        generic functions of the standard library
//	ast_promote         methods that are promoted through an embedded pointer
//
// go/ssa's instructions and program, before they are linked:
//
//	ssarepair/          instructions: φ-nodes, maps, assertions, panics, sizes, conversions of zero values
//	ssa_narrow          which packages linking looks into
//	ssa_runtimetypes    which types' methods are compiled again
//	large               variables for which there is no room
//
// The closures that ixgo makes of them, which run:
//
//	code_repair         where those of the next four are put in; overridden methods through interfaces
//	code_minmax         min and max of NaN and -0
//	code_memory         a make that takes more memory than there is
//	code_nilstore       a store through a nil pointer
//	code_goexit, code_goroutine   how goroutines end: runtime.Goexit, panics
//	code_panictext      the text of failed assertions, and where print writes to
//	code_boundary       calls of interpreted functions by compiled code
//	code_callers        where the stacks that code sees end
//	code_stop           stopping what runs
//	hot/                loops and functions of numbers, compiled
//	liveness/           what runtime.GC may free
//	ixcode/, links/     the closures made accessible; what packages take by linkname
//
// The types and methods that compiled code sees:
//
//	reflect_loader      one reflect type for each named type
//	reflect_anonymous, reflect_embedders, reflect_instances   types without names, types that embed others, instances of generic types
//	reflect_convert, reflect_interfaces, reflect_methodsets, reflect_receivers   conversions, interfaces, methods of made types
//	reflect_slots, reflect_unexported   the functions through which compiled code calls methods; unexported methods
//
// Around them: program, check, link and redefine (a program that grows), run and deadlock (a whole program), support and
// typewalk.
package interp

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/goplus/ixgo"
	_ "github.com/goplus/ixgo/pkg" // the standard library
	"github.com/msflow-go/msflow/kernel/interp/hot"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"github.com/msflow-go/msflow/kernel/interp/links"
	_ "github.com/msflow-go/msflow/kernel/interp/slots" // more of reflectx's slots
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// Interp makes corrected interpreters.
type Interp struct {
	ctx     *ixgo.Context
	options Options
	hot     hot.Watcher
	base    int           // where the program counters of the next interpreter begin
	known   *typeutil.Map // reflect types that the next interpreter of a Program begins with; see reflect_anonymous.go

	overridden map[string]map[reflect.Type]reflect.Value // methods in another form, by name and receiver; see Program.Override
}

// Options are what the program around an interpreter has a say in. The zero value is for programs that nothing stops.
type Options struct {
	// Stop, if it is not nil, can stop the goroutines that run interpreted code.
	Stop *Stopper
	// Deep, if it is not nil, is called as a recursion gets deeper by 10,000 calls or so, since it uses Go's stack.
	Deep func()
	// Around, if it is not nil, is called where compiled code calls an interpreted function or method, which it calls.
	Around func(*Call) []reflect.Value
	// Owner is asked for a Call's while a function value is made. It is needed with Around.
	Owner func() any
	// Go, if it is not nil, is called where a go statement is executed, and gives what is to call Do on the new goroutine.
	Go func() func(*Goroutine)
}

// HotAfter is how often a loop turns, or a function is called, before it is compiled: that takes as long as some hundred
// turns. A very high number turns package hot off.
var HotAfter int32 = 50

// HotFailed, if it is not nil, is told of faults in compiling loops and functions, which then stay interpreted. Tests set
// it.
var HotFailed func(fault any)

// Links reports whether interpreted code can take a function by the linkname directive.
func Links(name string) bool { return links.Functions[name] != nil }

// New corrects a context, whose packages can then be linked.
func New(ctx *ixgo.Context, o Options) *Interp {
	ctx.RunContext = context.Background() // so that ixgo recovers in goroutines
	ctx.SetPanic(goErrorText)
	hookMethods(ctx)
	completeStacks(ctx)
	for name, f := range links.Functions {
		ctx.RegisterExternal(name, f)
	}
	if !levels.LeftOut("code_goexit") {
		ctx.RegisterExternal("runtime.Goexit", callGoexit)
	}
	in := &Interp{ctx: ctx, options: o, overridden: map[string]map[reflect.Type]reflect.Value{}}
	in.hot = hot.Watcher{Lock: new(sync.Mutex), Ask: func() {}, Deep: func() {}, Hot: HotAfter, Failed: HotFailed}
	if o.Stop != nil {
		in.hot.Lock, in.hot.Ask = &o.Stop.mu, o.Stop.mayGoOn
	}
	if o.Deep != nil {
		in.hot.Deep = o.Deep
	}
	return in
}

// SetHot is HotAfter for what is linked from now on.
func (in *Interp) SetHot(after int32) { in.hot.Hot = after }

// Link makes an interpreter of the package main and corrects its code. The others are those that have not been linked
// before.
func (in *Interp) Link(main *ssa.Package, others []*ssa.Package, guardMaps bool) (i *ixgo.Interp, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("linking: %v", e)
		}
	}()
	all := append(others[:len(others):len(others)], main)
	if err := tooLarge(all); err != nil {
		return nil, err
	}
	ssarepair.Packages(all, guardMaps)
	if i, err = in.make(main); err != nil {
		return nil, err
	}
	finishReceivers()
	in.number(i)
	in.repairCode(i)
	in.bindFunctions(i)
	if !levels.LeftOut("hot") {
		in.hot.Watch(i)
	}
	if in.options.Stop != nil {
		in.options.Stop.add(i)
	}
	return i, nil
}

// make makes an interpreter, whose code is ixgo's own.
func (in *Interp) make(main *ssa.Package) (*ixgo.Interp, error) {
	if in.known != nil {
		if in.known.Len() == 0 {
			return ixgo.NewInterp(in.ctx, main)
		}
		return ixcode.New(in.ctx, main, in.ctx.Loader, func(r *ixgo.TypesRecord) { ixcode.Know(r, in.known) })
	}
	l := newInstances(in.ctx.Loader)
	return ixcode.New(in.ctx, main, l, func(r *ixgo.TypesRecord) { l.record = r })
}

// number gives an interpreter's functions program counters that no other has.
func (in *Interp) number(i *ixgo.Interp) {
	end := in.base
	for f := range ixcode.Functions(i) {
		f.Base += in.base
		end = max(end, f.Base+len(f.Code)+2)
	}
	in.base = end
}
