package yaegi

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/msflow-go/msflow/kernel/cell"
)

// A loop over a function becomes a call of it: for k, v := range f { … } is
//
//	{ done := false; var r T; f(func(k K, v V) bool { …; return true }); if done { return r } }
//
// where continue in the body has become return true, break return false, and return x { done, r = true, x; return false }.
// The last three are left out when the body does not return.
type funcLoop struct {
	*lowerer
	n       *ast.RangeStmt
	label   string
	results []types.Type // of the function around the loop
	done    *ast.Ident   // nil while no return has been seen
	values  []*ast.Ident
}

// rangeFunc lowers such a loop.
func (l *lowerer) rangeFunc(n *ast.RangeStmt, over *types.Signature) {
	yield, ok := over.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok {
		return
	}
	results := l.around()
	l.after[n] = func(c *astutil.Cursor) {
		f := &funcLoop{lowerer: l, n: n, results: results}
		if in, ok := c.Parent().(*ast.LabeledStmt); ok {
			f.label = in.Label.Name
		}
		c.Replace(f.write(yield))
	}
}

// around are the results of the function around a node.
func (l *lowerer) around() []types.Type {
	if len(l.functions) == 0 {
		return nil
	}
	var list []types.Type
	for v := range l.functions[len(l.functions)-1].Results().Variables() {
		list = append(list, v.Type())
	}
	return list
}

func (f *funcLoop) write(yield *types.Signature) ast.Stmt {
	params := &ast.FieldList{}
	var first []ast.Stmt
	given := []ast.Expr{f.n.Key, f.n.Value}
	for i := range yield.Params().Len() {
		p := f.temp()
		x := given[min(i, 1)]
		if id := identOf(x); x != nil && !(id != nil && id.Name == "_") {
			if f.n.Tok == token.DEFINE {
				p = id
			} else {
				first = append(first, assign(token.ASSIGN, []ast.Expr{x}, []ast.Expr{p}))
			}
		}
		params.List = append(params.List, &ast.Field{Names: []*ast.Ident{p}, Type: f.typeExpr(f.n, yield.Params().At(i).Type())})
	}
	body := block(append(first, f.stmts(f.n.Body.List, true, true)...)...)
	body.List = append(body.List, giveBool(true))
	loop := does(call(f.n.X, &ast.FuncLit{Type: &ast.FuncType{Params: params, Results: &ast.FieldList{List: []*ast.Field{{Type: cell.Ident("bool", token.NoPos)}}}}, Body: body}))
	if f.done == nil {
		return loop
	}
	list := []ast.Stmt{assign(token.DEFINE, []ast.Expr{f.done}, []ast.Expr{cell.Ident("false", token.NoPos)})}
	end := &ast.ReturnStmt{}
	for i, v := range f.values {
		list = append(list, &ast.DeclStmt{Decl: variable(v, f.typeExpr(f.n, f.results[i]))})
		end.Results = append(end.Results, v)
	}
	return block(append(list, loop, &ast.IfStmt{Cond: f.done, Body: block(end)})...)
}

func giveBool(b bool) ast.Stmt {
	name := "false"
	if b {
		name = "true"
	}
	return &ast.ReturnStmt{Results: []ast.Expr{cell.Ident(name, token.NoPos)}}
}

// stmts rewrites statements of the body; breaks and continues say whether those without a label mean this loop.
func (f *funcLoop) stmts(list []ast.Stmt, breaks, continues bool) []ast.Stmt {
	for i, st := range list {
		list[i] = f.stmt(st, breaks, continues)
	}
	return list
}

func (f *funcLoop) stmt(st ast.Stmt, breaks, continues bool) ast.Stmt {
	switch st := st.(type) {
	case *ast.ReturnStmt:
		return f.returns(st)
	case *ast.BranchStmt:
		return f.branch(st, breaks, continues)
	case *ast.DeferStmt:
		f.fail(st, "defer in a loop over a function")
	case *ast.BlockStmt:
		f.stmts(st.List, breaks, continues)
	case *ast.LabeledStmt:
		st.Stmt = f.stmt(st.Stmt, breaks, continues)
	case *ast.IfStmt:
		f.stmts(st.Body.List, breaks, continues)
		if st.Else != nil {
			st.Else = f.stmt(st.Else, breaks, continues)
		}
	case *ast.ForStmt:
		f.stmts(st.Body.List, false, false)
	case *ast.RangeStmt:
		f.stmts(st.Body.List, false, false)
	case *ast.SwitchStmt:
		f.clauses(st.Body, continues)
	case *ast.TypeSwitchStmt:
		f.clauses(st.Body, continues)
	case *ast.SelectStmt:
		f.clauses(st.Body, continues)
	}
	return st
}

func (f *funcLoop) clauses(b *ast.BlockStmt, continues bool) {
	for _, c := range b.List {
		switch c := c.(type) {
		case *ast.CaseClause:
			f.stmts(c.Body, false, continues)
		case *ast.CommClause:
			f.stmts(c.Body, false, continues)
		}
	}
}

// returns ends the loop and then the function.
func (f *funcLoop) returns(st *ast.ReturnStmt) ast.Stmt {
	if f.done == nil {
		f.done = f.temp()
	}
	list := []ast.Stmt{assign(token.ASSIGN, []ast.Expr{f.done}, []ast.Expr{cell.Ident("true", token.NoPos)})}
	if len(st.Results) > 0 {
		var to []ast.Expr
		for i := range f.results {
			if len(f.values) <= i {
				f.values = append(f.values, f.temp())
			}
			to = append(to, f.values[i])
		}
		list = append(list, assign(token.ASSIGN, to, st.Results))
	}
	return block(append(list, giveBool(false))...)
}

// branch ends the loop or goes on with it.
func (f *funcLoop) branch(st *ast.BranchStmt, breaks, continues bool) ast.Stmt {
	own := st.Label != nil && st.Label.Name == f.label
	switch {
	case st.Tok == token.BREAK && (own || st.Label == nil && breaks):
		return giveBool(false)
	case st.Tok == token.CONTINUE && (own || st.Label == nil && continues):
		return giveBool(true)
	case st.Label != nil && !own:
		f.fail(st, "%s %s out of a loop over a function", st.Tok, st.Label.Name)
	}
	return st
}
