package engine

import (
	"go/ast"
	"sync/atomic"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// concurrency decides which cells have their maps guarded (see guardMaps), which
// is several times slower: those that start goroutines or mention a function of
// a cell that does, and all while goroutines of earlier cells are running. A
// function value that comes from a cell without is not guarded.
type concurrency struct {
	live  atomic.Int64    // goroutines that execute cells
	names map[string]bool // functions and methods declared by cells that start goroutines
	guard bool            // for what is linked now
}

// compiling looks at a cell before it is linked.
func (g *concurrency) compiling(p *cell.Parsed, c *interp.Checked) {
	starts := startsGoroutines(c.File)
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

// startsGoroutines reports whether a cell has a go statement or passes a
// function to compiled code, which may call it on a goroutine.
func startsGoroutines(f *ast.File) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.CallExpr:
			found = found || isGuarded(n)
		}
		return !found
	})
	return found
}
