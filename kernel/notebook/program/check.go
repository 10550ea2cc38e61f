package program

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// checked is a cell's file with its types.
type checked struct {
	pkg      *types.Package
	info     *types.Info
	new      map[string]bool   // names that this cell declares
	packages map[string]string // name → path, of the packages that it mentions
	last     *piece            // the piece whose statement is the cell's last expression, nil if it ends otherwise
	result   ast.Expr
	errs     []types.Error
}

// check finds the types in a cell, and chooses the form of must for each of its calls.
func (t *translator) check(c *codeCell) (*checked, error) {
	for {
		k, err := t.checkOnce(c)
		if err != nil {
			return nil, err
		}
		if t.chooseMust(c, k) {
			continue
		}
		if len(k.errs) > 0 {
			return nil, errors.New(k.errs[0].Msg)
		}
		return k, nil
	}
}

func (t *translator) checkOnce(c *codeCell) (*checked, error) {
	k := &checked{new: map[string]bool{}, packages: map[string]string{}, pkg: types.NewPackage("main", "main"), info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
	}}
	f, err := t.file(c, k)
	if err != nil {
		return nil, err
	}
	for _, o := range t.objects {
		k.pkg.Scope().Insert(o)
	}
	for _, name := range t.prelude.Names() {
		if !k.new[name] {
			k.pkg.Scope().Insert(t.prelude.Lookup(name))
		}
	}
	conf := &types.Config{
		Importer: importer{t}, DisableUnusedImportCheck: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok && !k.harmless(e) {
				k.errs = append(k.errs, e)
			}
		},
	}
	types.NewChecker(conf, t.fset, k.pkg, k.info).Files([]*ast.File{f})
	k.errs = append(k.selfReferences(c), cell.DropCycles(k.errs, k.info)...)
	return k, nil
}

// selfReferences are the uses of x in x := f(x) where no earlier cell has an x.
func (k *checked) selfReferences(c *codeCell) (errs []types.Error) {
	for _, p := range c.pieces {
		if p.file == nil || p.define() == nil {
			continue
		}
		own := map[types.Object]bool{}
		for _, l := range p.define().Lhs {
			if id, ok := l.(*ast.Ident); ok && k.info.Defs[id] != nil {
				own[k.info.Defs[id]] = true
			}
		}
		for _, r := range p.define().Rhs {
			ast.Inspect(r, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && own[k.info.Uses[id]] {
					errs = append(errs, types.Error{Pos: id.Pos(), Msg: "undefined: " + id.Name})
				}
				return true
			})
		}
	}
	return errs
}

// harmless errors are none in the program: there all is one package, variables are assigned in a function, and the last
// expression is shown.
func (k *checked) harmless(e types.Error) bool {
	return strings.HasPrefix(e.Msg, "implicit assignment to unexported field") ||
		k.result != nil && strings.Contains(e.Msg, "is not used") && e.Pos >= k.result.Pos() && e.Pos <= k.result.End()
}

// file is the cell as a file: imports, declarations, x := f() as variables, and a function of the other statements.
func (t *translator) file(c *codeCell, k *checked) (*ast.File, error) {
	f := &ast.File{Name: ast.NewIdent("main")}
	body := &ast.BlockStmt{}
	var decls []ast.Decl
	for _, p := range c.pieces {
		if p.file == nil {
			continue
		}
		for _, sp := range p.file.Imports {
			if err := t.explicitImport(k, sp); err != nil {
				return nil, err
			}
		}
		switch as := p.define(); {
		case as != nil:
			decls = append(decls, hoisted(as, k.new))
		case p.Kind == cell.Statement:
			k.last = nil
			fd := p.file.Decls[0].(*ast.FuncDecl)
			body.List = append(body.List, fd.Body.List...)
			if es, ok := p.statement().(*ast.ExprStmt); ok {
				k.last, k.result = p, es.X
			}
		case p.Kind == cell.Declaration:
			decls = append(decls, p.file.Decls...)
		}
		for _, name := range p.declares() {
			k.new[name] = true
		}
	}
	if k.last != nil && k.last != c.lastPiece() {
		k.last, k.result = nil, nil
	}
	for _, p := range c.pieces {
		if p.file != nil {
			t.impliedImports(k, p)
		}
	}
	for name, path := range k.packages {
		sp := &ast.ImportSpec{Name: ast.NewIdent(name), Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
		f.Imports = append(f.Imports, sp)
		f.Decls = append(f.Decls, &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{sp}})
	}
	f.Decls = append(append(f.Decls, decls...), &ast.FuncDecl{Name: ast.NewIdent("_"), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: body})
	return f, nil
}

