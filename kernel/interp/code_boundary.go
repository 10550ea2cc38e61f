package interp

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"unsafe" // also for go:linkname

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"github.com/visualfc/funcval"
	"golang.org/x/tools/go/ssa"
)

// Compiled code calls interpreted functions through values that ixgo makes with reflect.MakeFunc, whatever way they came
// there: as an argument, a field of a struct, by reflection. Nobody hears of such a call, which may be on a goroutine that
// compiled code started, where a panic ends the process:
//
//	s := http.Server{ConnState: func(net.Conn, http.ConnState) { panic("lost") }}
//
// So the closure below reflect's function is exchanged for one that asks Options.Around. ixgo knows its own closure by its
// layout, to call interpreted functions by interpreted code without reflection; the new one begins with the same words.

// Call is a call of an interpreted function or method by compiled code.
type Call struct {
	Type  reflect.Type // of the function
	Owner any          // what Options.Owner gave when the function value was made, or the code that mentions the function linked; nil for methods

	interp *ixgo.Interp
	code   *ixcode.Function
	args   []reflect.Value
	env    []any
	root   *ixcode.Frame
}

// Do executes it.
func (c *Call) Do() (out []reflect.Value) {
	ended := false
	defer c.passGoexit(&ended)
	c.root = tryDeferFrame(c.interp)
	out = callFunctionByReflect(c.interp, c.root, c.code, c.Type, c.args, c.env)
	ended = true
	return out
}

// Args are what it is called with.
func (c *Call) Args() []reflect.Value { return c.args }

// Function is what is called.
func (c *Call) Function() *ssa.Function { return c.code.SSA }

// Fault is a panic with the place where it happened.
type Fault struct {
	Value any
	Stack []byte // as debug.Stack gives it, of interpreted functions
}

func (f Fault) Error() string { return fmt.Sprint(f.Value) }

// Fault says where the panic v, which was just recovered from, happened in c. A value that knows that is given back as it
// is.
func (c *Call) Fault(v any) any {
	switch v.(type) {
	case ixgo.PanicError, ixgo.FatalError, Fault:
		return v
	}
	if c == nil || c.root == nil {
		return v
	}
	innermost := c.root
	for innermost.Callee != nil {
		innermost = innermost.Callee
	}
	return Fault{v, debugStack(innermost)}
}

// CallOf is a call of an interpreted function value by the program around; nil for another value.
func CallOf(f any, args []reflect.Value) *Call {
	v := valueOf(f)
	if v == nil {
		return nil
	}
	return &Call{Type: v.typ, interp: v.interp, code: v.code, args: args, env: v.env}
}

// funcValue mirrors the closure in ixgo's function values.
type funcValue struct {
	_      uintptr // its code
	interp *ixgo.Interp
	code   *ixcode.Function
	typ    reflect.Type
	env    []any
}

// valueOf is the closure of an interpreted function value.
func valueOf(f any) *funcValue {
	if t := reflect.TypeOf(f); t == nil || t.Kind() != reflect.Func || wordOf(f) == nil {
		return nil
	}
	closure, n := funcval.Get(f)
	if n != 1 || closure.Fn != boundCode {
		return nil
	}
	return (*funcValue)(unsafe.Pointer(closure))
}

// bound is a closure that ixgo takes for its own, since it keeps the same variables in the same order. Inlined it would be
// another closure each time.
//
//go:noinline
func bound(i *ixgo.Interp, code *ixcode.Function, typ reflect.Type, env []any, owner any, around func(*Call) []reflect.Value) reflected {
	return func(args []reflect.Value) []reflect.Value {
		return enter(i, code, typ, env, owner, around, args)
	}
}

func enter(i *ixgo.Interp, code *ixcode.Function, t reflect.Type, env []any, owner any, around func(*Call) []reflect.Value, args []reflect.Value) []reflect.Value {
	return around(&Call{Type: t, Owner: owner, interp: i, code: code, args: args, env: env})
}

// reflected is what reflect.MakeFunc makes a function of.
type reflected = func([]reflect.Value) []reflect.Value

