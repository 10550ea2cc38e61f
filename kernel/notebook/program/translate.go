package program

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"path"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
)

// translator translates the cells of one notebook.
type translator struct {
	ctx     context.Context
	session *engine.Session
	fset    *token.FileSet
	files   map[*token.File]*stretch // by the files of their pieces

	taken             map[string]bool            // names that a new declaration may not have
	declaredSomewhere map[string]bool            // by a cell read so far
	current           map[string]string          // name in the notebook → in the program
	users             map[string]map[string]bool // name → functions and methods of the cells so far that mention it
	imported          map[string]string          // name → path, by the cells so far
	used              map[string]string          // path → name, of the program's imports
	temps             int
	warnings          []string

	prelude *types.Scope
	pkg     *types.Package // the program
	info    *types.Info
}

func newTranslator(ctx context.Context, s *engine.Session) (*translator, error) {
	t := &translator{
		ctx: ctx, session: s, fset: token.NewFileSet(), files: map[*token.File]*stretch{}, taken: map[string]bool{}, declaredSomewhere: map[string]bool{},
		current: map[string]string{}, users: map[string]map[string]bool{}, imported: map[string]string{}, used: map[string]string{},
	}
	for _, name := range []string{"main", "init", "native", "live", "flag"} {
		t.taken[name] = true
	}
	err := t.loadPrelude()
	if err == nil {
		for _, name := range t.prelude.Names() {
			t.taken[name] = true
		}
	}
	return t, err
}

// stretches are the stretches of Go of all cells.
func stretches(cells []*codeCell) iter.Seq[*stretch] {
	return func(yield func(*stretch) bool) {
		for _, c := range cells {
			for _, s := range c.stretches {
				if s.Parsed != nil && !yield(s) {
					return
				}
			}
		}
	}
}

// translate makes the cells' declarations and statements. Errors are *Error.
func (t *translator) translate(cells []*codeCell) error {
	for s := range stretches(cells) {
		if err := t.nameAll(s); err != nil {
			return &Error{s.number, err}
		}
	}
	if err := t.check(cells); err != nil {
		return err
	}
	for _, c := range cells {
		for _, s := range c.stretches {
			if err := t.emit(s); err != nil {
				return &Error{c.number, err}
			}
		}
		if c.parameters {
			t.flags(c)
		}
	}
	return nil
}

// emit writes a stretch into its cell.
func (t *translator) emit(s *stretch) error {
	c := s.codeCell
	if s.Parsed == nil {
		c.statements = append(c.statements, s.comment+"\n")
		return nil
	}
	for _, p := range s.pieces {
		if g, ok := p.File.Decls[0].(*ast.GenDecl); p.Kind == cell.Declaration && !(ok && g.Tok == token.VAR) {
			c.declarations = append(c.declarations, p.whole())
		}
	}
	for _, d := range s.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			if err := t.declare(c, g); err != nil {
				return err
			}
		}
	}
	for _, it := range s.Items {
		c.statements = append(c.statements, strings.TrimRight(t.statement(s, it), " \t\n")+"\n")
	}
	return nil
}

// declare makes variables of the program.
func (t *translator) declare(c *codeCell, g *ast.GenDecl) error {
	for _, sp := range g.Specs {
		for _, id := range sp.(*ast.ValueSpec).Names {
			if id.Name == "_" || cell.IsHidden(id.Name) {
				continue
			}
			line, err := t.varLine(id.Name)
			if err != nil {
				return err
			}
			c.vars = append(c.vars, line)
		}
	}
	return nil
}

// statement is the source of one step of a cell.
func (t *translator) statement(s *stretch, it *cell.Item) string {
	p := s.pieceAt(it.Pos)
	switch {
	case it.Init:
		return it.Stmt.(*ast.ExprStmt).X.(*ast.CallExpr).Fun.(*ast.Ident).Name + "()"
	case it.IsVar:
		var left []string
		for _, id := range it.Vars.Names {
			left = append(left, id.Name)
		}
		first, last := it.Vars.Values[0], it.Vars.Values[len(it.Vars.Values)-1]
		return strings.Join(left, ", ") + " = " + p.edited(p.offset(first.Pos()), p.offset(p.ends[last]))
	case it.Vars != nil:
		p.replace(p.definition().TokPos, len(":="), "=")
	case it.Stmt == ast.Stmt(s.Last):
		t.show(s, p)
	}
	return p.whole()
}

// varLine is a variable with its type.
func (t *translator) varLine(name string) (string, error) {
	v, ok := t.pkg.Scope().Lookup(name).(*types.Var)
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

// show makes the last expression of a stretch show its value, or values, or keeps it from being an error.
func (t *translator) show(s *stretch, p *piece) {
	results := s.Results()
	first, last := results[0], results[len(results)-1]
	kind := t.info.Types[last]
	_, isCall := ast.Unparen(last).(*ast.CallExpr)
	switch {
	case kind.IsVoid() || cell.IsPrint(t.info, first):
		return
	case s.Quiet:
		if len(results) > 1 || !isCall {
			p.replace(first.Pos(), 0, strings.Repeat("_, ", len(results)-1)+"_ = ")
		}
		return
	}
	show := "native.Show("
	if endsInError(kind.Type) {
		show = "native.ShowChecked("
	}
	p.replace(first.Pos(), 0, show)
	p.replace(p.ends[last], 0, ")")
}

func endsInError(t types.Type) bool {
	if tuple, ok := t.(*types.Tuple); ok {
		t = tuple.At(tuple.Len() - 1).Type()
	}
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