func (c *codeCell) lastPiece() (last *piece) {
	for _, p := range c.pieces {
		if p.file != nil {
			last = p
		}
	}
	return last
}

// hoisted is x, y := f() as a variable declaration; what is declared already is assigned.
func hoisted(as *ast.AssignStmt, declared map[string]bool) ast.Decl {
	vs := &ast.ValueSpec{Values: as.Rhs}
	fresh := cell.Declares(as, declared)
	for i, l := range as.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok || !fresh[i] {
			id = &ast.Ident{Name: "_", NamePos: l.Pos()}
		}
		vs.Names = append(vs.Names, id)
	}
	return &ast.GenDecl{Tok: token.VAR, TokPos: as.Pos(), Specs: []ast.Spec{vs}}
}

// explicitImport notes what a cell imports, for it and those after it.
func (t *translator) explicitImport(k *checked, sp *ast.ImportSpec) error {
	path, err := strconv.Unquote(sp.Path.Value)
	if err != nil {
		return err
	}
	pkg, err := t.session.ImportPackage(t.ctx, path)
	if err != nil {
		return fmt.Errorf("could not import %s: %w", path, err)
	}
	name := pkg.Name()
	if sp.Name != nil {
		name = sp.Name.Name
	}
	switch name {
	case ".":
		return fmt.Errorf("import . %q: write the package's name before what is used of it", path)
	case "_":
		t.used[path] = "_"
	default:
		t.imported[name] = path
	}
	return nil
}

// impliedImports finds the packages that a piece's free names mean.
func (t *translator) impliedImports(k *checked, p *piece) {
	for _, id := range p.file.Unresolved {
		name := id.Name
		if k.new[name] || t.declared(name) {
			continue
		}
		path := t.imported[name]
		if path == "" && t.prelude.Lookup(name) == nil && types.Universe.Lookup(name) == nil {
			path = t.session.PackageNamed(name)
		}
		if path != "" {
			p.rename(id, t.packageName(path, name))
			k.packages[id.Name] = path
		}
	}
}

// declared tells whether an earlier cell's object has this name in the program.
func (t *translator) declared(name string) bool {
	return slices.ContainsFunc(t.objects, func(o types.Object) bool { return o.Name() == name })
}

// importer takes packages from the session.
type importer struct{ t *translator }

func (i importer) Import(path string) (*types.Package, error) {
	return i.t.session.ImportPackage(i.t.ctx, path)
}

// chooseMust picks the form of must for its argument, as the kernel does; it reports whether it changed anything.
func (t *translator) chooseMust(c *codeCell, k *checked) (changed bool) {
	for _, p := range c.pieces {
		if p.file == nil {
			continue
		}
		ast.Inspect(p.file, func(n ast.Node) bool {
			e, ok := n.(*ast.CallExpr)
			if !ok || len(e.Args) != 1 {
				return true
			}
			id, ok := e.Fun.(*ast.Ident)
			if !ok || id.Name != "must" || k.info.Uses[id] != t.prelude.Lookup("must") {
				return true
			}
			if form := cell.MustFor(k.info.Types[e.Args[0]].Type); form.Name != "must" {
				p.rename(id, form.Name)
				changed = true
			}
			return true
		})
	}
	return changed
}

// predeclared is what every cell can use without declaring it, as far as its types go.
func predeclared() string {
	src := `package main
import "context"
var ctx context.Context
func check(error) {}
func Display(v any) error { return nil }
`
	for _, f := range cell.MustForms {
		src += f.Source(f.Name, "check")
	}
	return src
}

func (t *translator) loadPrelude() error {
	f, err := parser.ParseFile(t.fset, "prelude", predeclared(), 0)
	if err != nil {
		return err
	}
	pkg, err := (&types.Config{Importer: importer{t}}).Check("main", t.fset, []*ast.File{f}, nil)
	if err != nil {
		return err
	}
	t.prelude = pkg.Scope()
	return nil
}
