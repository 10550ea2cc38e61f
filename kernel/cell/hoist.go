package cell

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
)

// The variables of cells are those of a package, which later cells see. Their scopes are as in a function all the same.

// Definition is the x := f() that a parsed part is, or nil. Cells make it a variable of the package that is assigned in
// place.
func Definition(st ast.Stmt) *ast.AssignStmt {
	if as, ok := st.(*ast.AssignStmt); ok && as.Tok == token.DEFINE {
		return as
	}
	return nil
}

// Declares reports for each name on the left of a := whether it is a new variable, rather than one that the cell has and
// that := reuses; declared are the variables of the cell. With nothing new, all are, which is an error for the type
// checker to report.
func Declares(as *ast.AssignStmt, declared map[string]bool) []bool {
	anyNew := false
	name := func(e ast.Expr) string {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			return id.Name
		}
		return ""
	}
	for _, l := range as.Lhs {
		anyNew = anyNew || name(l) != "" && !declared[name(l)]
	}
	list := make([]bool, len(as.Lhs))
	for i, l := range as.Lhs {
		list[i] = name(l) != "" && !(declared[name(l)] && anyNew)
	}
	return list
}

// hoist makes `x := f()` a package-level variable that is assigned in place. Of several names, those that the cell already
// has are assigned through a temporary, as := reuses them.
func (p *Parsed) hoist(fset *token.FileSet, as *ast.AssignStmt) error {
	for _, l := range as.Lhs {
		if _, ok := l.(*ast.Ident); !ok {
			return scanner.ErrorList{{Pos: fset.Position(l.Pos()), Msg: "non-name on left side of :="}}
		}
	}
	declares := Declares(as, p.hoisted)
	vs := &ast.ValueSpec{Values: as.Rhs}
	it := &Item{Vars: vs, Pos: as.Pos()}
	for i, l := range as.Lhs {
		id := l.(*ast.Ident)
		if id.Name != "_" && !declares[i] {
			p.temps++
			tmp := fmt.Sprintf("%stmp%d", Hidden, p.temps)
			vs.Names = append(vs.Names, Ident(tmp, id.Pos()))
			it.After = append(it.After, &ast.AssignStmt{
				Lhs: []ast.Expr{Ident(id.Name, id.Pos())}, TokPos: id.Pos(), Tok: token.ASSIGN,
				Rhs: []ast.Expr{Ident(tmp, id.Pos())},
			})
			continue
		}
		vs.Names = append(vs.Names, id)
		if id.Name != "_" {
			p.Declared[id.Name] = true
		}
	}
	for _, id := range vs.Names {
		p.hoisted[id.Name] = true
	}
	p.Decls = append(p.Decls, &ast.GenDecl{TokPos: as.Pos(), Tok: token.VAR, Specs: []ast.Spec{vs}})
	p.Items = append(p.Items, it)
	return nil
}

// renameEarlier makes x before `x := x + 1`, and on its right, the earlier cell's x: the scope of the cell's own begins
// after it, as in a function.
func (p *Parsed) renameEarlier() {
	defined, declared := map[string]int{}, map[string]bool{} // by the first x := f(); otherwise
	for i, c := range p.Pieces {
		for name := range c.File.Scope.Objects {
			declared[name] = c.Kind == Declaration || declared[name]
		}
		for _, name := range definedIn(c.File) {
			if _, known := defined[name]; !known {
				defined[name] = i
			}
		}
	}
	for i, c := range p.Pieces {
		if c.Kind != Statement {
			continue
		}
		for _, id := range c.File.Unresolved { // those on the left of := are resolved
			if at, ok := defined[id.Name]; !ok || i > at || declared[id.Name] {
				continue
			}
			if name := p.previous(id.Name); name != "" {
				id.Name = name
			} else {
				p.early = append(p.early, id)
			}
		}
	}
}

// definedIn are the names on the left of the x := f() that a part is.
func definedIn(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok || fd.Body == nil || fd.Name.Name != "_" {
			continue
		}
		for _, st := range fd.Body.List {
			if as := Definition(st); as != nil {
				for _, l := range as.Lhs {
					if id, ok := l.(*ast.Ident); ok {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	return names
}

// mapKeys are the x of map[T]U{x: 1} and []T{x: 1}. The parser does not list them as unresolved, as they could be fields.
func mapKeys(f *ast.File) (keys []*ast.Ident) {
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch lit.Type.(type) {
		case *ast.MapType, *ast.ArrayType:
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if id, ok := kv.Key.(*ast.Ident); ok && id.Obj == nil {
						keys = append(keys, id)
					}
				}
			}
		}
		return true
	})
	return keys
}
