package engine

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// check type-checks a file as the package pkg, whose scope may already hold objects of earlier cells.
func (s *Session) check(pkg *types.Package, f *ast.File) *interp.Checked {
	return s.program.Check(s.program.Context().FileSet, pkg, f)
}

func dropCycles(c *interp.Checked) *interp.Checked {
	c.Errors = cell.DropCycles(c.Errors, c.Info)
	return c
}

// A fixup edits a file by what the type checker found out; it reports whether it changed anything, so that the file is
// checked again.
type fixup func(c *interp.Checked) bool

var fixups = []fixup{keyLiterals, rangeChannels, chooseMust, dropResult, instantiateGo, printToStderr, exactConstant}

// checkCell checks a cell's file, edits it by the fixups and checks it again.
func (s *Session) checkCell(newPkg func() *types.Package, f *ast.File) *interp.Checked {
	c := dropCycles(s.check(newPkg(), f))
	const rounds = 3 // one edit may be the reason for another
	for range rounds {
		changed := false
		for _, fix := range append(fixups, s.program.Promote) {
			changed = fix(c) || changed
		}
		if !changed {
			break
		}
		c = dropCycles(s.check(newPkg(), f))
	}
	return c
}

// selfReferences are errors that the checker does not report, as cells' variables are those of a package.
func (d *draft) selfReferences(c *interp.Checked) (errs []types.Error) {
	report := func(id *ast.Ident, msg string) {
		errs = append(errs, types.Error{Fset: d.s.program.Context().FileSet, Pos: id.Pos(), Msg: msg})
	}
	for _, id := range d.p.OutOfScope(c.Info, c.Package) {
		report(id, d.outOfScope(id.Name))
	}
	if len(errs)+len(c.Errors) > 0 {
		return errs
	}
	for _, it := range d.p.Items {
		if it.Vars == nil {
			continue
		}
		for _, id := range it.Vars.Names {
			if o := c.Info.Defs[id]; o != nil && o.Type() == types.Typ[types.Invalid] {
				report(id, "the type of "+id.Name+" depends on itself")
			}
		}
	}
	return errs
}

// outOfScope says that a variable is used before its scope begins. In a function the name might mean something else there,
// but a cell's variables are those of a package.
func (d *draft) outOfScope(name string) string {
	if types.Universe.Lookup(name) == nil && d.s.packages.path(name) == "" && d.s.scope.imports.Names[name] == "" {
		return "undefined: " + name
	}
	return fmt.Sprintf("undefined: %s, as the cell declares a variable of that name; call the variable otherwise to use Go's own %s", name, name)
}

// keyLiterals writes T{x: 1} for T{1} where T has unexported fields of an earlier cell: there the checker compares
// packages by pointer, not by path.
func keyLiterals(c *interp.Checked) (changed bool) {
	if !hasError(c, "implicit assignment to unexported field") {
		return false
	}
	ast.Inspect(c.File, func(n ast.Node) bool {
		cl, ok := n.(*ast.CompositeLit)
		if !ok || len(cl.Elts) == 0 {
			return true
		}
		st := assist.StructOf(c.Info.Types[cl].Type)
		if _, keyed := cl.Elts[0].(*ast.KeyValueExpr); st == nil || keyed || len(cl.Elts) != st.NumFields() {
			return true
		}
		for i, e := range cl.Elts {
			cl.Elts[i] = &ast.KeyValueExpr{Key: cell.Ident(st.Field(i).Name(), e.Pos()), Colon: e.Pos(), Value: e}
			changed = true
		}
		return true
	})
	return changed
}

func hasError(c *interp.Checked, prefix string) bool {
	for _, e := range c.Errors {
		if strings.HasPrefix(e.Msg, prefix) {
			return true
		}
	}
	return false
}

// rangeChannels makes range over a channel stoppable.
func rangeChannels(c *interp.Checked) (changed bool) {
	ast.Inspect(c.File, func(n ast.Node) bool {
		r, ok := n.(*ast.RangeStmt)
		if !ok || c.Info.Types[r.X].Type == nil {
			return true
		}
		if _, ok := c.Info.Types[r.X].Type.Underlying().(*types.Chan); ok {
			r.X = call(cell.Ident(cell.Hidden+"range", r.X.Pos()), r.X.Pos(), r.X.End(), r.X)
			changed = true
		}
		return true
	})
	return changed
}

// chooseMust picks the form of must for its argument.
func chooseMust(c *interp.Checked) (changed bool) {
	for id, form := range cell.MustCalls(c.File, c.Info) {
		if name := form.InCells(); name != id.Name {
			id.Name, changed = name, true
		}
	}
	return changed
}

// dropResult takes Show off a last expression that has no value to show.
func dropResult(c *interp.Checked) (changed bool) {
	fd := cellFunc(c.File)
	if fd == nil || len(fd.Body.List) == 0 {
		return false
	}
	es, ok := fd.Body.List[len(fd.Body.List)-1].(*ast.ExprStmt)
	if !ok {
		return false
	}
	show, ok := es.X.(*ast.CallExpr)
	if !ok || !isShow(show) {
		return false
	}
	tv, ok := c.Info.Types[show.Args[0]]
	if tv.IsType() {
		return false
	}
	if empty := ok && tv.IsVoid(); !empty && !hasErrorAt(c, show.Args[0].Pos(), "(no value) used as value") {
		return false
	}
	es.X = show.Args[0]
	return true
}

