package engine

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// scope is what cells see of the cells before them.
type scope struct {
	objects      map[string]types.Object
	origin       map[types.Object]*unit
	imports      cell.Imports
	sources      []cell.Source   // live declarations, oldest first
	aliases      []string        // what previous made for the cell that is being compiled
	everDeclared map[string]bool // names that sources declare or declared, and types they have methods of

	kept []*kept // values of cells, oldest first
}

func newScope() *scope {
	return &scope{objects: map[string]types.Object{}, origin: map[types.Object]*unit{}, imports: cell.NewImports(), everDeclared: map[string]bool{}}
}

// commit enters what a compiled cell declares into the scope.
func (s *Session) commit(d *draft, c *interp.Checked, u *unit) {
	repeated := d.repeated()
	s.scope.remember(d.p, c.Info)
	former := d.formerValues(c)
	var vars []string
	for _, name := range c.Package.Scope().Names() {
		o := c.Package.Scope().Lookup(name)
		if o.Pkg() != c.Package {
			continue
		}
		if _, ok := o.(*types.Var); ok {
			vars = append(vars, name)
		}
		if cell.IsHidden(name) && u.count > 0 {
			continue
		}
		s.scope.origin[o] = u
		if former := s.scope.origin[s.scope.objects[name]]; former != nil && (repeated[name] || d.rebind[name] != "") {
			s.scope.origin[o] = &unit{count: former.count, path: u.path}
		}
		s.scope.objects[name] = o
		delete(s.scope.imports.Names, name)
	}
	s.program.Keep(u.path, u.interp, vars)
	for name, value := range former {
		s.program.Variable(u.path, name).Elem().Set(value)
	}
	s.scope.imports.Add(d.imports.Own)
	for name := range d.imports.Own.Names {
		delete(s.scope.objects, name)
	}
}

// formerValues are those of variables that a cell declares again with the type that they had. Until its initialiser has
// run, a variable holds the former value, which is what the initialiser's functions mean by it, and what is left if it
// fails:
//
//	count := next() // where next increments and returns count
func (d *draft) formerValues(c *interp.Checked) map[string]reflect.Value {
	values := map[string]reflect.Value{}
	for name := range d.initial {
		former, ok := d.s.scope.objects[name].(*types.Var)
		now := c.Package.Scope().Lookup(name)
		if !ok || now == nil || d.rebind[name] != "" || !types.Identical(former.Type(), now.Type()) {
			continue
		}
		if v, ok := d.s.live(former); ok && v.Type() == d.s.program.ReflectType(now.Type()) {
			values[name] = v
		}
	}
	return values
}

// remember keeps the source of the cell's declarations and drops that of those it shadows.
func (sc *scope) remember(p *cell.Parsed, info *types.Info) {
	now := map[string]bool{}
	for i := range p.Sources {
		so := &p.Sources[i]
		so.Deps = packageNamesIn(so.Decl, info)
		so.Decl = nil
		for _, n := range so.Names {
			now[n] = true
		}
	}
	if sc.anyKnown(now) || sc.anyKnown(p.Declared) {
		sc.sources = slices.DeleteFunc(sc.sources, func(so cell.Source) bool { return shadowed(so, now, p.Declared) })
	}
	for n := range now {
		t, _, _ := strings.Cut(n, ".")
		sc.everDeclared[n], sc.everDeclared[t] = true, true
	}
	sc.sources = append(sc.sources, p.Sources...)
}

func (sc *scope) anyKnown(names map[string]bool) bool {
	for n := range names {
		if sc.everDeclared[n] {
			return true
		}
	}
	return false
}

// shadowed reports whether everything that a source declares is declared again.
func shadowed(so cell.Source, now, declared map[string]bool) bool {
	return !slices.ContainsFunc(so.Names, func(n string) bool {
		if so.Method {
			t, _, _ := strings.Cut(n, ".")
			return !now[n] && !now[t] && !declared[t]
		}
		return !now[n] && !declared[n]
	})
}

// packageNamesIn are the names of cells' package-level objects that a declaration mentions, and the packages.
func packageNamesIn(d ast.Decl, info *types.Info) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			o := info.Uses[id]
			if pkg, ok := o.(*types.PkgName); ok {
				names[importDep(pkg.Imported().Path())] = true
			} else if o != nil && assist.OfCell(o) && o.Parent() == o.Pkg().Scope() {
				names[o.Name()] = true
			}
		}
		return true
	})
	return names
}

