package engine

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"golang.org/x/tools/go/ast/astutil"
)

// Interface literals with methods and struct literals with embedded fields have
// method sets, so the interpreter makes a new reflect type of them in each cell;
// values of two cells could not be assigned to one another. Such a literal is
// given a hidden name, the same for the same text about the same types, and
// named types keep their identity.

var anonymousCount atomic.Int64

// nameAnonymous replaces the literals of the cell by hidden names, and declares
// those that are new.
func (d *draft) nameAnonymous() {
	free := map[*ast.Ident]bool{}
	for _, ids := range d.p.Free {
		for _, id := range ids {
			free[id.(*ast.Ident)] = true
		}
	}
	var added []ast.Decl
	replace := func(c *astutil.Cursor) bool {
		e, ok := c.Node().(ast.Expr)
		if !ok || !cell.HasMethodSet(e) {
			return true
		}
		if spec, ok := c.Parent().(*ast.TypeSpec); ok && spec.Type == e {
			return true // has a name
		}
		key, ok := d.anonymousKey(e, free)
		if !ok {
			return true
		}
		name, known := d.s.scope.anonymous[key]
		if !known {
			name = fmt.Sprintf("%st%d", cell.Hidden, anonymousCount.Add(1))
			d.s.scope.anonymous[key] = name
			assist.AnonymousText.Store(name, sourceText(e))
			d.anonymous = append(d.anonymous, key)
		}
		if d.s.scope.objects[name] == nil && !d.p.Declared[name] {
			spec := &ast.TypeSpec{Name: cell.Ident(name, e.Pos()), Type: e}
			added = append(added, &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{spec}})
			d.p.Declared[name] = true
		}
		d.p.Mentioned[name] = true
		c.Replace(cell.Ident(name, e.Pos()))
		return false
	}
	for _, decl := range d.p.Decls {
		astutil.Apply(decl, replace, nil)
	}
	for _, it := range d.p.Items {
		if it.Stmt != nil {
			astutil.Apply(it.Stmt, replace, nil)
		}
	}
	d.p.Decls = append(d.p.Decls, added...)
}

// anonymousKey identifies a literal by its text and by what the names in it
// mean. It is not ok when a name is not of package level.
func (d *draft) anonymousKey(e ast.Expr, free map[*ast.Ident]bool) (key string, ok bool) {
	ok = true
	var meanings []string
	typeIdents(e, func(id *ast.Ident) {
		name := id.Name
		o := d.s.scope.objects[name]
		switch {
		case !free[id] || d.p.Declared[name]:
			ok = false
		case o != nil:
			meanings = append(meanings, fmt.Sprintf("%s=%p", name, o))
		case d.imports[name] != "":
			meanings = append(meanings, name+"="+d.imports[name])
		case d.s.scope.imports[name] != "":
			meanings = append(meanings, name+"="+d.s.scope.imports[name])
		case types.Universe.Lookup(name) == nil:
			meanings = append(meanings, name+"="+d.s.packages.path(name))
		}
	})
	slices.Sort(meanings)
	return sourceText(e) + "\x00" + strings.Join(slices.Compact(meanings), " "), ok
}

// typeIdents calls f for the names that a type expression refers to.
func typeIdents(e ast.Expr, f func(*ast.Ident)) {
	fields := func(l *ast.FieldList) {
		if l != nil {
			for _, field := range l.List {
				typeIdents(field.Type, f)
			}
		}
	}
	switch e := e.(type) {
	case *ast.Ident:
		f(e)
	case *ast.SelectorExpr:
		typeIdents(e.X, f)
	case *ast.StarExpr:
		typeIdents(e.X, f)
	case *ast.ParenExpr:
		typeIdents(e.X, f)
	case *ast.Ellipsis:
		typeIdents(e.Elt, f)
	case *ast.ArrayType:
		typeIdents(e.Elt, f)
	case *ast.MapType:
		typeIdents(e.Key, f)
		typeIdents(e.Value, f)
	case *ast.ChanType:
		typeIdents(e.Value, f)
	case *ast.IndexExpr:
		typeIdents(e.X, f)
		typeIdents(e.Index, f)
	case *ast.IndexListExpr:
		typeIdents(e.X, f)
		for _, x := range e.Indices {
			typeIdents(x, f)
		}
	case *ast.FuncType:
		fields(e.Params)
		fields(e.Results)
	case *ast.InterfaceType:
		fields(e.Methods)
	case *ast.StructType:
		fields(e.Fields)
	}
}

func sourceText(n ast.Node) string {
	var b bytes.Buffer
	printer.Fprint(&b, token.NewFileSet(), n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// forgetAnonymous takes back the names of a cell that did not compile.
func (d *draft) forgetAnonymous() {
	for _, key := range d.anonymous {
		delete(d.s.scope.anonymous, key)
	}
}
