package yaegi

import (
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// draft is a cell on its way to yaegi.
type draft struct {
	s       *Session
	p       *cell.Parsed
	file    *ast.File
	fn      *ast.FuncDecl
	imports cell.FileImports
	former  map[string]types.Object       // what names of earlier cells are called where the cell declares them anew
	means   map[types.Object]types.Object // the earlier object that each of them means
	again   []cell.Source                 // earlier declarations that are declared again with the cell
}

// parse reads a cell, together with earlier declarations that depend on what it declares.
func (s *Session) parse(label, src string, again []cell.Source, tolerant bool) (*draft, error) {
	d := &draft{s: s, imports: cell.NewFileImports(), former: map[string]types.Object{}, means: map[types.Object]types.Object{}, again: again}
	cp := cell.Parser{Fset: s.interp.FileSet(), Label: label, Previous: d.previous, Results: s.useResults, Tolerant: tolerant}
	var parts []cell.Part
	for _, so := range again {
		parts = append(parts, so.Text)
	}
	p, err := cp.Parse(src, parts)
	if err != nil && !tolerant {
		return nil, err
	}
	d.p = p
	return d, nil
}

// previous gives the current object of a name a hidden name, under which a cell that declares the name anew can still use
// it. It is "" when there is none.
func (d *draft) previous(name string) string {
	o := d.s.scope.objects[name]
	if o == nil {
		return ""
	}
	alias := cell.Hidden + "old_" + name
	if d.former[alias] != nil {
		return alias
	}
	pkg := types.NewPackage("main", "main")
	switch o := o.(type) {
	case *types.Var:
		d.former[alias] = types.NewVar(o.Pos(), pkg, alias, o.Type())
	case *types.Const:
		d.former[alias] = types.NewConst(o.Pos(), pkg, alias, o.Type(), o.Val())
	case *types.Func:
		d.former[alias] = types.NewFunc(o.Pos(), pkg, alias, o.Signature())
	default:
		tn := types.NewTypeName(o.Pos(), pkg, alias, nil)
		types.NewAlias(tn, o.Type())
		d.former[alias] = tn
	}
	d.means[d.former[alias]] = o
	return alias
}

// resolveImports loads the packages that the cell imports.
func (d *draft) resolveImports() error {
	return d.imports.Resolve(d.p.Imports, func(sp *ast.ImportSpec, path string) (*types.Package, error) {
		pkg, err := d.s.importPackage(path)
		if err != nil {
			at := d.s.interp.FileSet().Position(sp.Pos())
			return nil, d.s.sources.At(engine.KindCompile, at, fmt.Sprintf("could not import %s: %v", path, err))
		}
		return pkg, nil
	})
}

// importPackage is a compiled-in package as go/types sees it.
func (s *Session) importPackage(path string) (*types.Package, error) {
	pkg, err := s.importer.Import(path)
	switch {
	case err == nil:
		return pkg, nil
	case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
		return nil, errors.New("it is not compiled in, and modules are not in this evaluator: start it with --engine ixgo")
	case strings.Contains(err.Error(), "not found package"):
		return nil, errors.New("there is no such package in the standard library or compiled in")
	}
	return nil, err
}

// free reports whether a name has no meaning yet in the cell's package.
func (d *draft) free(name string) bool {
	return !d.imports.Named[name] && !d.p.Declared[name] && d.s.scope.objects[name] == nil
}

// assemble puts the file together that is checked: imports, declarations, the cell function.
func (d *draft) assemble() {
	d.file = &ast.File{Name: cell.Ident("main", token.NoPos)}
	for _, decl := range d.p.Decls {
		if isImport(decl) {
			d.file.Decls = append(d.file.Decls, decl)
		}
	}
	d.imports.Complete(d.file, d.p, d.s.scope.imports, d.free, func(name string) string { return d.s.packages[name] })
	for _, decl := range d.p.Decls {
		if !isImport(decl) {
			d.file.Decls = append(d.file.Decls, decl)
		}
	}
	body := &ast.BlockStmt{}
	for _, it := range d.p.Items {
		switch {
		case it.Stmt == nil:
		case it.Stmt == ast.Stmt(d.p.Last):
			for _, x := range d.p.Results() {
				body.List = append(body.List, &ast.ExprStmt{X: x})
			}
		default:
			body.List = append(body.List, it.Stmt)
		}
		body.List = append(body.List, it.After...)
	}
	d.fn = &ast.FuncDecl{Name: cell.Ident(cellFuncName, token.NoPos), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: body}
	d.file.Decls = append(d.file.Decls, d.fn)
}

func isImport(decl ast.Decl) bool {
	g, ok := decl.(*ast.GenDecl)
	return ok && g.Tok == token.IMPORT
}

// newPackage is a package whose scope holds what the cell mentions of earlier cells, under its own names.
func (d *draft) newPackage() *types.Package {
	pkg := types.NewPackage("main", "main")
	for _, o := range d.former {
		pkg.Scope().Insert(o)
	}
	for name := range d.p.Mentioned {
		if o := d.s.scope.objects[name]; o != nil && !d.p.Declared[name] && !d.imports.Named[name] {
			pkg.Scope().Insert(o)
		}
	}
	for name, o := range d.s.scope.prelude {
		if d.free(name) {
			pkg.Scope().Insert(o)
		}
	}
	return pkg
}

// check type-checks the file. What the expressions of a cell may be and statements may not is no error.
func (d *draft) check() *interp.Checked {
	c := &interp.Checked{Package: d.newPackage(), File: d.file, Info: ssarepair.NewInfo()}
	conf := &types.Config{
		Importer: d.s.importer, Sizes: sizes, DisableUnusedImportCheck: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok {
				c.Errors = append(c.Errors, e)
			}
		},
	}
	types.NewChecker(conf, d.s.interp.FileSet(), c.Package, c.Info).Files([]*ast.File{d.file})
	c.Errors = cell.DropCycles(c.Errors, c.Info)
	c.Errors = slices.DeleteFunc(c.Errors, d.isResult)
	return c
}

// isResult reports whether an error only says that the cell's last expression is used by nobody.
func (d *draft) isResult(e types.Error) bool {
	return d.p.Last != nil && strings.HasSuffix(e.Msg, "is not used") && d.p.Last.Pos() <= e.Pos && e.Pos < d.p.Last.End()
}

// checked parses and checks a cell.
func (s *Session) checked(label, src string, again []cell.Source) (*draft, *interp.Checked, error) {
	d, err := s.parse(label, src, again, false)
	if err != nil {
		var list scanner.ErrorList
		if errors.As(err, &list) {
			return nil, nil, s.sources.ParseError(list)
		}
		return nil, nil, err
	}
	if err := d.resolveImports(); err != nil {
		return nil, nil, err
	}
	d.assemble()
	const rounds = 3 // one edit may be the reason for another
	var c *interp.Checked
	for range rounds {
		if c = d.check(); !chooseMust(c) && !keyLiterals(c) {
			break
		}
	}
	for _, id := range d.p.OutOfScope(c.Info, c.Package) {
		c.Errors = append(c.Errors, types.Error{Fset: s.interp.FileSet(), Pos: id.Pos(), Msg: "undefined: " + id.Name})
	}
	if len(c.Errors) > 0 {
		return nil, nil, s.sources.TypeErrors(c.Errors)
	}
	return d, c, nil
}
