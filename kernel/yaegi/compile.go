package yaegi

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	checks "github.com/msflow-go/msflow/kernel/interp"
)

// unit is a compiled cell.
type unit struct {
	function string          // the name of its function in yaegi
	program  *interp.Program // the call of the function
	results  []types.Type    // static types of the values shown
	quiet    bool            // the result is not worth showing
	count    int
}

// compile makes a unit of a cell and declares what it declares. A cell that fails leaves the session as it was: what yaegi
// has seen of it has names that no later cell uses.
func (s *Session) compile(r *run, c engine.Cell) (*unit, error) {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	d, chk, err := s.draft(r, c)
	if err != nil {
		return nil, err
	}
	d.p.OrderVars(chk.Info)
	u := &unit{count: c.Count}
	u.results, u.quiet = d.resultTypes(chk.Info)
	file, err := s.lower(d, chk, u)
	if err != nil {
		return nil, err
	}
	if err = s.toYaegi(file, u); err != nil {
		return nil, s.limit(err)
	}
	s.commit(d, chk.Package, chk.Info, c.Count)
	if !u.quiet && len(u.results) == 1 {
		s.keep(c.Count, chk.Package)
	}
	return u, nil
}

// draft checks a cell together with what depends on it. What does not go with it any more is left as it was, which is said.
func (s *Session) draft(r *run, c engine.Cell) (*draft, *checks.Checked, error) {
	d, err := s.parse(label(c.Count), c.Code, nil, true)
	if err != nil {
		return nil, nil, err
	}
	needed, all := s.dependants(d.p)
	for {
		d, chk, err := s.checked(label(c.Count), c.Code, all)
		if err == nil {
			s.noteStale(r, d)
			return d, chk, nil
		}
		if len(all) == len(needed) {
			return nil, nil, err
		}
		r.sink.Notice("still as before, since what they mention has changed: " + strings.Join(namesOf(all), ", "))
		all = needed
	}
}

func namesOf(list []cell.Source) (names []string) {
	for _, so := range list {
		names = append(names, so.Names...)
	}
	return names
}

// noteStale says which variables have a type whose name now means another one.
func (s *Session) noteStale(r *run, d *draft) {
	var names []string
	for name, o := range s.scope.objects {
		v, ok := o.(*types.Var)
		if !ok || d.p.Declared[name] || cell.IsHidden(name) {
			continue
		}
		stale := false
		checks.WalkType(v.Type(), func(t types.Type) bool {
			if n, ok := t.(*types.Named); ok && isDeclared(n.Obj()) {
				stale = stale || d.p.Declared[n.Obj().Name()] && s.scope.objects[n.Obj().Name()] == types.Object(n.Obj())
			}
			return true
		})
		if stale {
			names = append(names, name)
		}
	}
	if slices.Sort(names); len(names) > 0 {
		r.sink.Notice(strings.Join(names, ", ") + " keep the type as it was: assign them again")
	}
}

// resultTypes are the static types of the shown values. The result of printing is not worth showing.
func (d *draft) resultTypes(info *types.Info) (ts []types.Type, quiet bool) {
	if d.p.Last == nil {
		return nil, true
	}
	xs := d.p.Results()
	for _, x := range xs {
		switch t := info.Types[x].Type.(type) {
		case nil:
		case *types.Tuple:
			for v := range t.Variables() {
				ts = append(ts, v.Type())
			}
		default:
			ts = append(ts, types.Default(t))
		}
	}
	return ts, d.p.Quiet || cell.IsPrint(info, xs[0]) || len(ts) == 0
}

// toYaegi compiles a file and the call of the cell's function. What fails in yaegi itself is an error too.
func (s *Session) toYaegi(f *ast.File, u *unit) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("compiling: %v", e)
		}
	}()
	declared, err := s.interp.CompileAST(f)
	if err != nil {
		return err
	}
	if _, err = s.interp.Execute(declared); err != nil {
		return err
	}
	u.program, err = s.interp.CompileAST(&ast.BlockStmt{Lbrace: s.file, List: []ast.Stmt{does(call(cell.Ident(u.function, token.NoPos)))}})
	return err
}

// keep makes the cell's value known as _ and Out[n].
func (s *Session) keep(count int, pkg *types.Package) {
	name := outName(count)
	if pkg.Scope().Lookup(name) == nil {
		return
	}
	s.scope.kept = slices.DeleteFunc(s.scope.kept, func(k kept) bool { return k.count == count })
	s.scope.kept = append(s.scope.kept, kept{count, name})
}

func outName(count int) string { return fmt.Sprintf("%sout%d", cell.Hidden, count) }

// useResults puts the variables in place of _ and Out[n] in a file.
func (s *Session) useResults(f *ast.File, src string) {
	if len(s.scope.kept) == 0 || !strings.Contains(src, "_") && !strings.Contains(src, "Out") {
		return
	}
	_, taken := s.scope.objects["Out"]
	latest := func() string { return s.scope.kept[len(s.scope.kept)-1].name }
	cell.ReplaceResults(f, latest, func(n string) string {
		for _, k := range s.scope.kept {
			if fmt.Sprint(k.count) == n && !taken {
				return k.name
			}
		}
		return ""
	})
}

// chooseMust picks the form of must for its argument.
func chooseMust(c *checks.Checked) (changed bool) {
	for id, form := range cell.MustCalls(c.File, c.Info) {
		if name := form.InCells(); name != id.Name {
			id.Name, changed = name, true
		}
	}
	return changed
}

// keyLiterals writes T{x: 1} for T{1} where T has unexported fields of an earlier cell: the checker compares packages by
// pointer, not by path.
func keyLiterals(c *checks.Checked) (changed bool) {
	if !slices.ContainsFunc(c.Errors, func(e types.Error) bool { return strings.HasPrefix(e.Msg, "implicit assignment to unexported field") }) {
		return false
	}
	ast.Inspect(c.File, func(n ast.Node) bool {
		cl, ok := n.(*ast.CompositeLit)
		if !ok || len(cl.Elts) == 0 || c.Info.Types[cl].Type == nil {
			return true
		}
		st, _ := c.Info.Types[cl].Type.Underlying().(*types.Struct)
		if _, keyed := cl.Elts[0].(*ast.KeyValueExpr); st == nil || keyed || len(cl.Elts) != st.NumFields() {
			return true
		}
		for i, e := range cl.Elts {
			cl.Elts[i] = &ast.KeyValueExpr{Key: cell.Ident(st.Field(i).Name(), e.Pos()), Colon: e.Pos(), Value: e}
			changed = true
		}
		return true
	})
	return changed
}

// position is a place in a cell, of a node.
func (s *Session) position(n ast.Node) token.Position { return s.interp.FileSet().Position(n.Pos()) }
