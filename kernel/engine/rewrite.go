package engine

import (
	"go/ast"
	"go/token"
	"strconv"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// A rewriter makes what a cell waits for stoppable and its goroutines safe:
//
//	<-c              becomes   recv(c), which also waits for the end of the cell
//	c <- v           becomes   select { case c <- v: case <-nb.Done(): for { nb.Stop() } }
//	select { … }     gets that last case, if it has no default
//	go f(x)          becomes   go wrap(f)(x), which reports a panic
//
// nb.Stop panics with interrupted{} when the running cell was cancelled. That case ends in a for loop because such a
// select is a terminating statement. Loops and calls are stopped by other means; see stopper.
type rewriter struct{}

func runtimeSel(name string, pos token.Pos) ast.Expr {
	return &ast.SelectorExpr{X: cell.Ident(cell.RuntimeName, pos), Sel: cell.Ident(name, pos)}
}

func call(fun ast.Expr, pos, end token.Pos, args ...ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: fun, Lparen: pos, Rparen: end, Args: args}
}

func block(pos token.Pos, list ...ast.Stmt) *ast.BlockStmt {
	return &ast.BlockStmt{Lbrace: pos, Rbrace: pos, List: list}
}

func checkCall(pos token.Pos) ast.Stmt {
	return &ast.ExprStmt{X: call(runtimeSel("Stop", pos), pos, pos)}
}

func stopCase(pos token.Pos) ast.Stmt {
	done := &ast.UnaryExpr{OpPos: pos, Op: token.ARROW, X: call(runtimeSel("Done", pos), pos, pos)}
	return &ast.CommClause{
		Case: pos, Colon: pos, Comm: &ast.ExprStmt{X: done},
		Body: []ast.Stmt{&ast.ForStmt{For: pos, Body: block(pos, checkCall(pos))}},
	}
}

// function rewrites the body of a function.
func (r *rewriter) function(b *ast.BlockStmt) {
	if b == nil {
		return
	}
	deferring := interp.DefersInRange(b)
	r.stmts(b.List)
	if deferring {
		b.List = append([]ast.Stmt{interp.DeferNothing(b.Lbrace)}, b.List...)
	}
}

func (r *rewriter) stmts(l []ast.Stmt) {
	for i := range l {
		l[i] = r.stmt(l[i])
	}
}

func (r *rewriter) stmt(s ast.Stmt) ast.Stmt {
	switch s := s.(type) {
	case nil:
		return nil
	case *ast.AssignStmt, *ast.ExprStmt, *ast.IncDecStmt:
		r.simple(s)
	case *ast.BlockStmt:
		r.stmts(s.List)
	case *ast.IfStmt:
		r.simple(s.Init)
		r.expr(&s.Cond)
		r.stmts(s.Body.List)
		if s.Else != nil {
			s.Else = r.stmt(s.Else)
		}
	case *ast.ForStmt:
		r.simple(s.Init)
		r.expr(&s.Cond)
		r.simple(s.Post)
		r.stmts(s.Body.List)
	case *ast.RangeStmt:
		r.expr(&s.X)
		r.stmts(s.Body.List)
	case *ast.SwitchStmt:
		r.simple(s.Init)
		r.expr(&s.Tag)
		r.stmts(s.Body.List)
	case *ast.TypeSwitchStmt:
		r.simple(s.Init)
		r.simple(s.Assign)
		r.stmts(s.Body.List)
	case *ast.CaseClause:
		r.exprs(s.List)
		r.stmts(s.Body)
	case *ast.SelectStmt:
		r.selectStmt(s)
	case *ast.LabeledStmt:
		s.Stmt = r.stmt(s.Stmt)
	case *ast.SendStmt:
		r.expr(&s.Chan)
		r.expr(&s.Value)
		p := s.Pos()
		return &ast.SelectStmt{Select: p, Body: block(p, &ast.CommClause{Case: p, Colon: p, Comm: s}, stopCase(p))}
	case *ast.GoStmt:
		r.goStmt(s)
		return block(s.Pos(), s) // where instantiateGo can put more before it
	case *ast.DeferStmt:
		r.expr(&s.Call.Fun)
		r.exprs(s.Call.Args)
	case *ast.ReturnStmt:
		r.exprs(s.Results)
	case *ast.DeclStmt:
		r.decl(s.Decl)
	}
	return s
}

// simple rewrites a statement in place, where its kind may not change.
func (r *rewriter) simple(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if len(s.Lhs) == 2 && len(s.Rhs) == 1 {
			r.receive2(&s.Rhs[0])
		}
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
	case *ast.ExprStmt:
		r.expr(&s.X)
	case *ast.IncDecStmt:
		r.expr(&s.X)
	}
}