// redefinesType reports whether the cell declares the name of an earlier type.
func (d *draft) redefinesType() bool {
	for name := range d.p.Declared {
		if _, ok := d.s.scope.objects[name].(*types.TypeName); ok {
			return true
		}
	}
	return false
}

// mark remembers what a cell may change before it compiles, for undo to take back.
func (s *Session) mark() (undo func()) {
	program := s.program.Mark()
	s.scope.aliases = nil
	s.modules.begin()
	return func() {
		program()
		for _, alias := range s.scope.aliases {
			s.program.DropVariables(s.scope.objects[alias].Pkg().Path())
			delete(s.scope.objects, alias)
		}
	}
}

// previous gives the current object of a name another, hidden name, under which a cell that declares the name anew can
// still use it. It is "" when there is none.
func (s *Session) previous(name string) string {
	o := s.scope.objects[name]
	if o == nil {
		return ""
	}
	alias := fmt.Sprintf("%sold%d_%s", cell.Hidden, s.units, name)
	if s.scope.objects[alias] != nil {
		return alias
	}
	path := fmt.Sprintf("old%d_%s", s.units, name)
	pkg := types.NewPackage(path, path)
	again, address := s.aliasObject(o, pkg, alias)
	pkg.Scope().Insert(again)
	s.scope.objects[alias] = again
	s.scope.aliases = append(s.scope.aliases, alias)
	vars := map[string]reflect.Value{}
	if address.IsValid() {
		vars[alias] = address
	}
	s.program.AddVariables(pkg, vars)
	return alias
}

// aliasObject is an object that means what o does, and the address of its value if it has one.
func (s *Session) aliasObject(o types.Object, pkg *types.Package, alias string) (again types.Object, address reflect.Value) {
	switch o := o.(type) {
	case *types.Var:
		path := o.Pkg().Path() // of an alias of an alias
		if u := s.scope.origin[o]; u != nil {
			path = u.path
		}
		return types.NewVar(o.Pos(), pkg, alias, o.Type()), s.program.Variable(path, o.Name())
	case *types.Func:
		f := reflect.ValueOf(s.program.FuncValue(o))
		p := reflect.New(f.Type())
		p.Elem().Set(f)
		return types.NewVar(o.Pos(), pkg, alias, o.Type()), p
	case *types.Const:
		return types.NewConst(o.Pos(), pkg, alias, o.Type(), o.Val()), address
	}
	tn := types.NewTypeName(o.Pos(), pkg, alias, nil)
	types.NewAlias(tn, o.Type())
	return tn, address
}

// pruneEvery is how many cells are compiled between two prunings, at least: a pruning looks at all that the session has.
func (s *Session) pruneEvery() int { return max(32, s.program.Packages()/4) }

// prune forgets the cells whose declarations have all been declared anew. Without this a session grows with its length.
func (s *Session) prune() {
	if s.units < s.pruned+s.pruneEvery() {
		return
	}
	s.pruned = s.units
	s.stopper.Forget()
	s.compiling.Lock()
	defer s.compiling.Unlock()
	live, current := map[*types.Package]bool{}, map[types.Object]bool{}
	for _, o := range s.scope.objects {
		live[o.Pkg()], current[o] = true, true
	}
	for o := range s.scope.origin {
		if !current[o] {
			delete(s.scope.origin, o)
		}
	}
	s.program.Prune(live)
}

// Remove forgets what a cell has declared or imported under a name. What other declarations mention stays, since they could
// not be compiled again.
func (s *Session) Remove(name string) error {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.compiling.Lock()
	defer s.compiling.Unlock()
	o, path := s.scope.objects[name], s.scope.imports.Names[name]
	if u := s.scope.origin[o]; cell.IsHidden(name) || path == "" && (u == nil || u.count <= 0) {
		return fmt.Errorf("no cell has declared %s", name)
	}
	for _, so := range s.scope.sources {
		if so.Deps[name] && !slices.Contains(so.Names, name) && !strings.HasPrefix(so.Names[0], name+".") {
			return fmt.Errorf("%s is used by %s", name, strings.Join(so.Names, ", "))
		}
	}
	delete(s.scope.objects, name)
	delete(s.scope.imports.Names, name)
	s.scope.sources = slices.DeleteFunc(s.scope.sources, func(so cell.Source) bool {
		return !slices.ContainsFunc(so.Names, func(n string) bool {
			n, _, _ = strings.Cut(n, ".")
			return s.scope.objects[n] != nil
		})
	})
	s.pruned = s.units - s.pruneEvery() // the next cell prunes
	return nil
}
