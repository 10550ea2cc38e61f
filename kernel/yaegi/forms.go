package yaegi

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/msflow-go/msflow/kernel/cell"
)

// The forms of Go that yaegi does not have, or has otherwise.

// call lowers the builtin functions that yaegi does not have, and must.
func (l *lowerer) call(n *ast.CallExpr) {
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok {
		return
	}
	o := l.info.Uses[id]
	if l.s.scope.isPrelude(o) {
		l.must(n)
		return
	}
	b, ok := o.(*types.Builtin)
	if !ok {
		return
	}
	t := l.info.TypeOf(n)
	switch b.Name() {
	case "min", "max":
		if v := l.info.Types[n].Value; v != nil {
			l.replace(n, func() ast.Expr { return constantExpr(v) })
			return
		}
		l.replace(n, func() ast.Expr { return l.leastOf(n, t, b.Name() == "max") })
	case "clear":
		t := l.info.TypeOf(n.Args[0])
		l.replace(n, func() ast.Expr { return l.clear(n, t) })
	case "print", "println":
		name := map[string]string{"print": "Print", "println": "Println"}[b.Name()]
		l.replace(n, func() ast.Expr { n.Fun = l.nb(name); return n })
	}
}

func (l *lowerer) replace(n ast.Node, with func() ast.Expr) {
	l.after[n] = func(c *astutil.Cursor) { c.Replace(with()) }
}

// must is a function literal that checks the error and gives the other values.
func (l *lowerer) must(n *ast.CallExpr) {
	var ts []types.Type
	switch t := l.info.TypeOf(n.Args[0]).(type) {
	case *types.Tuple:
		for v := range t.Variables() {
			ts = append(ts, v.Type())
		}
	default:
		ts = append(ts, t)
	}
	l.replace(n, func() ast.Expr {
		params, results := &ast.FieldList{}, &ast.FieldList{}
		body, give := block(), &ast.ReturnStmt{}
		for i, t := range ts {
			p := l.temp()
			params.List = append(params.List, &ast.Field{Names: []*ast.Ident{p}, Type: l.typeExpr(n, t)})
			if i < len(ts)-1 {
				results.List = append(results.List, &ast.Field{Type: l.typeExpr(n, t)})
				give.Results = append(give.Results, p)
				continue
			}
			body.List = append(body.List, does(call(l.nb("Check"), p)))
		}
		if len(ts) > 1 {
			body.List = append(body.List, give)
		}
		n.Fun = &ast.FuncLit{Type: &ast.FuncType{Params: params, Results: results}, Body: body}
		return n
	})
}

// leastOf is min or max as a function literal.
func (l *lowerer) leastOf(n *ast.CallExpr, t types.Type, most bool) ast.Expr {
	op := token.LSS
	if most {
		op = token.GTR
	}
	params := &ast.FieldList{}
	body := block()
	var best *ast.Ident
	for _, a := range n.Args {
		p := l.temp()
		params.List = append(params.List, &ast.Field{Names: []*ast.Ident{p}, Type: l.typeExpr(n, t)})
		if best == nil {
			best = p
			continue
		}
		better := &ast.BinaryExpr{X: p, Op: op, Y: best}
		_ = a
		body.List = append(body.List, &ast.IfStmt{Cond: l.orNaN(better, p, t), Body: block(assign(token.ASSIGN, []ast.Expr{best}, []ast.Expr{p}))})
	}
	body.List = append(body.List, &ast.ReturnStmt{Results: []ast.Expr{best}})
	n.Fun = &ast.FuncLit{Type: &ast.FuncType{Params: params, Results: &ast.FieldList{List: []*ast.Field{{Type: l.typeExpr(n, t)}}}}, Body: body}
	return n
}

