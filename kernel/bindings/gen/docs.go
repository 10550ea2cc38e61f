package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/msflow-go/msflow/kernel/engine/assist"
)

// docs is the packages' documentation, a JSON file for each, in an archive whose
// comment is the version of Go that the standard library's is from.
func docs(pkgs []*packages.Package) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.SetComment(runtime.Version()); err != nil {
		return nil, err
	}
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].PkgPath < pkgs[j].PkgPath })
	for _, p := range pkgs {
		d, err := document(p)
		if err == nil {
			err = writeDoc(z, p.PkgPath, d)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, err)
		}
	}
	d, err := documentBuiltin()
	if err == nil {
		err = writeDoc(z, "builtin", d)
	}
	if err != nil {
		return nil, fmt.Errorf("builtin: %w", err)
	}
	err = z.Close()
	return b.Bytes(), err
}

func writeDoc(z *zip.Writer, path string, d *assist.PackageDoc) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	// A fixed time keeps the file the same from run to run.
	w, err := z.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// documentBuiltin reads the language's own functions and types from the file
// that documents them, which does not type-check.
func documentBuiltin() (*assist.PackageDoc, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, filepath.Join(strings.TrimSpace(string(root)), "src/builtin/builtin.go"), nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	out := &assist.PackageDoc{Name: "builtin", Doc: f.Doc.Text(), Symbols: map[string]assist.SymbolDoc{}}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			var sig strings.Builder
			printer.Fprint(&sig, fset, d.Type)
			out.Symbols[d.Name.Name] = assist.SymbolDoc{Signature: strings.TrimPrefix(sig.String(), "func"), Doc: d.Doc.Text()}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				if ts, ok := sp.(*ast.TypeSpec); ok {
					out.Symbols[ts.Name.Name] = assist.SymbolDoc{Doc: d.Doc.Text()}
				}
			}
		}
	}
	return out, nil
}

// document collects a package's doc comments and signatures.
func document(p *packages.Package) (*assist.PackageDoc, error) {
	var files []*ast.File
	for _, f := range p.Syntax { // cgo's output is not documentation
		if strings.HasSuffix(p.Fset.File(f.Pos()).Name(), ".go") {
			files = append(files, f)
		}
	}
	d, err := doc.NewFromFiles(p.Fset, files, p.PkgPath, doc.PreserveAST)
	if err != nil {
		return nil, err
	}
	out := &assist.PackageDoc{Name: p.Name, Doc: d.Doc, Symbols: map[string]assist.SymbolDoc{}}
	a := &documenter{p, out}
	a.values(d.Consts)
	a.values(d.Vars)
	a.funcs(d.Funcs)
	for _, t := range d.Types {
		a.typ(t)
	}
	return out, nil
}

type documenter struct {
	p   *packages.Package
	out *assist.PackageDoc
}

func (a *documenter) qualify(q *types.Package) string {
	if q == a.p.Types {
		return ""
	}
	return q.Name()
}

// add enters a symbol: "F", "T", "T.Method" or "T.Field".
func (a *documenter) add(key string, o types.Object, text string) {
	if o == nil {
		return
	}
	s := assist.SymbolDoc{Doc: strings.TrimSpace(text)}
	switch o := o.(type) {
	case *types.Func:
		s.Signature = strings.TrimPrefix(types.TypeString(o.Signature(), a.qualify), "func")
	case *types.TypeName:
	default:
		s.Signature = types.TypeString(o.Type(), a.qualify)
	}
	a.out.Symbols[key] = s
}

func (a *documenter) lookup(name string) types.Object { return a.p.Types.Scope().Lookup(name) }

func (a *documenter) values(vs []*doc.Value) {
	for _, v := range vs {
		for _, sp := range v.Decl.Specs {
			vs, ok := sp.(*ast.ValueSpec)
			if !ok {
				continue
			}
			text := vs.Doc.Text()
			if text == "" {
				text = vs.Comment.Text()
			}
			if text == "" {
				text = v.Doc
			}
			for _, id := range vs.Names {
				if id.IsExported() {
					a.add(id.Name, a.lookup(id.Name), text)
				}
			}
		}
	}
}

func (a *documenter) funcs(fs []*doc.Func) {
	for _, f := range fs {
		a.add(f.Name, a.lookup(f.Name), f.Doc)
	}
}

func (a *documenter) typ(t *doc.Type) {
	o := a.lookup(t.Name)
	a.add(t.Name, o, t.Doc)
	a.values(t.Consts)
	a.values(t.Vars)
	a.funcs(t.Funcs)
	for _, m := range t.Methods {
		if o == nil {
			continue
		}
		if f, _, _ := types.LookupFieldOrMethod(o.Type(), true, a.p.Types, m.Name); f != nil {
			a.add(t.Name+"."+m.Name, f, m.Doc)
		}
	}
	for _, sp := range t.Decl.Specs {
		if ts, ok := sp.(*ast.TypeSpec); ok && ts.Name.Name == t.Name {
			a.members(t.Name, ts.Type)
		}
	}
}

// members documents the fields of a struct and the methods of an interface.
func (a *documenter) members(typeName string, e ast.Expr) {
	var list []*ast.Field
	switch e := e.(type) {
	case *ast.StructType:
		list = e.Fields.List
	case *ast.InterfaceType:
		list = e.Methods.List
	}
	for _, f := range list {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, id := range f.Names {
			if id.IsExported() {
				a.add(typeName+"."+id.Name, a.p.TypesInfo.Defs[id], text)
			}
		}
	}
}
