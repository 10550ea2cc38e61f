package engine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/tools/go/ssa"
)

// repairFuncs are what repaired code calls. A call can only be made by copying
// one, so each is called once in a package that is compiled for that.
var repairFuncs = map[string]any{
	"SetKey":     setKey,
	"KeepNil":    keepNil,
	"DeleteKey":  deleteKey,
	"Lookup":     lookup,
	"LookupOK":   lookupOK,
	"RLock":      func() { mapLock.RLock() },
	"RUnlock":    func() { mapLock.RUnlock() },
	"Panicked":   panicked,
	"As":         asExactly,
	"Implements": implements,
	"MustBe":     mustBeExactly,
}

const repairSource = `
func SetKey(m, k, v any)
func KeepNil(m, k, v any)
func DeleteKey(m, k any)
func RLock()
func RUnlock()
func Panicked(x any) any
func As(x, zero any) (any, bool)
func Implements(x, p any) (any, bool)
func MustBe(x, zero any)

func calls(m, k, v any) {
	SetKey(m, k, v)
	KeepNil(m, k, v)
	DeleteKey(m, k)
	RLock()
	RUnlock()
	Panicked(v)
	As(k, v)
	Implements(k, v)
	MustBe(k, v)
}
`

// repairCalls are calls to copy, by the name of the function.
var repairCalls = sync.OnceValue(func() map[string]*ssa.Call {
	calls := map[string]*ssa.Call{}
	for _, c := range callsIn(types.NewPackage(runtimePath, "cell"), repairSource, token.NoPos) {
		calls[c.Call.Value.Name()] = c
	}
	return calls
})

// callOf is a call, at a place in the source, of a function of m, k and v that
// gives what result says; there T is t.
func callOf(name, params, result string, t types.Type, pos token.Pos) *ssa.Call {
	pkg := types.NewPackage(runtimePath, "cell")
	alias := types.NewTypeName(token.NoPos, pkg, "T", nil)
	types.NewAlias(alias, t)
	pkg.Scope().Insert(alias)
	src := fmt.Sprintf("func %s(%s any) %s\nfunc calls(%s any) { %s(%s) }", name, params, result, params, name, params)
	return callsIn(pkg, src, pos)[0]
}

// callsIn compiles source whose function calls only calls. Their place is pos,
// not their own, which would be taken for one in a cell.
func callsIn(pkg *types.Package, src string, pos token.Pos) (calls []*ssa.Call) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "repair", "package cell\n"+src, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			c.Lparen = pos
		}
		return true
	})
	info := newInfo()
	if err := types.NewChecker(&types.Config{}, fset, pkg, info).Files([]*ast.File{f}); err != nil {
		panic(err)
	}
	p := ssa.NewProgram(fset, 0).CreatePackage(pkg, []*ast.File{f}, info, true)
	p.Build()
	for _, in := range p.Func("calls").Blocks[0].Instrs {
		if c, ok := in.(*ssa.Call); ok {
			calls = append(calls, c)
		}
	}
	return calls
}

// mapLock is held by the guarded operations on maps; see guardMaps.
var mapLock sync.RWMutex

func mapOf(m any, k any) (rm, rk reflect.Value) {
	rm = reflect.ValueOf(m)
	if k == nil {
		return rm, reflect.Zero(rm.Type().Key())
	}
	return rm, reflect.ValueOf(k)
}

// setKey is m[k] = v.
func setKey(m, k, v any) {
	mapLock.Lock()
	defer mapLock.Unlock()
	rm, rk := mapOf(m, k)
	rv := reflect.ValueOf(v)
	if v == nil {
		rv = reflect.Zero(rm.Type().Elem())
	}
	rm.SetMapIndex(rk, rv)
}

// keepNil is m[k] = v for an interface v, after ixgo's own.
func keepNil(m, k, v any) {
	if v == nil {
		setKey(m, k, v)
	}
}

// deleteKey is delete(m, k).
func deleteKey(m, k any) {
	mapLock.Lock()
	defer mapLock.Unlock()
	rm, rk := mapOf(m, k)
	rm.SetMapIndex(rk, reflect.Value{})
}

func lookup(m, k any) any {
	v, _ := lookupOK(m, k)
	return v
}

// lookupOK is m[k] with comma-ok.
func lookupOK(m, k any) (any, bool) {
	mapLock.RLock()
	defer mapLock.RUnlock()
	rm, rk := mapOf(m, k)
	v := rm.MapIndex(rk)
	if !v.IsValid() {
		return reflect.Zero(rm.Type().Elem()).Interface(), false
	}
	return v.Interface(), true
}

// panicked is the value of panic(x).
func panicked(x any) any {
	if x == nil {
		return new(runtime.PanicNilError)
	}
	return x
}

// asExactly is x.(T) with comma-ok, for a T that is not an interface.
func asExactly(x, zero any) (any, bool) {
	if reflect.TypeOf(x) == reflect.TypeOf(zero) {
		return x, true
	}
	return zero, false
}

// implements is x.(T) with comma-ok, for the interface T that p points to.
func implements(x, p any) (any, bool) {
	if x == nil || !reflect.TypeOf(x).Implements(reflect.TypeOf(p).Elem()) {
		return nil, false
	}
	return x, true
}

// conversionError is the panic of an assertion that does not hold.
type conversionError string

func (e conversionError) Error() string { return string(e) }
func (e conversionError) RuntimeError() {}

// mustBeExactly panics as x.(T) does.
func mustBeExactly(x, zero any) {
	if reflect.TypeOf(x) == reflect.TypeOf(zero) {
		return
	}
	is := "nil"
	if x != nil {
		is = reflect.TypeOf(x).String()
	}
	panic(conversionError(strings.TrimSpace(fmt.Sprintf("interface conversion: interface {} is %s, not %T", is, zero))))
}
