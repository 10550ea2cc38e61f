package yaegi

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	checks "github.com/msflow-go/msflow/kernel/interp"
)

// Complete lists what could stand at the cursor.
func (s *Session) Complete(ctx context.Context, code string, cursor int) engine.Completion {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	return s.view().Complete(code, cursor)
}

// Inspect describes what stands at the cursor, or the function whose arguments are being written there.
func (s *Session) Inspect(ctx context.Context, code string, cursor, detail int) engine.Inspection {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	return s.view().Inspect(code, cursor, detail)
}

// view is what completion and inspection may read. The caller holds s.compiling while it is used.
func (s *Session) view() *assist.View {
	return &assist.View{
		Objects: s.scope.objects, Imports: s.scope.imports.Names, Packages: s.packages, Sources: s.scope.sources,
		Check: s.analyse, Import: s.importPackage, Value: s.live,
	}
}

// analyse type-checks source that may not parse; see assist.View.
func (s *Session) analyse(code, label string) (*checks.Checked, *token.FileSet) {
	d, _ := s.parse(label, code, nil, true)
	for _, sp := range d.p.Imports {
		path, _ := strconv.Unquote(sp.Path.Value)
		if pkg, err := s.importPackage(path); err == nil && sp.Name == nil {
			d.imports.Name(pkg.Name(), path)
		}
	}
	d.assemble()
	d.file.Decls = slices.DeleteFunc(d.file.Decls, func(decl ast.Decl) bool { return isImport(decl) && d.unknownImport(decl) })
	return d.check(), s.interp.FileSet()
}

// unknownImport reports whether a declaration imports what cannot be imported.
func (d *draft) unknownImport(decl ast.Decl) bool {
	return slices.ContainsFunc(decl.(*ast.GenDecl).Specs, func(sp ast.Spec) bool {
		path, _ := strconv.Unquote(sp.(*ast.ImportSpec).Path.Value)
		_, err := d.s.importPackage(path)
		return err != nil
	})
}

// Variables lists what the session's cells declared, in order of name.
func (s *Session) Variables() (list []engine.Variable) {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	for name, o := range s.scope.objects {
		if cell.IsHidden(name) || s.scope.cells[o] <= 0 {
			continue
		}
		list = append(list, engine.VariableOf(o, s.scope.cells[o], s.live))
	}
	slices.SortFunc(list, func(a, b engine.Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// live is the value of a variable that a cell declared.
func (s *Session) live(o types.Object) (reflect.Value, bool) {
	name, ok := s.scope.names[o]
	if !ok {
		return reflect.Value{}, false
	}
	v, ok := s.interp.Globals()[name]
	return v, ok && v.IsValid() && v.CanInterface()
}
