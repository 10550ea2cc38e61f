package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// View is what completion and inspection read of a session. Whoever asks keeps cells from being compiled meanwhile.
type View struct {
	Objects  map[string]types.Object // what cells declared, by name
	Imports  map[string]string       // what cells imported: name → path
	Packages map[string]string       // packages that cells can name without an import: name → path
	Modules  map[string]string       // packages of modules: path → directory
	Sources  []cell.Source           // declarations of cells

	// Check type-checks a cell that may not parse, as far as it can be understood, as if the session ran it next. Nothing
	// of it stays. Positions have the label as their file name. A variable x on the right of its new declaration x := x.f
	// is called Former+"x", in package FormerPackage.
	Check func(code, label string) (*interp.Checked, *token.FileSet)
	// Import is the package of a path.
	Import func(path string) (*types.Package, error)
	// Value is the live value of a variable that a cell declared.
	Value func(types.Object) (reflect.Value, bool)
}

// How a variable is called where its own new declaration uses it.
const (
	Former        = cell.Hidden + "old_"
	FormerPackage = "old"
)

// analysis is unfinished source with its types.
type analysis struct {
	*View
	code string
	fset *token.FileSet
	*interp.Checked
}

const analysed = "analysed" // the file name in positions

func (v *View) analyse(code string) *analysis {
	a := &analysis{View: v, code: code}
	a.Checked, a.fset = v.Check(code, analysed)
	return a
}

// covers reports whether a byte offset in the code is in or at the end of a node that stands in the code.
func (a *analysis) covers(n ast.Node, offset int) bool {
	from := a.offset(n.Pos())
	return from >= 0 && from <= offset && offset <= a.offset(n.End())
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

// value is the live value of an expression made of variables, fields and pointers to them: what can be read without
// running code.
func (a *analysis) value(e ast.Expr) (reflect.Value, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		name := strings.TrimPrefix(e.Name, Former)
		return a.Value(a.Objects[name])
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
