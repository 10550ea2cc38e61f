// Package interp is ixgo, an interpreter of Go, with its errors corrected. It runs whole programs (RunProgram), and
// programs that grow by one package after the other (Program). It knows nothing of cells, nor of where output goes.
//
// The name of a file says on which level of a program it works; each says why, and shows the Go that needs it:
//
//	ast_*      syntax trees and source text, before types are checked
//	ssa_*      go/ssa's program; its instructions are corrected in ssarepair, before they are linked
//	code_*     the closures that ixgo makes of them, which run; below are hot, which compiles loops, ixcode, which reaches them, and
//	           links, what packages take by linkname
//	reflect_*  the types and methods that compiled code sees
//
// Package levels says how to leave a level out and how to look at the SSA.
package interp

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/goplus/ixgo"
	_ "github.com/goplus/ixgo/pkg" // the standard library
	_ "github.com/goplus/reflectx/icall/icall10240"
	_ "github.com/goplus/reflectx/icall/icall20480"
	"github.com/msflow-go/msflow/kernel/interp/hot"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"github.com/msflow-go/msflow/kernel/interp/links"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
)

// Interp makes corrected interpreters.
type Interp struct {
	ctx     *ixgo.Context
	options Options
	hot     hot.Watcher
	base    int // where the program counters of the next interpreter begin
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
	// Panicked, if it is not nil, is told of panics that end goroutines which interpreted code started.
	Panicked func(fault any)
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
	for name, f := range links.Functions {
		ctx.RegisterExternal(name, f)
	}
	if !levels.LeftOut("code_goexit") {
		ctx.RegisterExternal("runtime.Goexit", callGoexit)
	}
	in := &Interp{ctx: ctx, options: o}
	in.hot = hot.Watcher{Lock: new(sync.Mutex), Ask: func() {}, Deep: func() {}, Hot: HotAfter, Failed: HotFailed}
	if o.Stop != nil {
		in.hot.Lock, in.hot.Ask = &o.Stop.mu, o.Stop.ask
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
	if i, err = ixgo.NewInterp(in.ctx, main); err != nil {
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

// number gives an interpreter's functions program counters that no other has.
func (in *Interp) number(i *ixgo.Interp) {
	end := in.base
	for f := range ixcode.Functions(i) {
		f.Base += in.base
		end = max(end, f.Base+len(f.Code)+2)
	}
	in.base = end
}