func (r *rewriter) selectStmt(s *ast.SelectStmt) {
	hasDefault := false
	for _, c := range s.Body.List {
		cc := c.(*ast.CommClause)
		switch cm := cc.Comm.(type) {
		case nil:
			hasDefault = true
		case *ast.SendStmt:
			r.expr(&cm.Chan)
			r.expr(&cm.Value)
		case *ast.ExprStmt:
			r.operand(cm.X)
		case *ast.AssignStmt:
			r.operand(cm.Rhs[0])
		}
		r.stmts(cc.Body)
	}
	if !hasDefault {
		s.Body.List = append(s.Body.List, stopCase(s.Body.Rbrace))
	}
}

// operand rewrites the c of a case <-c, which itself stays a receive.
func (r *rewriter) operand(e ast.Expr) {
	if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok {
		r.expr(&u.X)
	}
}

var builtinFuncs = map[string]bool{
	"append": true, "cap": true, "clear": true, "close": true, "complex": true, "copy": true, "delete": true,
	"imag": true, "len": true, "make": true, "max": true, "min": true, "new": true, "panic": true, "print": true,
	"println": true, "real": true, "recover": true,
}

func (r *rewriter) goStmt(s *ast.GoStmt) {
	r.expr(&s.Call.Fun)
	r.exprs(s.Call.Args)
	p := s.Call.Fun.Pos()
	if id, ok := s.Call.Fun.(*ast.Ident); ok && builtinFuncs[id.Name] {
		lit := &ast.FuncLit{Type: &ast.FuncType{Func: p, Params: &ast.FieldList{}}, Body: block(p, &ast.ExprStmt{X: s.Call})}
		s.Call = call(lit, p, p)
	}
	s.Call.Fun = call(cell.Ident(cell.Hidden+"go", p), p, p, s.Call.Fun)
}

func (r *rewriter) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			d.Body = announced(d)
		}
		r.function(d.Body)
	case *ast.GenDecl:
		for _, sp := range d.Specs {
			if vs, ok := sp.(*ast.ValueSpec); ok {
				if len(vs.Names) == 2 && len(vs.Values) == 1 {
					r.receive2(&vs.Values[0])
				}
				r.exprs(vs.Values)
			}
		}
	}
}

// announced stands in for the body of a function that a cell only announces, as cells do that show a package's functions
// to a reader.
func announced(d *ast.FuncDecl) *ast.BlockStmt {
	p := d.End()
	text := &ast.BasicLit{ValuePos: p, Kind: token.STRING, Value: strconv.Quote(d.Name.Name + " is declared without a body")}
	return block(p, &ast.ExprStmt{X: call(cell.Ident("panic", p), p, p, text)})
}

// receive2 rewrites v, ok := <-c.
func (r *rewriter) receive2(e *ast.Expr) {
	if u, ok := ast.Unparen(*e).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		*e = call(cell.Ident(cell.Hidden+"recv2", u.OpPos), u.OpPos, u.End(), u.X)
	}
}

func (r *rewriter) exprs(l []ast.Expr) {
	for i := range l {
		r.expr(&l[i])
	}
}

// expr rewrites receives and function literals inside an expression.
func (r *rewriter) expr(e *ast.Expr) {
	switch x := (*e).(type) {
	case *ast.FuncLit:
		r.function(x.Body)
	case *ast.UnaryExpr:
		r.expr(&x.X)
		if x.Op == token.ARROW {
			*e = call(cell.Ident(cell.Hidden+"recv", x.OpPos), x.OpPos, x.End(), x.X)
		}
	case *ast.BinaryExpr:
		r.expr(&x.X)
		r.expr(&x.Y)
	case *ast.ParenExpr:
		r.expr(&x.X)
	case *ast.SelectorExpr:
		r.expr(&x.X)
	case *ast.IndexExpr:
		r.expr(&x.X)
		r.expr(&x.Index)
	case *ast.IndexListExpr:
		r.expr(&x.X)
	case *ast.SliceExpr:
		r.expr(&x.X)
		r.expr(&x.Low)
		r.expr(&x.High)
		r.expr(&x.Max)
	case *ast.TypeAssertExpr:
		r.expr(&x.X)
	case *ast.CallExpr:
		r.expr(&x.Fun)
		r.exprs(x.Args)
	case *ast.StarExpr:
		r.expr(&x.X)
	case *ast.KeyValueExpr:
		r.expr(&x.Key)
		r.expr(&x.Value)
	case *ast.CompositeLit:
		r.exprs(x.Elts)
	}
}
