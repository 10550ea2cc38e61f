package engine

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// Complete lists what could stand at the cursor.
func (s *Session) Complete(ctx context.Context, code string, cursor int) Completion {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	return s.view().Complete(code, cursor)
}

// Inspect describes what stands at the cursor, or the function whose arguments are being written there.
func (s *Session) Inspect(ctx context.Context, code string, cursor, detail int) Inspection {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	return s.view().Inspect(code, cursor, detail)
}

// view is what completion and inspection may read. The caller holds s.compiling while it is used.
func (s *Session) view() *assist.View {
	return &assist.View{
		Objects: s.scope.objects, Imports: s.scope.imports.Names, Packages: s.packages.byName, Modules: s.modules.dirs, Sources: s.scope.sources,
		Check: s.analyse, Import: s.importPackage, Value: s.live,
	}
}

// Variables lists what the session's cells declared, in order of name.
func (s *Session) Variables() (list []Variable) {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	for name, o := range s.scope.objects {
		u := s.scope.origin[o]
		if cell.IsHidden(name) || u == nil || u.count <= 0 {
			continue
		}
		list = append(list, VariableOf(o, u.count, s.live))
	}
	slices.SortFunc(list, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// VariableOf describes what a cell declared; live is the value that a variable has now, if it has one.
func VariableOf(o types.Object, cell int, live func(types.Object) (reflect.Value, bool)) Variable {
	v := Variable{Name: o.Name(), Type: assist.TypeString(o.Type()), Cell: cell}
	switch o := o.(type) {
	case *types.Func:
		v.Kind = "func"
	case *types.TypeName:
		v.Kind, v.Type = "type", assist.TypeKind(o.Type())
	case *types.Const:
		v.Kind, v.Value = "const", o.Val().String()
	default:
		v.Kind = "var"
		if rv, ok := live(o); ok {
			v.Value = assist.Summary(rv.Interface(), 80)
			v.Shape = assist.Shape(rv)
			v.Bytes = assist.Memory(rv)
		}
	}
	return v
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

// analyse type-checks source that may not parse; see assist.View. The caller holds s.compiling.
func (s *Session) analyse(code, label string) (*interp.Checked, *token.FileSet) {
	fset := token.NewFileSet()
	earlier := map[string]types.Object{} // stand for x on the right of x := x.f
	cp := cell.Parser{Fset: fset, Label: label, Tolerant: true, Results: s.useResults, Previous: func(name string) string {
		o := s.scope.objects[name]
		if o == nil {
			return ""
		}
		alias := assist.Former + name
		earlier[alias] = types.NewVar(token.NoPos, types.NewPackage(assist.FormerPackage, assist.FormerPackage), alias, o.Type())
		return alias
	}}
	p, _ := cp.Parse(code, nil)
	d := &draft{s: s, p: p, imports: cell.NewFileImports(), file: &ast.File{Name: cell.Ident("main", token.NoPos)}}
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
	return s.program.Check(fset, pkg, d.file), fset
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
		d.imports.Add(d.file, name, path)
	}
}
