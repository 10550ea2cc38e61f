package yaegi

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	checks "github.com/msflow-go/msflow/kernel/interp"
)

// A lowerer writes a checked cell in the Go that yaegi takes.
type lowerer struct {
	s         *Session
	d         *draft
	info      *types.Info
	pkg       *types.Package
	temps     int
	after     map[ast.Node]func(c *astutil.Cursor) // what becomes of a node when its children have been lowered
	functions []*types.Signature                   // around a node, the innermost last
	aliases   map[string]string                    // of a package that is not a cell's: what it imports, as what
	err       error
}

func newLowerer(s *Session, d *draft, chk *checks.Checked) *lowerer {
	return &lowerer{s: s, d: d, info: chk.Info, pkg: chk.Package, after: map[ast.Node]func(*astutil.Cursor){}}
}

// lower makes yaegi's file of a cell. The function u.function of it is what the cell does.
func (s *Session) lower(d *draft, chk *checks.Checked, u *unit) (*ast.File, error) {
	l := newLowerer(s, d, chk)
	if len(d.p.Embeds) > 0 {
		l.fail(d.p.Embeds[0].Spec, "go:embed: read the file with os.ReadFile")
	}
	var decls []ast.Decl
	for _, decl := range d.p.Decls {
		if !isImport(decl) {
			decls = append(decls, l.decl(decl)...)
		}
	}
	main := l.main(u)
	decls = append(decls, l.kept(u)...)
	decls = append(decls, main)
	for _, sp := range d.p.Imports { // also those for their effect
		if path, err := strconv.Unquote(sp.Path.Value); err == nil {
			l.importName(path)
		}
	}
	if l.err != nil {
		return nil, l.err
	}
	file := &ast.File{Package: s.file, Name: cell.Ident("main", token.NoPos)}
	file.Decls = append(file.Decls, decls...)
	return file, nil
}

// fail notes the first thing that yaegi does not have.
func (l *lowerer) fail(at ast.Node, format string, args ...any) {
	if l.err == nil {
		l.err = l.s.sources.At(engine.KindLimit, l.s.position(at), notIn+fmt.Sprintf(format, args...))
	}
}

// importName is what yaegi's files call a package.
func (l *lowerer) importName(path string) string {
	name, err := l.s.alias(path)
	if l.aliases != nil {
		l.aliases[path] = name
	}
	if err != nil && l.err == nil {
		l.err = l.s.limit(err)
	}
	return name
}

// nb is a function or variable of the package that lowered cells call.
func (l *lowerer) nb(name string) ast.Expr {
	return &ast.SelectorExpr{X: cell.Ident(l.importName(runtimePath), token.NoPos), Sel: cell.Ident(name, token.NoPos)}
}

func call(f ast.Expr, args ...ast.Expr) *ast.CallExpr { return &ast.CallExpr{Fun: f, Args: args} }

func does(e ast.Expr) ast.Stmt { return &ast.ExprStmt{X: e} }

func assign(tok token.Token, lhs, rhs []ast.Expr) ast.Stmt {
	return &ast.AssignStmt{Lhs: lhs, Tok: tok, Rhs: rhs}
}

func block(list ...ast.Stmt) *ast.BlockStmt { return &ast.BlockStmt{List: list} }

// temp is a name that nothing else has.
func (l *lowerer) temp() *ast.Ident {
	l.temps++
	return cell.Ident(fmt.Sprintf("%st%d", cell.Hidden, l.temps), token.NoPos)
}

// decl lowers a declaration. A variable is declared with its type, and gets its value where the cell says so.
func (l *lowerer) decl(decl ast.Decl) []ast.Decl {
	g, ok := decl.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body == nil {
			f.Body = block(does(call(cell.Ident("panic", token.NoPos), stringLit(f.Name.Name+" is declared without a body"))))
		}
		return []ast.Decl{l.node(decl).(ast.Decl)}
	}
	var list []ast.Decl
	for _, sp := range g.Specs {
		for _, id := range sp.(*ast.ValueSpec).Names {
			if o := l.info.Defs[id]; o != nil && id.Name != "_" {
				list = append(list, variable(cell.Ident(l.s.scope.yaegiName(o), id.Pos()), l.typeExpr(id, o.Type())))
			}
		}
	}
	return list
}

func variable(name *ast.Ident, t ast.Expr) ast.Decl {
	return &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{&ast.ValueSpec{Names: []*ast.Ident{name}, Type: t}}}
}

func stringLit(s string) ast.Expr { return &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(s)} }

func intLit(n int) ast.Expr { return &ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(n)} }

