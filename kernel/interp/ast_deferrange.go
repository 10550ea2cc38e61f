package interp

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"

	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// A defer in the body of a range over a function defers to the function around the loop. go/ssa forgets to run what is
// deferred when that function has no other defer:
//
//	func f() {
//		for x := range slices.Values([]int{1, 2}) {
//			defer fmt.Println(x) // never printed
//		}
//	}
//
// So it gets one, which does nothing.

// DefersInRange reports whether a function's body, or a statement of it, has a defer inside a range statement that is the
// function's own.
func DefersInRange(n ast.Node) (found bool) {
	if levels.LeftOut("ast_deferrange") {
		return false
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.RangeStmt:
			found = found || defers(n.Body)
		}
		return !found
	})
	return found
}

func defers(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

// DeferNothing is a defer that does nothing.
func DeferNothing(pos token.Pos) ast.Stmt {
	lit := &ast.FuncLit{Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}}, Body: &ast.BlockStmt{Lbrace: pos, Rbrace: pos}}
	return &ast.DeferStmt{Defer: pos, Call: &ast.CallExpr{Fun: lit, Lparen: pos, Rparen: pos}}
}

// keepDefersIn adds such a defer to the functions of a library's file that need one.
func keepDefersIn(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if body := bodyOf(n); body != nil && DefersInRange(body) {
			body.List = append([]ast.Stmt{DeferNothing(body.Lbrace)}, body.List...)
		}
		return true
	})
}

// keepDefers adds such a defer to the functions of a file's text that need one, without moving a line.
func keepDefers(src []byte) []byte {
	if !bytes.Contains(src, []byte("defer")) || !bytes.Contains(src, []byte("range")) {
		return src
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return src
	}
	var out []byte
	from := 0
	ast.Inspect(f, func(n ast.Node) bool {
		if body := bodyOf(n); body != nil && DefersInRange(body) {
			at := fset.Position(body.Lbrace).Offset + 1
			out = append(append(out, src[from:at]...), "defer func() {}(); "...)
			from = at
		}
		return true
	})
	return append(out, src[from:]...)
}

func bodyOf(n ast.Node) *ast.BlockStmt {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Body
	case *ast.FuncLit:
		return n.Body
	}
	return nil
}