func hasErrorAt(c *interp.Checked, pos token.Pos, part string) bool {
	for _, e := range c.Errors {
		if e.Pos == pos && strings.Contains(e.Msg, part) {
			return true
		}
	}
	return false
}

// isShow reports whether a call shows one expression.
func isShow(e *ast.CallExpr) bool { return calls(e, "Show") && len(e.Args) == 1 }

// calls reports whether a call is one of the function of that name that rewritten cells call.
func calls(e *ast.CallExpr, name string) bool {
	sel, ok := e.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == cell.RuntimeName
}

func cellFunc(f *ast.File) *ast.FuncDecl {
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Recv == nil && fd.Name.Name == cellFuncName {
			return fd
		}
	}
	return nil
}

// instantiateGo rewrites `go f(x)` of a generic f without type arguments, which cannot be passed to the wrapper as it is,
// to a wrapped closure. Its arguments are evaluated first, as go does, save for constants, which take their type from the
// parameter.
func instantiateGo(c *interp.Checked) (changed bool) {
	if !hasErrorContaining(c, "without instantiation") && !hasErrorContaining(c, "cannot infer") {
		return false
	}
	ast.Inspect(c.File, func(n ast.Node) bool {
		list := stmtList(n)
		for i, st := range list {
			if g, ok := st.(*ast.GoStmt); ok && isGenericFunc(c, wrapped(g)) {
				list[i] = closeOver(c, g)
				changed = true
			}
		}
		return true
	})
	return changed
}

func hasErrorContaining(c *interp.Checked, part string) bool {
	for _, e := range c.Errors {
		if strings.Contains(e.Msg, part) {
			return true
		}
	}
	return false
}

func stmtList(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

// wrapped is f of go wrap(f)(x).
func wrapped(g *ast.GoStmt) ast.Expr {
	if w, ok := g.Call.Fun.(*ast.CallExpr); ok && len(w.Args) == 1 {
		if id, ok := w.Fun.(*ast.Ident); ok && id.Name == cell.Hidden+"go" {
			return w.Args[0]
		}
	}
	return nil
}

func isGenericFunc(c *interp.Checked, e ast.Expr) bool {
	var id *ast.Ident
	switch e := e.(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return false
	}
	f, ok := c.Info.Uses[id].(*types.Func)
	return ok && f.Signature().TypeParams().Len() > 0
}

func closeOver(c *interp.Checked, g *ast.GoStmt) ast.Stmt {
	p := g.Pos()
	inner := call(wrapped(g), g.Call.Lparen, g.Call.Rparen)
	inner.Ellipsis = g.Call.Ellipsis
	var list []ast.Stmt
	for i, a := range g.Call.Args {
		if tv, ok := c.Info.Types[a]; ok && (tv.Value != nil || tv.IsNil()) {
			inner.Args = append(inner.Args, a)
			continue
		}
		tmp := fmt.Sprintf("%sarg%d", cell.Hidden, i)
		list = append(list, &ast.AssignStmt{Lhs: []ast.Expr{cell.Ident(tmp, a.Pos())}, TokPos: a.Pos(), Tok: token.DEFINE, Rhs: []ast.Expr{a}})
		inner.Args = append(inner.Args, cell.Ident(tmp, a.Pos()))
	}
	lit := &ast.FuncLit{Type: &ast.FuncType{Func: p, Params: &ast.FieldList{}}, Body: block(p, &ast.ExprStmt{X: inner})}
	list = append(list, &ast.GoStmt{Go: p, Call: call(call(cell.Ident(cell.Hidden+"go", p), p, p, lit), p, p)})
	return block(p, list...)
}

// exactConstant shows a constant that no type of numbers holds, such as 1 << 63, as what it is.
func exactConstant(c *interp.Checked) (changed bool) {
	fd := cellFunc(c.File)
	if fd == nil || len(fd.Body.List) == 0 {
		return false
	}
	es, _ := fd.Body.List[len(fd.Body.List)-1].(*ast.ExprStmt)
	if es == nil {
		return false
	}
	show, ok := es.X.(*ast.CallExpr)
	if !ok || !isShow(show) {
		return false
	}
	x := show.Args[0]
	v := c.Info.Types[x].Value
	if v == nil || !hasErrorAt(c, x.Pos(), "overflows") {
		return false
	}
	number := v.ExactString()
	if b, ok := c.Info.Types[x].Type.(*types.Basic); ok && b.Info()&types.IsFloat != 0 && !strings.Contains(number, "/") {
		number += "/1" // no integer
	}
	text := &ast.BasicLit{ValuePos: x.Pos(), Kind: token.STRING, Value: strconv.Quote(number)}
	show.Args[0] = call(runtimeSel("Exact", x.Pos()), x.Pos(), x.End(), text)
	return true
}

// printToStderr makes the builtin print and println write to the cell's standard error.
func printToStderr(c *interp.Checked) (changed bool) {
	ast.Inspect(c.File, func(n ast.Node) bool {
		e, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		id, ok := ast.Unparen(e.Fun).(*ast.Ident)
		if !ok {
			return true
		}
		if b, ok := c.Info.Uses[id].(*types.Builtin); ok && strings.HasPrefix(b.Name(), "print") {
			e.Fun = runtimeSel(strings.ToUpper(b.Name()[:1])+b.Name()[1:], id.Pos())
			changed = true
		}
		return true
	})
	return changed
}
