package cell

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/astutil"
)

// ReplaceResults puts variables that hold the values of earlier cells in the place of what stands for them in a file: latest
// for a _ where Go wants a value, and numbered(n) for Out[n], unless that is "".
func ReplaceResults(f *ast.File, latest func() string, numbered func(n string) string) {
	astutil.Apply(f, func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.Ident:
			if n.Name == "_" && isValue(c) {
				n.Name = latest()
			}
		case *ast.IndexExpr:
			id, ok := n.X.(*ast.Ident)
			lit, isLit := n.Index.(*ast.BasicLit)
			if !ok || !isLit || id.Name != "Out" || lit.Kind != token.INT {
				return true
			}
			if name := numbered(lit.Value); name != "" {
				c.Replace(Ident(name, n.Pos()))
				return false
			}
		}
		return true
	}, nil)
}

// isValue reports whether an identifier stands where Go wants a value, rather than where a name is given or a value thrown
// away.
func isValue(c *astutil.Cursor) bool {
	switch c.Parent().(type) {
	case *ast.AssignStmt:
		return c.Name() == "Rhs"
	case *ast.RangeStmt:
		return c.Name() == "X"
	case *ast.ValueSpec:
		return c.Name() == "Values"
	case *ast.SelectorExpr:
		return c.Name() == "X"
	case *ast.KeyValueExpr:
		return c.Name() == "Value"
	case *ast.Field, *ast.ImportSpec, *ast.TypeSpec, *ast.FuncDecl, *ast.LabeledStmt, *ast.BranchStmt, *ast.File:
		return false
	}
	return true
}
