package engine

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"sync/atomic"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp"
)

// runtimePath is the import path of the package that rewritten cells call.
const runtimePath = "msflow/cell"

// The package is registered once per process so that the type checker knows its types; each session puts its own functions
// in place (see runtimeFuncs).
func init() {
	none := (*Session)(nil)
	funcs := map[string]reflect.Value{}
	for name, f := range none.runtimeFuncs() {
		funcs[name] = reflect.ValueOf(f)
	}
	ixgo.RegisterPackage(&ixgo.Package{
		Name: "cell", Path: runtimePath, Deps: map[string]string{"context": "context"},
		Interfaces: map[string]reflect.Type{}, NamedTypes: map[string]reflect.Type{}, AliasTypes: map[string]reflect.Type{},
		Vars:        map[string]reflect.Value{},
		Funcs:       funcs,
		TypedConsts: map[string]ixgo.TypedConst{}, UntypedConsts: map[string]ixgo.UntypedConst{},
	})
}

// runtimeFuncs are the functions of the package, by name.
func (s *Session) runtimeFuncs() map[string]any {
	return map[string]any{
		"Stop":    func() { current(s).check() },
		"Done":    func() <-chan struct{} { return current(s).until() },
		"Wrap":    func(f any) any { return current(s).wrap(f) },
		"Exact":   exact,
		"FS":      fileSystem,
		"Show":    func(v ...any) { current(s).show(v) },
		"Context": func() context.Context { return liveContext{s} },
		"Check":   mustBeNil,
		"Print":   func(v ...any) { current(s).print(v, "", "") },
		"Println": func(v ...any) { current(s).print(v, " ", "\n") },
	}
}

// runtimeOverrides puts the session's own functions into the package.
func (s *Session) runtimeOverrides() map[string]any {
	funcs := map[string]any{}
	for name, f := range s.runtimeFuncs() {
		funcs[runtimePath+"."+name] = f
	}
	return funcs
}

// failure is the panic of must: it stops the cell with a plain error.
type failure struct{ err error }

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// mustBeNil stops the cell with an error.
func mustBeNil(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// exact is the number that a text such as "1/3" says.
func exact(text string) any {
	if n, ok := new(big.Int).SetString(text, 0); ok {
		return n
	}
	x, _ := new(big.Rat).SetString(text)
	f := new(big.Float).SetPrec(128)
	if x != nil {
		f.SetRat(x)
	}
	return f
}

func (r *run) show(v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = v
}

// wrap makes the function of a go statement run as part of r, with a panic reported instead of ending the process.
func (r *run) wrap(f any) any {
	rf := reflect.ValueOf(f)
	if rf.Kind() != reflect.Func {
		return f
	}
	t := rf.Type()
	live := &r.s.goroutines.live
	live.Add(1) // now, as the next cell may be compiled before the goroutine has begun
	return reflect.MakeFunc(t, func(args []reflect.Value) (out []reflect.Value) {
		out = zeroResults(t)
		leave := r.enter()
		live.Add(-1)
		defer leave()
		call := interp.CallOf(f, args)
		defer func() {
			if e := recover(); interp.Goexited(e) { // as a compiled function, runtime.Goexit itself
				interp.PassOn(e)
			} else if e != nil {
				r.goroutinePanic(call.Fault(e))
			}
		}()
		switch {
		case call != nil:
			call.Do()
		case t.IsVariadic():
			rf.CallSlice(args)
		default:
			rf.Call(args)
		}
		return out
	}).Interface()
}

// goroutine executes goroutines of packages, as wrap does those of cells.
func (r *run) goroutine() func(*interp.Goroutine) {
	live := &r.s.goroutines.live
	live.Add(1)
	return func(g *interp.Goroutine) {
		leave := r.enter()
		live.Add(-1)
		defer leave()
		defer func() {
			if e := recover(); e != nil {
				r.goroutinePanic(g.Fault(e))
			}
		}()
		g.Do()
	}
}

func (r *run) goroutinePanic(e any) {
	if err := r.s.failed(e); err.Kind != KindInterrupted && err.Kind != KindExit {
		r.inOrder().GoroutineError(err)
	}
}

// print is the builtin print and println, which write to standard error.
func (r *run) print(args []any, sep, end string) {
	var b []byte
	for i, a := range args {
		if i > 0 {
			b = append(b, sep...)
		}
		b = AppendBuiltin(b, a)
	}
	r.write(Stderr, append(b, end...))
}

// AppendBuiltin formats as Go's runtime does for the builtin print.
func AppendBuiltin(b []byte, a any) []byte {
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Complex64, reflect.Complex128:
		return append(b, strconv.FormatComplex(v.Complex(), 'g', -1, v.Type().Bits())...)
	case reflect.Map, reflect.Pointer, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return fmt.Appendf(b, "%p", a)
	case reflect.Slice:
		return fmt.Appendf(b, "[%d/%d]%p", v.Len(), v.Cap(), a)
	case reflect.String:
		return append(b, v.String()...)
	case reflect.Invalid:
		return append(b, "(0x0,0x0)"...)
	}
	return fmt.Appendf(b, "%v", reflectPlain(v))
}

// reflectPlain drops a named type's String method.
func reflectPlain(v reflect.Value) any {
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	}
	return v
}

// Host is an evaluator of cells other than a Session. Compiled code that displays something, or may be stopped, finds its
// cell by asking it; ok is false for a goroutine that works for none of its cells.
type Host interface {
	Output() (s Sink, ok bool)
	Context() (ctx context.Context, ok bool)
}

// host is the one of the process, or nil.
var host atomic.Pointer[Host]

// SetHost makes h the process's evaluator beside its Sessions; nil is none.
func SetHost(h Host) {
	if h == nil {
		host.Store(nil)
		return
	}
	host.Store(&h)
}

// elsewhere is the Sink of code that belongs to no cell; see OutputTo.
var elsewhere atomic.Pointer[Sink]

// OutputTo makes sink what Output gives outside of cells, for programs that were notebooks.
func OutputTo(sink Sink) { elsewhere.Store(&sink) }