// orNaN is a condition that also holds for a number that is none, which min and max pass on.
func (l *lowerer) orNaN(cond ast.Expr, x *ast.Ident, t types.Type) ast.Expr {
	if b, ok := t.Underlying().(*types.Basic); !ok || b.Info()&types.IsFloat == 0 {
		return cond
	}
	return &ast.BinaryExpr{X: cond, Op: token.LOR, Y: &ast.BinaryExpr{X: x, Op: token.NEQ, Y: x}}
}

// clear is a function literal with a loop.
func (l *lowerer) clear(n *ast.CallExpr, t types.Type) ast.Expr {
	x, k := l.temp(), l.temp()
	var body ast.Stmt
	zero := l.temp()
	list := []ast.Stmt{}
	switch u := coreType(t).(type) {
	case *types.Map:
		body = does(call(cell.Ident("delete", token.NoPos), x, k))
	case *types.Slice:
		list = append(list, &ast.DeclStmt{Decl: variable(zero, l.typeExpr(n, u.Elem()))})
		body = assign(token.ASSIGN, []ast.Expr{&ast.IndexExpr{X: x, Index: k}}, []ast.Expr{zero})
	default:
		l.fail(n, "clear of a type parameter")
		return n
	}
	list = append(list, &ast.RangeStmt{Key: k, Tok: token.DEFINE, X: x, Body: block(body)})
	params := &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{x}, Type: l.typeExpr(n, t)}}}
	n.Fun = &ast.FuncLit{Type: &ast.FuncType{Params: params}, Body: block(list...)}
	return n
}

// goStmt keeps the panic of a goroutine from ending the process. `go f(x)` becomes
//
//	{ g, a := f, x; c := nb.Begin(); go func() { defer func() { nb.End(c, recover()) }(); nb.Start(c); g(a) }() }
//
// The function and its arguments are evaluated by the goroutine that says go, as the language has it. The recover is in the
// outermost function of the new goroutine: it sees what would end the process, after all that the goroutine deferred.
func (l *lowerer) goStmt(n *ast.GoStmt) {
	c := n.Call
	fun := l.info.TypeOf(c.Fun)
	_, isBuiltin := l.info.Uses[identOf(c.Fun)].(*types.Builtin)
	inline := make([]bool, len(c.Args)) // constants get their type from the parameter, and g() in f(g()) may have several values
	for i, a := range c.Args {
		tv := l.info.Types[a]
		_, several := tv.Type.(*types.Tuple)
		inline[i] = tv.Value != nil || tv.IsNil() || several || tv.IsType()
	}
	_, isLit := ast.Unparen(c.Fun).(*ast.FuncLit)
	evaluated := fun != nil && !isBuiltin && !isLit
	l.after[n] = func(cur *astutil.Cursor) {
		cell := l.temp()
		list := []ast.Stmt{assign(token.DEFINE, []ast.Expr{cell}, []ast.Expr{call(l.nb("Begin"))})}
		inner := &ast.CallExpr{Fun: c.Fun, Ellipsis: c.Ellipsis}
		keep := func(e ast.Expr) ast.Expr {
			t := l.temp()
			list = append(list, assign(token.DEFINE, []ast.Expr{t}, []ast.Expr{e}))
			return t
		}
		if evaluated {
			inner.Fun = keep(c.Fun)
		}
		for i, a := range c.Args {
			if !inline[i] {
				a = keep(a)
			}
			inner.Args = append(inner.Args, a)
		}
		list = append(list, &ast.GoStmt{Call: call(l.guarded(cell, inner))})
		cur.Replace(block(list...))
	}
}

func identOf(e ast.Expr) *ast.Ident {
	id, _ := ast.Unparen(e).(*ast.Ident)
	return id
}

// guarded is the function that a goroutine runs.
func (l *lowerer) guarded(of, inner ast.Expr) ast.Expr {
	end := call(l.nb("End"), of, call(cell.Ident("recover", token.NoPos)))
	last := &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: block(does(end))}
	return &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: block(
		&ast.DeferStmt{Call: call(last)}, does(call(l.nb("Start"), of)), does(inner))}
}

