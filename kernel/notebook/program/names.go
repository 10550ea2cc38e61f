package program

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// reserve keeps the names of packages that the piece uses from becoming those of variables.
func (t *translator) reserve(p *piece) {
	if p.file == nil {
		return
	}
	for _, sp := range p.file.Imports {
		path, _ := strconv.Unquote(sp.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if sp.Name != nil {
			name = sp.Name.Name
		}
		t.taken[name] = true
	}
	ast.Inspect(p.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil && t.session.PackageNamed(id.Name) != "" && !t.declaredSomewhere[id.Name] {
				t.taken[id.Name] = true
			}
		}
		return true
	})
	for _, name := range p.declares() {
		t.declaredSomewhere[name] = true
	}
}

// declares are the names that a piece declares at the top level.
func (p *piece) declares() (names []string) {
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.Name != "_" {
				names = append(names, id.Name)
			}
		}
	}
	for _, d := range p.file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					add(sp.Name)
				case *ast.ValueSpec:
					add(sp.Names...)
				}
			}
		case *ast.FuncDecl:
			if p.Kind == cell.Declaration && d.Recv == nil {
				add(d.Name)
			}
		}
	}
	if as := p.define(); as != nil {
		for _, l := range as.Lhs {
			if id, ok := l.(*ast.Ident); ok {
				add(id)
			}
		}
	}
	return names
}

// define is the piece's statement if it is an x := f().
func (p *piece) define() *ast.AssignStmt {
	return cell.Definition(p.statement())
}

// statement is the one that a statement piece holds, nil for others.
func (p *piece) statement() ast.Stmt {
	if p.Kind != cell.Statement {
		return nil
	}
	if f, ok := p.file.Decls[0].(*ast.FuncDecl); ok && len(f.Body.List) == 1 {
		return f.Body.List[0]
	}
	return nil
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

// warnKept says which functions of earlier cells mention what the cell declares again. In a notebook they then mean the new one;
// in the program they keep the former.
func (t *translator) warnKept(c *codeCell) {
	declared := map[string]bool{}
	for _, p := range c.pieces {
		if p.file == nil {
			continue
		}
		for _, name := range append(p.declares(), p.function()) {
			declared[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		var kept []string
		for f := range t.users[name] {
			if !declared[f] {
				kept = append(kept, f)
			}
		}
		if slices.Sort(kept); len(kept) > 0 {
			t.warnings = append(t.warnings, fmt.Sprintf("code cell %d: %s is declared again; in the program the former one stays for %s", c.number, name, strings.Join(kept, ", ")))
		}
	}
	t.noteUsers(c)
}

// noteUsers remembers what the cell's functions and methods mention.
func (t *translator) noteUsers(c *codeCell) {
	for _, p := range c.pieces {
		f := ""
		if p.file != nil {
			f = p.function()
		}
		if f == "" {
			continue
		}
		for _, users := range t.users {
			delete(users, f)
		}
		for _, id := range p.file.Unresolved {
			if t.users[id.Name] == nil {
				t.users[id.Name] = map[string]bool{}
			}
			t.users[id.Name][f] = true
		}
	}
}

// function is the name of the function or method, as T.M, that a piece declares, or "".
func (p *piece) function() string {
	if p.Kind != cell.Declaration {
		return ""
	}
	fd, ok := p.file.Decls[0].(*ast.FuncDecl)
	switch {
	case !ok:
		return ""
	case fd.Recv != nil && len(fd.Recv.List) == 1:
		return cell.ReceiverBase(fd.Recv.List[0].Type) + "." + fd.Name.Name
	}
	return fd.Name.Name
}

// nameAll gives the cell's declarations their names in the program and renames their uses in it.
func (t *translator) nameAll(c *codeCell) error {
	c.renamed, c.previous = map[string]string{}, map[string]string{}
	t.warnKept(c)
	for name, now := range t.current {
		c.previous[name] = now
	}
	fresh := map[*piece]map[string]bool{} // what each x, y := f() declares, rather than assigns
	for _, p := range c.pieces {
		if p.file == nil {
			continue
		}
		fresh[p] = map[string]bool{}
		for _, name := range p.declares() {
			if c.renamed[name] == "" {
				c.renamed[name] = t.unique(name)
				t.current[name] = c.renamed[name]
				fresh[p][name] = true
			} else if p.define() == nil {
				return fmt.Errorf("%s is declared twice", name)
			}
		}
	}
	for _, p := range c.pieces {
		if p.file != nil {
			t.renameIn(c, p, fresh[p])
		}
	}
	return nil
}

// renameIn renames what a piece mentions. The right side of x := f(x) means the earlier cell's x.
func (t *translator) renameIn(c *codeCell, p *piece, fresh map[string]bool) {
	as := p.define()
	onRight := func(id *ast.Ident) bool { return as != nil && id.Pos() > as.TokPos }
	for _, id := range p.file.Unresolved {
		switch {
		case onRight(id) && fresh[id.Name] && c.previous[id.Name] != "":
			p.rename(id, c.previous[id.Name])
		case t.current[id.Name] != "":
			p.rename(id, t.current[id.Name])
		case id.Name == "Display":
			p.replace(id.Pos(), id.End(), t.packageName(displayPath, "display")+".Display")
		}
	}
	own := map[any]string{} // by ast.Object
	for name, o := range p.file.Scope.Objects {
		own[o] = c.renamed[name]
	}
	ast.Inspect(p.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Obj != nil && own[id.Obj] != "" {
			p.rename(id, own[id.Obj])
		}
		return true
	})
	if as != nil {
		for _, l := range as.Lhs {
			if id, ok := l.(*ast.Ident); ok && c.renamed[id.Name] != "" {
				p.rename(id, c.renamed[id.Name])
			}
		}
	}
}