// boundCode is the code of the closures that bound makes.
var boundCode = **(**uintptr)(unsafe.Pointer(new(bound(nil, nil, nil, nil, nil, nil))))

// reflectedOffset is where a value that reflect.MakeFunc made keeps the function.
var reflectedOffset = func() uintptr {
	f := bound(nil, nil, nil, nil, nil, nil)
	closure := *(*unsafe.Pointer)(unsafe.Pointer(&f))
	impl := wordOf(reflect.MakeFunc(reflect.TypeFor[func()](), f).Interface())
	for offset := uintptr(0); offset < 8*unsafe.Sizeof(offset); offset += unsafe.Sizeof(offset) {
		if *(*unsafe.Pointer)(unsafe.Add(impl, offset)) == closure {
			return offset
		}
	}
	panic("interp: reflect.MakeFunc is not what this program was written for")
}()

// wordOf is the pointer that a function in an interface is.
func wordOf(f any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&f))[1] }

// bind makes compiled code that calls a function value of ixgo's ask Options.Around.
func (in *Interp) bind(f, owner any) {
	closure, n := funcval.Get(f)
	if n != 1 {
		return
	}
	v := (*funcValue)(unsafe.Pointer(closure))
	*(*reflected)(unsafe.Add(wordOf(f), reflectedOffset)) = bound(v.interp, v.code, v.typ, v.env, owner, in.options.Around)
}

// bindFunctions does so for the functions of an interpreter that has not run yet, and makes it do so for the closures that
// it will make.
func (in *Interp) bindFunctions(i *ixgo.Interp) {
	if in.options.Around == nil || levels.LeftOut("code_boundary") {
		return
	}
	for f := range ixcode.Functions(i) {
		for _, v := range f.Static {
			if t := reflect.TypeOf(v); t == nil || t.Kind() != reflect.Func || wordOf(v) == nil {
				continue
			}
			if closure, n := funcval.Get(v); n == 1 && (*funcValue)(unsafe.Pointer(closure)).interp == i {
				in.bind(v, in.options.Owner())
			}
		}
		for pc, instr := range f.Source {
			if made, ok := instr.(*ssa.MakeClosure); ok {
				f.Code[pc] = in.makeClosure(f, made, f.Code[pc])
			}
		}
	}
}

// makeClosure makes a closure and binds it. One that is only called needs no value.
func (in *Interp) makeClosure(f *ixcode.Function, made *ssa.MakeClosure, own ixcode.Instruction) ixcode.Instruction {
	if onlyCalled(made) {
		return func(*ixcode.Frame) {}
	}
	r, _ := f.Register(made)
	return func(fr *ixcode.Frame) {
		own(fr)
		in.bind(fr.Stack[r], in.options.Owner())
	}
}

// onlyCalled reports whether all that is done with a closure is calling it, for which ixgo does not use its value.
func onlyCalled(made *ssa.MakeClosure) bool {
	for _, user := range *made.Referrers() {
		c, ok := user.(ssa.CallInstruction)
		if !ok || c.Common().Value != ssa.Value(made) || slices.Contains(c.Common().Args, ssa.Value(made)) {
			return false
		}
	}
	return true
}

// methodCode is the code of a method, or nil if it is not interpreted.
func methodCode(i *ixgo.Interp, method *types.Func) *ixcode.Function {
	fn := i.MainPkg().Prog.LookupMethod(method.Signature().Recv().Type(), method.Pkg(), method.Name())
	if fn == nil {
		return nil
	}
	return ixcode.FunctionOf(i, fn)
}

//go:linkname tryDeferFrame github.com/goplus/ixgo.(*Interp).tryDeferFrame
func tryDeferFrame(i *ixgo.Interp) *ixcode.Frame

//go:linkname callFunctionByReflect github.com/goplus/ixgo.(*Interp).callFunctionByReflect
func callFunctionByReflect(i *ixgo.Interp, caller *ixcode.Frame, code *ixcode.Function, t reflect.Type, args []reflect.Value, env []any) []reflect.Value

//go:linkname debugStack github.com/goplus/ixgo.debugStack
func debugStack(*ixcode.Frame) []byte