// main is the function of the cell's statements. It says when it begins and ends, and before every statement its line.
func (l *lowerer) main(u *unit) *ast.FuncDecl {
	body := block(does(call(l.nb("Enter"))), &ast.DeferStmt{Call: call(l.nb("Leave"))})
	for _, it := range l.d.p.Items {
		body.List = append(body.List, does(call(l.nb("At"), intLit(l.s.interp.FileSet().Position(it.Pos).Line))))
		if it.Vars != nil {
			body.List = append(body.List, l.give(it.Vars))
		}
		switch {
		case it.Stmt == nil:
		case it.Stmt == ast.Stmt(l.d.p.Last):
			body.List = append(body.List, l.last(u)...)
		default:
			body.List = append(body.List, l.node(it.Stmt).(ast.Stmt))
		}
		for _, st := range it.After {
			body.List = append(body.List, l.node(st).(ast.Stmt))
		}
	}
	if o := l.pkg.Scope().Lookup("main"); l.d.p.Program && o != nil {
		body.List = append(body.List, does(call(cell.Ident(l.s.scope.yaegiName(o), token.NoPos))))
	}
	l.s.units++
	u.function = fmt.Sprintf("%s%d", cellFuncName, l.s.units)
	return &ast.FuncDecl{Name: cell.Ident(u.function, token.NoPos), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: body}
}

// give assigns the values of declared variables.
func (l *lowerer) give(vs *ast.ValueSpec) ast.Stmt {
	as := &ast.AssignStmt{Tok: token.ASSIGN, TokPos: vs.Pos()}
	for _, id := range vs.Names {
		name := id.Name
		if o := l.info.Defs[id]; o != nil && name != "_" {
			name = l.s.scope.yaegiName(o)
		}
		as.Lhs = append(as.Lhs, cell.Ident(name, id.Pos()))
	}
	for _, v := range vs.Values {
		as.Rhs = append(as.Rhs, l.node(v).(ast.Expr))
	}
	return as
}

// last is what becomes of the cell's last expression: its value is kept and shown.
func (l *lowerer) last(u *unit) []ast.Stmt {
	var xs, shown []ast.Expr
	for _, x := range l.d.p.Results() {
		xs = append(xs, l.node(x).(ast.Expr))
	}
	if u.quiet {
		var list []ast.Stmt
		for _, x := range xs {
			if _, isCall := x.(*ast.CallExpr); isCall || len(u.results) == 0 {
				list = append(list, does(x))
			} else {
				list = append(list, assign(token.ASSIGN, []ast.Expr{cell.Ident("_", token.NoPos)}, []ast.Expr{x}))
			}
		}
		return list
	}
	tok := token.DEFINE
	for range u.results {
		shown = append(shown, l.temp())
	}
	if len(u.results) == 1 && !isNil(u.results[0]) {
		v := types.NewVar(token.NoPos, l.pkg, outName(u.count), u.results[0])
		l.pkg.Scope().Insert(v)
		shown[0], tok = cell.Ident(l.s.scope.yaegiName(v), token.NoPos), token.ASSIGN
	} else if len(u.results) == 1 {
		return []ast.Stmt{does(call(l.nb("Show"), xs...))}
	}
	return []ast.Stmt{assign(tok, shown, xs), does(call(l.nb("Show"), shown...))}
}

func isNil(t types.Type) bool { return t == types.Typ[types.UntypedNil] }

// kept declares the variable of the cell's value.
func (l *lowerer) kept(u *unit) []ast.Decl {
	if o := l.pkg.Scope().Lookup(outName(u.count)); o != nil && o.Pkg() == l.pkg {
		return []ast.Decl{variable(cell.Ident(l.s.scope.yaegiName(o), token.NoPos), l.typeExpr(l.d.p.Last, o.Type()))}
	}
	return nil
}

// node lowers a node with all that is in it.
func (l *lowerer) node(n ast.Node) ast.Node {
	holder := &ast.BlockStmt{}
	switch n := n.(type) {
	case ast.Expr:
		p := &ast.ParenExpr{X: n}
		astutil.Apply(p, l.before, l.then)
		return p.X
	case ast.Stmt:
		holder.List = []ast.Stmt{n}
		astutil.Apply(holder, l.before, l.then)
		if len(holder.List) == 1 {
			return holder.List[0]
		}
		return holder
	}
	return astutil.Apply(n, l.before, l.then)
}

// before looks at a node while its children still have their types.
func (l *lowerer) before(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.FuncDecl:
		l.inside(n, l.info.Defs[n.Name].Type())
	case *ast.FuncLit:
		l.inside(n, l.info.TypeOf(n))
	case *ast.Ident:
		l.ident(c, n)
	case *ast.SelectorExpr:
		l.instance(n, n.Sel)
	case *ast.IndexExpr:
		if !l.foreignGeneric(n) {
			l.indexed(n, n.X)
		}
	case *ast.IndexListExpr:
		if !l.foreignGeneric(n) {
			l.indexed(n, n.X)
		}
	case *ast.CallExpr:
		l.call(n)
	case *ast.GoStmt:
		l.goStmt(n)
	case *ast.RangeStmt:
		l.rangeStmt(n)
	case *ast.ForStmt:
		l.forStmt(n)
	}
	return true
}

