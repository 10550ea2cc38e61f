package engine

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// analysis is unfinished source type-checked on the live session, as far as it
// can be understood. Nothing of it stays in the session.
type analysis struct {
	s    *Session
	code string
	fset *token.FileSet
	*interp.Checked
}

const analysed = "analysed" // the file name in positions

// analyse checks source that may not parse. The caller holds s.compiling.
func (s *Session) analyse(code string) *analysis {
	a := &analysis{s: s, code: code, fset: token.NewFileSet()}
	earlier := map[string]types.Object{} // stand for x on the right of x := x.f
	cp := cell.Parser{Fset: a.fset, Label: analysed, Tolerant: true, Results: s.useResults, Previous: func(name string) string {
		o := s.scope.objects[name]
		if o == nil {
			return ""
		}
		alias := cell.Hidden + "old_" + name
		earlier[alias] = types.NewVar(token.NoPos, types.NewPackage("old", "old"), alias, o.Type())
		return alias
	}}
	p, _ := cp.Parse(code, nil)
	d := &draft{s: s, p: p, imports: map[string]string{}, named: map[string]bool{}, file: &ast.File{Name: cell.Ident("main", token.NoPos)}}
	d.keepImportable()
	d.addImports()
	for _, decl := range p.Decls {
		if !isImport(decl) {
			d.file.Decls = append(d.file.Decls, decl)
		}
	}
	body := &ast.BlockStmt{}
	for _, it := range p.Items {
		if it.Stmt != nil {
			body.List = append(body.List, it.Stmt)
		}
	}
	d.file.Decls = append(d.file.Decls, &ast.FuncDecl{Name: cell.Ident(cellFuncName, token.NoPos), Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: body})
	pkg := d.newPackage()
	for _, o := range earlier {
		pkg.Scope().Insert(o)
	}
	a.Checked = s.program.Check(a.fset, pkg, d.file)
	return a
}

// keepImportable imports what can be imported of the cell's imports.
func (d *draft) keepImportable() {
	for _, sp := range d.p.Imports {
		path := strings.Trim(sp.Path.Value, "\"`")
		pkg, err := d.s.importPackage(path)
		if err != nil {
			continue
		}
		name := pkg.Name()
		if sp.Name != nil {
			name = sp.Name.Name
		}
		d.addImport(name, path)
	}
}

// covers reports whether a byte offset in the code is in or at the end of a node.
func (a *analysis) covers(n ast.Node, offset int) bool {
	return a.offset(n.Pos()) <= offset && offset <= a.offset(n.End())
}

// offset is the byte offset in the code of a position, or -1.
func (a *analysis) offset(pos token.Pos) int {
	if !pos.IsValid() {
		return -1
	}
	p := a.fset.Position(pos)
	if p.Filename != analysed {
		return -1
	}
	at := 0
	for range p.Line - 1 {
		i := strings.IndexByte(a.code[at:], '\n')
		if i < 0 {
			return len(a.code)
		}
		at += i + 1
	}
	return at + p.Column - 1
}

// live is the value of a variable that a cell declared.
func (s *Session) live(o types.Object) (reflect.Value, bool) {
	u := s.scope.origin[o]
	if u == nil {
		return reflect.Value{}, false
	}
	p := s.program.Variable(u.path, o.Name())
	if !p.IsValid() {
		return p, false
	}
	return p.Elem(), true
}

// value is the live value of an expression made of variables, fields and
// pointers to them: what can be read without running code.
func (a *analysis) value(e ast.Expr) (reflect.Value, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		name := strings.TrimPrefix(e.Name, cell.Hidden+"old_")
		return a.s.live(a.s.scope.objects[name])
	case *ast.StarExpr:
		v, ok := a.value(e.X)
		if ok && v.Kind() == reflect.Pointer && !v.IsNil() {
			return v.Elem(), true
		}
	case *ast.SelectorExpr:
		v, ok := a.value(e.X)
		if ok && v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		if ok && v.Kind() == reflect.Struct {
			f := v.FieldByName(e.Sel.Name)
			return f, f.IsValid()
		}
	}
	return reflect.Value{}, false
}
