package program

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// formerPrefix stands before a name where it means what an earlier cell declares, although the cell itself declares it too.
const formerPrefix = cell.Hidden + "former_"

// former is what cell.Parser calls such a name.
func (t *translator) former(name string) string {
	if t.declaredSomewhere[name] {
		return formerPrefix + name
	}
	return ""
}

// reserve keeps the names of packages that a stretch uses from becoming those of variables, and notes what it declares.
func (t *translator) reserve(s *stretch) {
	for _, sp := range s.Imports {
		path, _ := strconv.Unquote(sp.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if sp.Name != nil {
			name = sp.Name.Name
		}
		t.taken[name] = true
	}
	for name, ids := range s.Free {
		if t.session.PackageNamed(name) != "" && !t.declaredSomewhere[name] && s.selects(ids) {
			t.taken[name] = true
		}
	}
	for name := range s.Declared {
		t.declaredSomewhere[name] = true
	}
}

// selects reports whether one of the identifiers is the x of an x.Name.
func (s *stretch) selects(ids []ast.Node) bool {
	return slices.ContainsFunc(ids, func(id ast.Node) bool { return s.Selectors[id] })
}

// unique is a name for the program that nothing else has.
func (t *translator) unique(name string) string {
	base, next := strings.TrimRight(name, "0123456789"), name
	for k := 2; t.taken[next]; k++ {
		next = fmt.Sprintf("%s%d", base, k)
	}
	t.taken[next] = true
	return next
}

// warnKept says which functions of earlier cells mention what the cell declares again. In a notebook they then mean the
// new one; in the program they keep the former.
func (t *translator) warnKept(s *stretch) {
	declared := maps.Clone(s.Declared)
	for _, p := range s.pieces {
		declared[p.function()] = true
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		var kept []string
		for f := range t.users[name] {
			if !declared[f] {
				kept = append(kept, f)
			}
		}
		if slices.Sort(kept); len(kept) > 0 {
			t.warnings = append(t.warnings, fmt.Sprintf("code cell %d: %s is declared again; in the program the former one stays for %s", s.number, name, strings.Join(kept, ", ")))
		}
	}
	t.noteUsers(s)
}

// noteUsers remembers what the stretch's functions and methods mention.
func (t *translator) noteUsers(s *stretch) {
	for _, p := range s.pieces {
		f := p.function()
		if f == "" {
			continue
		}
		for _, users := range t.users {
			delete(users, f)
		}
		for _, id := range p.File.Unresolved {
			if t.users[id.Name] == nil {
				t.users[id.Name] = map[string]bool{}
			}
			t.users[id.Name][f] = true
		}
	}
}

// function is the name of the function or method, as T.M, that a piece declares, or "".
func (p *piece) function() string {
	fd, ok := p.File.Decls[0].(*ast.FuncDecl)
	switch {
	case !ok || p.Kind != cell.Declaration || cell.IsHidden(fd.Name.Name):
		return ""
	case fd.Recv != nil && len(fd.Recv.List) == 1:
		return cell.ReceiverBase(fd.Recv.List[0].Type) + "." + fd.Name.Name
	}
	return fd.Name.Name
}

// nameAll gives the stretch's declarations their names in the program and renames their uses in it.
func (t *translator) nameAll(s *stretch) error {
	if len(s.Embeds) > 0 {
		return fmt.Errorf("go:embed of %s: the program lies elsewhere than the notebook's files; read them with os.ReadFile", s.Embeds[0].Spec.Names[0].Name)
	}
	t.warnKept(s)
	previous := maps.Clone(t.current)
	for _, sp := range s.Imports {
		if err := t.explicitImport(sp); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Declared)) {
		t.current[name] = t.unique(name)
		delete(t.imported, name)
	}
	t.nameHidden(s)
	for _, p := range s.pieces {
		for _, id := range p.File.Unresolved {
			t.resolve(s, p, id, previous)
		}
		own := map[any]bool{} // by ast.Object
		for _, o := range p.File.Scope.Objects {
			own[o] = p.Kind == cell.Declaration
		}
		ast.Inspect(p.File, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && own[id.Obj] && id.Obj != nil {
				p.rename(id, t.current[id.Name])
			}
			return true
		})
		if as := p.definition(); as != nil {
			for _, l := range as.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name != "_" {
					p.rename(id, t.current[id.Name])
				}
			}
		}
	}
	return nil
}

// nameHidden names what cell.Parser added: the functions that were called init, and variables for values on their way to
// ones that := reuses.
func (t *translator) nameHidden(s *stretch) {
	inits := map[string]string{}
	for _, p := range s.pieces {
		if fd, ok := p.File.Decls[0].(*ast.FuncDecl); ok && p.Kind == cell.Declaration && cell.IsHidden(fd.Name.Name) {
			inits[fd.Name.Name] = t.unique("init")
			p.rename(fd.Name, inits[fd.Name.Name])
		}
	}
	for _, it := range s.Items {
		if it.Init {
			fun := it.Stmt.(*ast.ExprStmt).X.(*ast.CallExpr).Fun.(*ast.Ident)
			fun.Name = inits[fun.Name]
		}
		for _, st := range it.After {
			as := st.(*ast.AssignStmt)
			to, from := as.Lhs[0].(*ast.Ident), as.Rhs[0].(*ast.Ident)
			i := slices.IndexFunc(it.Vars.Names, func(id *ast.Ident) bool { return id.Name == from.Name })
			t.temps++
			from.Name = fmt.Sprintf("%s%d", from.Name, t.temps)
			to.Name, it.Vars.Names[i].Name = t.current[to.Name], from.Name
		}
	}
}

// resolve gives a free name the meaning that it has in the session.
func (t *translator) resolve(s *stretch, p *piece, id *ast.Ident, previous map[string]string) {
	name := id.Name
	switch {
	case name == cell.ListName:
	case strings.HasPrefix(name, formerPrefix):
		p.rename(id, previous[strings.TrimPrefix(name, formerPrefix)])
	case t.current[name] != "":
		p.rename(id, t.current[name])
	case t.imported[name] != "":
		p.rename(id, t.packageName(t.imported[name], name))
	case name == "Display":
		p.replaceName(id, t.packageName(displayPath, "display")+".Display")
	case t.prelude.Lookup(name) != nil || types.Universe.Lookup(name) != nil:
	case s.Selectors[id] && t.session.PackageNamed(name) != "":
		p.rename(id, t.packageName(t.session.PackageNamed(name), name))
	default:
		t.taken[name] = true // undefined, whatever later cells declare
	}
}

// explicitImport notes what a cell imports, for it and those after it.
func (t *translator) explicitImport(sp *ast.ImportSpec) error {
	path, err := strconv.Unquote(sp.Path.Value)
	if err != nil {
		return err
	}
	pkg, err := t.session.ImportPackage(t.ctx, path)
	if err != nil {
		return fmt.Errorf("could not import %s: %w", path, err)
	}
	name := pkg.Name()
	if sp.Name != nil {
		name = sp.Name.Name
	}
	switch name {
	case ".":
		return fmt.Errorf("import . %q: write the package's name before what is used of it", path)
	case "_":
		t.used[path] = "_"
	default:
		t.imported[name] = path
		delete(t.current, name)
	}
	return nil
}
