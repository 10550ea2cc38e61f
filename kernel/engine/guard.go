package engine

import (
	"go/ast"
	"go/types"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/timandy/routine"
)

// Compiled code may call a cell's function on a goroutine of its own, as
// sync.WaitGroup.Go and time.AfterFunc do. A panic there would end the process.
// So functions that are passed to compiled code are guarded, as are methods that
// it calls: on a goroutine that no run knows they belong to the run that passed
// them, and their panic is reported.

// guard wraps a function value that goes to compiled code.
func (r *run) guard(f any) any {
	rf := reflect.ValueOf(f)
	if rf.Kind() != reflect.Func || rf.IsNil() {
		return f
	}
	t := rf.Type()
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		call := rf.Call
		if t.IsVariadic() {
			call = rf.CallSlice
		}
		return r.guarded(t, func() []reflect.Value { return call(args) })
	}).Interface()
}

// guarded calls f, whose results are those of the function type t.
func (r *run) guarded(t reflect.Type, f func() []reflect.Value) (out []reflect.Value) {
	if _, known := runs.Load(routine.Goid()); known {
		return f()
	}
	leave := r.enter()
	defer leave()
	defer func() {
		if e := recover(); e != nil {
			r.goroutinePanic(e)
			out = zeroResults(t)
		}
	}()
	return f()
}

func zeroResults(t reflect.Type) []reflect.Value {
	out := make([]reflect.Value, t.NumOut())
	for i := range out {
		out[i] = reflect.Zero(t.Out(i))
	}
	return out
}

// synchronous are packages whose functions call back before they return, on the
// same goroutine, and often: they are not slowed down.
var synchronous = map[string]bool{
	"bytes": true, "cmp": true, "container/heap": true, "errors": true, "fmt": true, "io/fs": true, "iter": true, "maps": true,
	"os": true, "path/filepath": true, "reflect": true, "regexp": true, "slices": true, "sort": true, "strings": true,
	"sync/atomic": true, "text/template": true, "html/template": true, "unicode": true, runtimePath: true,
}

// guardCallbacks guards the functions that a cell passes to compiled code.
func (s *Session) guardCallbacks(c *interp.Checked) (changed bool) {
	ast.Inspect(c.File, func(n ast.Node) bool {
		e, ok := n.(*ast.CallExpr)
		if !ok || !s.callsCompiled(c, e) {
			return true
		}
		for i, a := range e.Args {
			if passesFunc(c, a) && !isGuarded(a) {
				e.Args[i] = call(cell.Ident(cell.Hidden+"guard", a.Pos()), a.Pos(), a.End(), a)
				changed = true
			}
		}
		return true
	})
	return changed
}

func (s *Session) callsCompiled(c *interp.Checked, e *ast.CallExpr) bool {
	sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := c.Info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || assist.OfCell(f) || f.Signature().TypeParams().Len() > 0 {
		return false
	}
	path := f.Pkg().Path()
	return !synchronous[path] && s.modules.dirs[path] == "" && !strings.HasSuffix(path, "@patch")
}

func passesFunc(c *interp.Checked, a ast.Expr) bool {
	tv := c.Info.Types[a]
	if !tv.IsValue() || tv.IsNil() {
		return false
	}
	if id, ok := ast.Unparen(a).(*ast.Ident); ok && isGenericFunc(c, id) {
		return false
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	return ok && sig.TypeParams().Len() == 0
}

func isGuarded(a ast.Expr) bool {
	e, ok := a.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := e.Fun.(*ast.Ident)
	return ok && id.Name == cell.Hidden+"guard"
}
