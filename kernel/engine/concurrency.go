package engine

import (
	"go/ast"
	"go/types"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// concurrency decides which cells have their maps guarded (see guardMaps), which is several times slower: those that start
// goroutines or mention a function of a cell that does, and all while goroutines of earlier cells are running. A function
// value that comes from a cell without is not guarded.
type concurrency struct {
	live  atomic.Int64    // goroutines that execute cells
	names map[string]bool // functions and methods declared by cells that start goroutines
	guard bool            // for what is linked now
}

// compiling looks at a cell before it is linked, which starts goroutines or not.
func (g *concurrency) compiling(p *cell.Parsed, c *interp.Checked, starts bool) {
	g.guard = starts || g.live.Load() > 0
	for name := range p.Mentioned {
		g.guard = g.guard || g.names[name]
	}
	if !starts {
		return
	}
	if g.names == nil {
		g.names = map[string]bool{}
	}
	for _, d := range c.File.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && !cell.IsHidden(f.Name.Name) {
			g.names[f.Name.Name] = true
		}
	}
}

// unguarded is how many cells are running whose maps are not guarded.
var unguarded atomic.Int32

func init() {
	assist.Readable = func() bool { return unguarded.Load() == 0 || working() != nil }
}

// Snapshot is a map to read while goroutines may change the one given: a copy if there are any.
func Snapshot(m reflect.Value) reflect.Value {
	if w := working(); m.IsNil() || w != nil && w.r.s.goroutines.live.Load() <= 1 {
		return m
	}
	c := reflect.MakeMapWithSize(m.Type(), m.Len())
	if assist.Readable() {
		ssarepair.Entries(m, math.MaxInt, c.SetMapIndex)
	}
	return c
}

// synchronous are packages whose functions call back before they return, on the same goroutine, and often: maps need no
// lock for them.
var synchronous = map[string]bool{
	"bytes": true, "cmp": true, "container/heap": true, "errors": true, "fmt": true, "io/fs": true, "iter": true, "maps": true,
	"os": true, "path/filepath": true, "reflect": true, "regexp": true, "slices": true, "sort": true, "strings": true,
	"sync/atomic": true, "text/template": true, "html/template": true, "unicode": true, runtimePath: true,
}

// startsGoroutines reports whether a cell has a go statement or hands a function to compiled code, which may call it on a
// goroutine: as an argument, as a value of one of its types, or in a field of one.
func (s *Session) startsGoroutines(c *interp.Checked) (found bool) {
	ast.Inspect(c.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.CallExpr:
			t := c.Info.Types[n.Fun]
			callee, _ := ast.Unparen(n.Fun).(*ast.SelectorExpr)
			if t.IsType() && s.mayStart(typeObject(t.Type)) || callee != nil && s.mayStart(c.Info.Uses[callee.Sel]) {
				found = found || slices.ContainsFunc(n.Args, func(a ast.Expr) bool { return passesFunc(c, a) })
			}
		case *ast.CompositeLit:
			found = found || s.mayStart(typeObject(c.Info.Types[n].Type)) && slices.ContainsFunc(n.Elts, func(e ast.Expr) bool {
				kv, ok := e.(*ast.KeyValueExpr)
				return passesFunc(c, e) || ok && passesFunc(c, kv.Value)
			})
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				field, ok := ast.Unparen(l).(*ast.SelectorExpr)
				found = found || ok && len(n.Rhs) > i && s.mayStart(c.Info.Uses[field.Sel]) && passesFunc(c, n.Rhs[i])
			}
		case *ast.SelectorExpr:
			f, ok := c.Info.Uses[n.Sel].(*types.Func)
			found = found || ok && s.mayStart(f) && takesFunc(f.Signature())
		}
		return !found
	})
	return found
}

// mayStart reports whether an object belongs to a compiled package that may call back on another goroutine.
func (s *Session) mayStart(o types.Object) bool {
	if o == nil || o.Pkg() == nil || assist.OfCell(o) {
		return false
	}
	path := o.Pkg().Path()
	return !synchronous[path] && s.modules.dirs[path] == "" && !strings.HasSuffix(path, "@patch")
}

// typeObject is the name of a type, or nil.
func typeObject(t types.Type) types.Object {
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

func passesFunc(c *interp.Checked, a ast.Expr) bool {
	tv := c.Info.Types[a]
	return tv.IsValue() && !tv.IsNil() && isFunc(tv.Type)
}

func takesFunc(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if isFunc(v.Type()) {
			return true
		}
	}
	return false
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}
