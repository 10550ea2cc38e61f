package ssarepair

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"sync"

	"golang.org/x/tools/go/ssa"
)

// Path is the import path under which interpreted code reaches Functions.
const Path = "msflow/interp"

// Functions are what repaired code calls. A call can only be made by copying one, so each is called once in a package that
// is compiled for that.
var Functions = map[string]any{
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

func calls(m, k, v any) {
	SetKey(m, k, v)
	KeepNil(m, k, v)
	DeleteKey(m, k)
	RLock()
	RUnlock()
	Panicked(v)
	As(k, v)
	Implements(k, v)
}
`

// repairCalls are calls to copy, by the name of the function.
var repairCalls = sync.OnceValue(func() map[string]*ssa.Call {
	calls := map[string]*ssa.Call{}
	for _, c := range callsIn(types.NewPackage(Path, "interp"), repairSource, token.NoPos) {
		calls[c.Call.Value.Name()] = c
	}
	return calls
})

// callOf is a call, at a place in the source, of a function of m, k and v that gives what result says; there T is t.
func callOf(name, params, result string, t types.Type, pos token.Pos) *ssa.Call {
	pkg := types.NewPackage(Path, "interp")
	pkg.Scope().Insert(types.NewTypeName(token.NoPos, pkg, "T", t)) // no types.Alias, which ixgo would take for another type
	src := fmt.Sprintf("func %s(%s any) %s\nfunc calls(%s any) { %s(%s) }", name, params, result, params, name, params)
	return callsIn(pkg, src, pos)[0]
}

// callsIn are the calls in source whose function calls only calls.
func callsIn(pkg *types.Package, src string, pos token.Pos) (calls []*ssa.Call) {
	for _, in := range instructionsIn(pkg, src, pos) {
		if c, ok := in.(*ssa.Call); ok {
			calls = append(calls, c)
		}
	}
	return calls
}

// instructionsIn compiles source to the instructions of its function calls. Their place is pos, not their own, which would
// be taken for one in the program.
func instructionsIn(pkg *types.Package, src string, pos token.Pos) []ssa.Instruction {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "repair", "package interp\n"+src, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			c.Lparen = pos
		}
		return true
	})
	info := NewInfo()
	if err := types.NewChecker(&types.Config{}, fset, pkg, info).Files([]*ast.File{f}); err != nil {
		panic(err)
	}
	p := ssa.NewProgram(fset, 0).CreatePackage(pkg, []*ast.File{f}, info, true)
	p.Build()
	return p.Func("calls").Blocks[0].Instrs
}

// NewInfo is room for all that go/ssa wants to know of types.
func NewInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Scopes: map[ast.Node]*types.Scope{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{},
	}
}
