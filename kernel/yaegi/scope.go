package yaegi

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// scope is what cells see of the cells before them.
type scope struct {
	objects map[string]types.Object
	cells   map[types.Object]int // the count of the cell that declared it
	imports cell.Imports
	sources []cell.Source // live declarations of functions, types and constants, oldest first
	prelude map[string]types.Object

	names map[types.Object]string // what yaegi calls an object: nothing in yaegi is ever declared twice
	taken map[string]int          // how often a name has been given

	kept []kept // values of cells, oldest first
}

// kept is the value of a cell, in a variable.
type kept struct {
	count int
	name  string
}

func newScope() *scope {
	return &scope{
		objects: map[string]types.Object{}, cells: map[types.Object]int{}, imports: cell.NewImports(), prelude: map[string]types.Object{},
		names: map[types.Object]string{}, taken: map[string]int{"main": 1, "init": 1},
	}
}

// yaegiName is the name of a declared object in yaegi, given when it is asked for the first time.
func (sc *scope) yaegiName(o types.Object) string {
	name, ok := sc.names[o]
	if !ok {
		name = o.Name()
		if n := sc.taken[name]; n > 0 {
			name = fmt.Sprintf("%s%s%d", name, cell.Hidden, n+1)
		}
		sc.taken[o.Name()]++
		sc.names[o] = name
	}
	return name
}

// declarePrelude makes the objects that every cell knows: must in its forms, and ctx.
func (s *Session) declarePrelude() error {
	src := "package main\nimport \"context\"\nvar ctx context.Context\nfunc check(error)\n"
	for _, f := range cell.MustForms {
		src += f.Source(f.InCells(), "check")
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "prelude", src, 0)
	if err != nil {
		return err
	}
	conf := &types.Config{Importer: s.importer, Sizes: sizes, IgnoreFuncBodies: true}
	pkg, err := conf.Check("main", fset, []*ast.File{f}, ssarepair.NewInfo())
	if err != nil {
		return err
	}
	for _, name := range pkg.Scope().Names() {
		if name != "check" {
			s.scope.prelude[name] = pkg.Scope().Lookup(name)
		}
	}
	return nil
}

// isPrelude reports whether a name still means what the prelude says.
func (sc *scope) isPrelude(o types.Object) bool { return o != nil && sc.prelude[o.Name()] == o }

// commit enters what a compiled cell declares into the scope.
func (s *Session) commit(d *draft, pkg *types.Package, info *types.Info, count int) {
	for _, so := range d.p.Sources {
		s.scope.remember(so, info)
	}
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if o.Pkg() != pkg || strings.HasPrefix(name, cellFuncName) {
			continue
		}
		from := count
		if old := s.scope.objects[name]; old != nil && d.replayed(name) {
			from = s.scope.cells[old]
		}
		s.scope.objects[name] = o
		s.scope.cells[o] = from
		delete(s.scope.imports.Names, name)
		if _, ok := o.(*types.Var); ok {
			s.scope.forget(name)
		}
	}
	s.scope.imports.Add(d.imports.Own)
	for name := range d.imports.Own.Names {
		delete(s.scope.objects, name)
	}
}

// replayed reports whether the cell declares a name only since something that it depends on has changed.
func (d *draft) replayed(name string) bool {
	return slices.ContainsFunc(d.again, func(so cell.Source) bool { return slices.Contains(so.Names, name) })
}

// remember keeps the source of a declaration in the place of those of the same names.
func (sc *scope) remember(so cell.Source, info *types.Info) {
	so.Deps = mentions(so.Decl, info)
	so.Decl = nil
	for _, name := range so.Names {
		sc.forget(name)
	}
	sc.sources = append(sc.sources, so)
}

// forget drops the source of what declares a name alone.
func (sc *scope) forget(name string) {
	sc.sources = slices.DeleteFunc(sc.sources, func(so cell.Source) bool { return len(so.Names) == 1 && so.Names[0] == name })
}

// mentions are the names of cells' objects that a declaration mentions.
func mentions(d ast.Decl, info *types.Info) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := info.Uses[id]; o != nil && isDeclared(o) {
				names[o.Name()] = true
			}
		}
		return true
	})
	return names
}

// isDeclared reports whether an object is one that a cell declared for later cells.
func isDeclared(o types.Object) bool {
	return o.Pkg() != nil && o.Pkg().Path() == "main" && o.Parent() == o.Pkg().Scope()
}

// dependants are the earlier declarations to declare again with a cell: those that mention what it declares anew, and the
// types that it declares methods of, with all that mentions them. needed are those without which it does not compile.
func (s *Session) dependants(p *cell.Parsed) (needed, all []cell.Source) {
	types, names := map[string]bool{}, map[string]bool{}
	for method := range p.Methods {
		if t, _, _ := strings.Cut(method, "."); !p.Declared[t] && s.scope.objects[t] != nil {
			types[t] = true
		}
	}
	for name := range p.Declared {
		if s.scope.objects[name] != nil {
			names[name] = true
		}
	}
	needed = s.scope.reach(p, types)
	for name := range types {
		names[name] = true
	}
	return needed, s.scope.reach(p, names)
}

// reach are the declarations of the names, and those that mention them, and so on, save for what the cell itself declares.
func (sc *scope) reach(p *cell.Parsed, names map[string]bool) (list []cell.Source) {
	if len(names) == 0 {
		return nil
	}
	in := make([]bool, len(sc.sources))
	for grown := true; grown; {
		grown = false
		for i, so := range sc.sources {
			if in[i] || !touches(so, names) {
				continue
			}
			in[i], grown = true, true
			for _, n := range so.Names {
				names[n] = true
			}
		}
	}
	for i, so := range sc.sources {
		shadowed := slices.ContainsFunc(so.Names, func(n string) bool { return p.Declared[n] || p.Methods[n] })
		if in[i] && !shadowed {
			list = append(list, so)
		}
	}
	return list
}

func touches(so cell.Source, names map[string]bool) bool {
	for d := range so.Deps {
		if names[d] {
			return true
		}
	}
	return slices.ContainsFunc(so.Names, func(n string) bool {
		t, _, _ := strings.Cut(n, ".")
		return names[n] || names[t]
	})
}
