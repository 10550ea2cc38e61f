package program

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// check finds the types of the program, and chooses the form of must for each of its calls. Errors are *Error.
func (t *translator) check(cells []*codeCell) error {
	for {
		failed := t.checkOnce(cells)
		if t.chooseMust(cells) {
			continue
		}
		for s := range stretches(cells) {
			if e := failed[s]; e != nil {
				return &Error{s.number, e}
			}
			s.OrderVars(t.info)
		}
		return nil
	}
}

// checkOnce gives the first error of each stretch.
func (t *translator) checkOnce(cells []*codeCell) map[*stretch]error {
	t.pkg = types.NewPackage("main", "main")
	t.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	for _, name := range t.prelude.Names() {
		t.pkg.Scope().Insert(t.prelude.Lookup(name))
	}
	var list []types.Error
	conf := &types.Config{
		Importer: importer{t}, DisableUnusedImportCheck: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok && !t.shown(e) {
				list = append(list, e)
			}
		},
	}
	types.NewChecker(conf, t.fset, t.pkg, t.info).Files([]*ast.File{t.file(cells)})
	failed := map[*stretch]error{}
	for s := range stretches(cells) {
		for _, id := range s.OutOfScope(t.info, t.pkg) {
			failed[s] = errors.New("undefined: " + id.Name)
		}
	}
	for _, e := range cell.DropCycles(list, t.info) {
		if s := t.files[t.fset.File(e.Pos)]; failed[s] == nil {
			failed[s] = errors.New(plainer(e.Msg))
		}
	}
	return failed
}

// plainer says of _ what it would mean in the session.
func plainer(message string) string {
	if strings.HasPrefix(message, "cannot use _ as value") {
		return "_, the last result, is none in a program: give the value a name"
	}
	return message
}

// shown reports whether an error is none in the program, as the last expression of a cell is shown there.
func (t *translator) shown(e types.Error) bool {
	s := t.files[t.fset.File(e.Pos)]
	return s != nil && s.Last != nil && strings.Contains(e.Msg, "is not used") && s.pieceAt(e.Pos) == s.pieceAt(s.Last.Pos())
}

// file is the program as a file: imports, declarations, x := f() as variables, and a function for the statements of each
// stretch.
func (t *translator) file(cells []*codeCell) *ast.File {
	f := &ast.File{Name: ast.NewIdent("main")}
	for path, name := range t.used {
		sp := &ast.ImportSpec{Name: ast.NewIdent(name), Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
		f.Imports = append(f.Imports, sp)
		f.Decls = append(f.Decls, &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{sp}})
	}
	for s := range stretches(cells) {
		for _, d := range s.Decls {
			if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.IMPORT {
				f.Decls = append(f.Decls, d)
			}
		}
		body := &ast.BlockStmt{}
		for _, it := range s.Items {
			if it.Stmt != nil {
				body.List = append(body.List, it.Stmt)
			}
			body.List = append(body.List, it.After...)
		}
		f.Decls = append(f.Decls, &ast.FuncDecl{Name: ast.NewIdent("_"), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: body})
	}
	return f
}

// importer takes packages from the session.
type importer struct{ t *translator }

func (i importer) Import(path string) (*types.Package, error) {
	return i.t.session.ImportPackage(i.t.ctx, path)
}

// chooseMust picks the form of must for its argument; it reports whether it changed anything.
func (t *translator) chooseMust(cells []*codeCell) (changed bool) {
	for s := range stretches(cells) {
		for _, p := range s.pieces {
			for id, form := range cell.MustCalls(p.File, t.info) {
				if form.Name != id.Name {
					p.rename(id, form.Name)
					changed = true
				}
			}
		}
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
func ` + cell.ListName + `(values ...any) {}
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