// rangeStmt writes out loops over numbers and functions.
func (l *lowerer) rangeStmt(n *ast.RangeStmt) {
	t := l.info.TypeOf(n.X)
	if t == nil {
		return
	}
	if n.Tok == token.DEFINE {
		l.ownVariables(n.Body, n.Key, n.Value)
	}
	switch u := coreType(t).(type) {
	case *types.Basic:
		if u.Info()&types.IsInteger == 0 {
			return
		}
		if n.Key != nil {
			if k := l.info.TypeOf(n.Key); k != nil {
				t = k
			} else if o := l.info.Defs[identOf(n.Key)]; o != nil {
				t = o.Type()
			}
		}
		t = types.Default(t)
		l.after[n] = func(c *astutil.Cursor) { c.Replace(l.countTo(n, t)) }
	case *types.Signature:
		l.rangeFunc(n, u)
	case *types.Interface:
		l.fail(n.X, "range over a value of a type parameter")
	}
}

// ownVariables gives every turn of a loop variables of its own, where functions may keep them: for i := … { i := i; … }
func (l *lowerer) ownVariables(body *ast.BlockStmt, vars ...ast.Expr) {
	var copies []ast.Stmt
	if holds(body, func(n ast.Node) bool { _, ok := n.(*ast.FuncLit); return ok }) {
		for _, v := range vars {
			if id := identOf(v); id != nil && id.Name != "_" {
				copies = append(copies, assign(token.DEFINE, []ast.Expr{cell.Ident(id.Name, id.Pos())}, []ast.Expr{cell.Ident(id.Name, id.Pos())}))
			}
		}
	}
	body.List = append(copies, body.List...)
}

// holds reports whether something in a node is what is looked for.
func holds(n ast.Node, is func(ast.Node) bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || n != nil && is(n)
		return !found
	})
	return found
}

// forStmt does the same for a loop with a condition whose body does not assign its variable.
func (l *lowerer) forStmt(n *ast.ForStmt) {
	as, ok := n.Init.(*ast.AssignStmt)
	if !ok || as.Tok != token.DEFINE {
		return
	}
	for _, v := range as.Lhs {
		o := l.info.Defs[identOf(v)]
		assigned := holds(n.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IncDecStmt:
				return l.info.Uses[identOf(n.X)] == o
			case *ast.AssignStmt:
				return holdsVar(l.info, n.Lhs, o)
			}
			return false
		})
		if o != nil && !assigned {
			l.ownVariables(n.Body, v)
		}
	}
}

func holdsVar(info *types.Info, list []ast.Expr, o types.Object) bool {
	for _, x := range list {
		if id := identOf(x); id != nil && info.Uses[id] == o {
			return true
		}
	}
	return false
}

// countTo is a loop over the numbers below n: for i := range n { … } becomes for c, m := T(0), T(n); c < m; c++ { i := c; … }
func (l *lowerer) countTo(n *ast.RangeStmt, t types.Type) ast.Stmt {
	c, m := l.temp(), l.temp()
	conv := func(x ast.Expr) ast.Expr { return call(&ast.ParenExpr{X: l.typeExpr(n, t)}, x) }
	loop := &ast.ForStmt{
		For:  n.For,
		Init: assign(token.DEFINE, []ast.Expr{c, m}, []ast.Expr{conv(intLit(0)), conv(n.X)}),
		Cond: &ast.BinaryExpr{X: c, Op: token.LSS, Y: m},
		Post: &ast.IncDecStmt{X: c, Tok: token.INC},
		Body: n.Body,
	}
	if id := identOf(n.Key); n.Key != nil && !(id != nil && id.Name == "_") {
		n.Body.List = append([]ast.Stmt{assign(n.Tok, []ast.Expr{n.Key}, []ast.Expr{c})}, n.Body.List...)
	}
	return loop
}
