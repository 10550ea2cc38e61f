package program

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
)

// translator translates the cells of one notebook in order.
type translator struct {
	ctx     context.Context
	session *engine.Session
	fset    *token.FileSet

	taken             map[string]bool            // names that a new declaration may not have
	declaredSomewhere map[string]bool            // by a cell read so far
	current           map[string]string          // name in the notebook → in the program
	users             map[string]map[string]bool // name → functions and methods of the cells so far that mention it
	objects           []types.Object             // what the cells declared so far
	imported          map[string]string          // name → path, by the cells so far
	used              map[string]string          // path → name, of the program's imports
	prelude           *types.Scope
	warnings          []string
}

func newTranslator(ctx context.Context, s *engine.Session) (*translator, error) {
	t := &translator{
		ctx: ctx, session: s, fset: token.NewFileSet(), taken: map[string]bool{}, declaredSomewhere: map[string]bool{},
		current: map[string]string{}, users: map[string]map[string]bool{}, imported: map[string]string{}, used: map[string]string{},
	}
	for _, name := range []string{"main", "init", "ctx", "native", "live", "flag"} {
		t.taken[name] = true
	}
	for _, f := range cell.MustForms {
		t.taken[f.Name] = true
	}
	return t, t.loadPrelude()
}

// translate makes the cell's declarations and statements.
func (t *translator) translate(c *codeCell) error {
	if err := t.nameAll(c); err != nil {
		return err
	}
	k, err := t.check(c)
	if err != nil {
		return err
	}
	for _, p := range c.pieces {
		if err := t.emit(c, p, k); err != nil {
			return err
		}
	}
	if c.parameters {
		t.flags(c, k)
	}
	scope := k.pkg.Scope()
	for _, name := range scope.Names() {
		if k.new[name] {
			t.objects = append(t.objects, scope.Lookup(name))
		}
	}
	return nil
}

// emit puts a piece where it belongs.
func (t *translator) emit(c *codeCell, p *piece, k *checked) error {
	switch p.Kind {
	case cell.Import:
		return nil
	case cell.Magic:
		c.statements = append(c.statements, p.text)
		return nil
	case cell.Declaration:
		if g, ok := p.file.Decls[0].(*ast.GenDecl); ok && g.Tok == token.VAR {
			return t.emitVars(c, p, g, k)
		}
		c.declarations = append(c.declarations, strings.Trim(p.whole(), "\n"))
		return nil
	}
	if as := p.define(); as != nil {
		if err := t.declare(c, k, as.Lhs); err != nil {
			return err
		}
		p.replace(as.TokPos, as.TokPos+2, "=")
	}
	if k.last == p {
		t.emitLast(p, k)
	}
	c.statements = append(c.statements, strings.TrimRight(p.whole(), " \t\n")+"\n")
	return nil
}

// emitVars makes a package's variables of var declarations, and assignments of their values.
func (t *translator) emitVars(c *codeCell, p *piece, g *ast.GenDecl, k *checked) error {
	for _, sp := range g.Specs {
		vs := sp.(*ast.ValueSpec)
		names := make([]ast.Expr, len(vs.Names))
		var left []string
		for i, id := range vs.Names {
			names[i] = id
			left = append(left, id.Name)
		}
		if err := t.declare(c, k, names); err != nil {
			return err
		}
		if len(vs.Values) > 0 {
			first, last := vs.Values[0], vs.Values[len(vs.Values)-1]
			c.statements = append(c.statements, fmt.Sprintf("%s = %s\n", strings.Join(left, ", "), p.source(first.Pos(), p.ends[last])))
		}
	}
	return nil
}

// declare makes package variables of the names that the cell declares, once.
func (t *translator) declare(c *codeCell, k *checked, names []ast.Expr) error {
	for _, e := range names {
		id, ok := e.(*ast.Ident)
		if !ok || id.Name == "_" || !k.new[id.Name] {
			continue
		}
		line, err := t.varLine(k, id.Name)
		if err != nil {
			return err
		}
		if !slices.Contains(c.vars, line) {
			c.vars = append(c.vars, line)
		}
	}
	return nil
}

// varLine is a variable with its type.
func (t *translator) varLine(k *checked, name string) (string, error) {
	v, ok := k.pkg.Scope().Lookup(name).(*types.Var)
	if !ok {
		return "", fmt.Errorf("%s has no type", name)
	}
	var hiddenType error
	text := types.TypeString(v.Type(), func(p *types.Package) string {
		if p.Name() == "main" {
			return ""
		}
		return t.packageName(p.Path(), p.Name())
	})
	if at := unexported(v.Type()); at != "" {
		hiddenType = fmt.Errorf("the type of %s, %s, has no name outside of its package", name, at)
	}
	return name + " " + text, hiddenType
}

// unexported is a type that another package may not name, if the type is made of one.
func unexported(t types.Type) string {
	switch t := t.(type) {
	case *types.Pointer:
		return unexported(t.Elem())
	case *types.Slice:
		return unexported(t.Elem())
	case *types.Array:
		return unexported(t.Elem())
	case *types.Map:
		if at := unexported(t.Key()); at != "" {
			return at
		}
		return unexported(t.Elem())
	case *types.Chan:
		return unexported(t.Elem())
	case *types.Named:
		if o := t.Obj(); o.Pkg() != nil && o.Pkg().Name() != "main" && !o.Exported() {
			return o.Pkg().Name() + "." + o.Name()
		}
	}
	return ""
}

// packageName is how the program calls a package, which it imports if it does not yet.
func (t *translator) packageName(importPath, name string) string {
	if known := t.used[importPath]; known != "" {
		return known
	}
	for other, n := range t.used {
		if n == name && other != importPath {
			name = t.unique(path.Base(path.Dir(importPath)) + name)
			break
		}
	}
	t.used[importPath] = name
	return name
}

// variables are the cell's, as a declaration.
func (t *translator) variables(c *codeCell) string {
	switch len(c.vars) {
	case 0:
		return ""
	case 1:
		return "var " + c.vars[0] + "\n\n"
	}
	return "var (\n\t" + strings.Join(c.vars, "\n\t") + "\n)\n\n"
}

// emitLast makes the last expression of a cell show its value, or keeps it from being an error.
func (t *translator) emitLast(p *piece, k *checked) {
	x := k.result
	_, isCall := ast.Unparen(x).(*ast.CallExpr)
	kind := k.info.Types[x]
	switch {
	case kind.IsVoid() || cell.IsPrint(k.info, x):
		return
	case p.Semicolon:
		if !isCall {
			p.replace(x.Pos(), x.Pos(), "_ = ")
		}
		return
	}
	show := "native.Show("
	if endsInError(kind.Type) {
		show = "native.ShowChecked("
	}
	p.replace(x.Pos(), x.Pos(), show)
	p.replace(p.ends[x], p.ends[x], ")")
}

func endsInError(t types.Type) bool {
	if tuple, ok := t.(*types.Tuple); ok {
		t = tuple.At(tuple.Len() - 1).Type()
	}
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