// inside notes that what follows is in a function.
func (l *lowerer) inside(n ast.Node, t types.Type) {
	l.functions = append(l.functions, t.(*types.Signature))
	l.after[n] = func(*astutil.Cursor) { l.functions = l.functions[:len(l.functions)-1] }
}

// then lowers a node whose children are lowered.
func (l *lowerer) then(c *astutil.Cursor) bool {
	if f := l.after[c.Node()]; f != nil {
		delete(l.after, c.Node())
		f(c)
	}
	return true
}

// ident gives what cells declare, and packages, the names that they have in yaegi.
func (l *lowerer) ident(c *astutil.Cursor, id *ast.Ident) {
	o := l.info.Uses[id]
	if o == nil {
		o = l.info.Defs[id]
	}
	if earlier := l.d.means[o]; earlier != nil {
		o = earlier
	}
	switch {
	case o == nil || id.Name == "_":
		return
	case l.s.scope.isPrelude(o):
		if _, ok := o.(*types.Var); ok {
			l.after[id] = func(c *astutil.Cursor) { c.Replace(l.nb("Ctx")) }
		}
		return
	case isDeclared(o):
		id.Name = l.s.scope.yaegiName(o)
	case isPkgName(o):
		id.Name = l.importName(o.(*types.PkgName).Imported().Path())
		return
	case o.Pkg() != nil && o.Pkg() != l.pkg && o.Pkg().Path() != "main" && o.Parent() == o.Pkg().Scope() && c.Name() != "Sel": // of a dot import
		x := cell.Ident(l.importName(o.Pkg().Path()), id.Pos())
		l.after[id] = func(c *astutil.Cursor) { c.Replace(&ast.SelectorExpr{X: x, Sel: cell.Ident(id.Name, id.Pos())}) }
	default:
		if name := l.embedded(o); name != "" {
			id.Name = name
		}
	}
	if c.Name() != "Sel" {
		l.instance(id, id)
	}
}

func isPkgName(o types.Object) bool {
	_, ok := o.(*types.PkgName)
	return ok
}

// embedded is the name of an embedded field of a type that a cell declares, which goes with that of the type.
func (l *lowerer) embedded(o types.Object) string {
	v, ok := o.(*types.Var)
	if !ok || !v.Embedded() {
		return ""
	}
	t := types.Unalias(v.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok && isDeclared(n.Obj()) {
		return l.s.scope.yaegiName(n.Obj())
	}
	return ""
}

// instance writes the type arguments of a generic function that the cell leaves to be inferred.
func (l *lowerer) instance(at ast.Expr, id *ast.Ident) {
	in, ok := l.info.Instances[id]
	if _, isFunc := l.info.Uses[id].(*types.Func); !ok || !isFunc || l.s.scope.isPrelude(l.info.Uses[id]) {
		return
	}
	inner := l.after[at]
	l.after[at] = func(c *astutil.Cursor) {
		if c.Name() == "X" {
			switch c.Parent().(type) {
			case *ast.IndexExpr, *ast.IndexListExpr: // see indexed
				return
			}
		}
		if inner != nil {
			inner(c)
		}
		c.Replace(l.withTypes(at, c.Node().(ast.Expr), in))
	}
}

// foreignGeneric writes what a generic type of a compiled package is made of, as yaegi has no such types.
func (l *lowerer) foreignGeneric(x ast.Expr) bool {
	tv := l.info.Types[x]
	n, ok := types.Unalias(tv.Type).(*types.Named)
	if !tv.IsType() || !ok || n.Obj().Pkg() == nil || n.Obj().Pkg() == l.pkg || n.Obj().Pkg().Path() == "main" {
		return false
	}
	l.after[x] = func(c *astutil.Cursor) { c.Replace(l.typeExpr(x, n)) }
	return true
}

// indexed completes the type arguments of a generic function of which the cell writes the first.
func (l *lowerer) indexed(at, x ast.Expr) {
	id, _ := x.(*ast.Ident)
	if sel, ok := x.(*ast.SelectorExpr); ok {
		id = sel.Sel
	}
	if id == nil {
		return
	}
	in, ok := l.info.Instances[id]
	if _, isFunc := l.info.Uses[id].(*types.Func); !ok || !isFunc {
		return
	}
	l.after[at] = func(c *astutil.Cursor) {
		x := c.Node()
		switch n := x.(type) {
		case *ast.IndexExpr:
			x = n.X
		case *ast.IndexListExpr:
			x = n.X
		}
		c.Replace(l.withTypes(at, x.(ast.Expr), in))
	}
}

func (l *lowerer) withTypes(at ast.Node, f ast.Expr, in types.Instance) ast.Expr {
	var list []ast.Expr
	for t := range in.TypeArgs.Types() {
		list = append(list, l.typeExpr(at, t))
	}
	if len(list) == 1 {
		return &ast.IndexExpr{X: f, Index: list[0]}
	}
	return &ast.IndexListExpr{X: f, Indices: list}
}
