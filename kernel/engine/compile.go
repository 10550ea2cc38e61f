package engine

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
	"golang.org/x/tools/go/ssa"
)

// cellFuncName is the function that a cell's statements become.
const cellFuncName = cell.Hidden + "cell"

// unit is a compiled cell. What only its run needs is dropped afterwards.
type unit struct {
	count   int
	path    string       // unique path of its globals
	results []types.Type // static types of the values shown
	quiet   bool         // the result is not worth showing
	program bool         // func main is to be called
	values  []any        // the value shown, of a cell that needs no code

	interp *ixgo.Interp
	ssa    *ssa.Package
}

// draft is a cell on its way to being a unit.
type draft struct {
	s       *Session
	p       *cell.Parsed
	file    *ast.File
	fn      *ast.FuncDecl
	imports cell.FileImports
	initial map[string]bool        // variables with an initialiser
	rebind  map[string]string      // variables declared again with their storage: name -> type
	again   map[cell.Part]int      // what is compiled again -> which of the scope's sources it is
	methods map[string]*types.Func // hidden functions that take the place of methods
}

// compile makes a unit of a cell and declares what it declares. A cell that fails leaves the session as it was. The caller
// holds s.compiling.
func (s *Session) compile(count int, label, src string) (u *unit, err error) {
	undo, done := s.mark(), false
	var d *draft
	defer func() {
		if !done { // failed or panicked
			undo()
			s.modules.undo(err)
		}
	}()
	if err := s.slotsLeft(); err != nil {
		return nil, err
	}
	d, c, err := s.checked(label, src)
	if err != nil {
		return nil, err
	}
	s.goroutines.compiling(d.p, c, s.startsGoroutines(c))
	s.program.GuardMaps = s.goroutines.guard
	s.program.Pin(c)
	u = &unit{count: count, program: d.p.Program}
	u.results, u.quiet = d.resultTypes(c)
	if v, ok := d.codeless(c); ok {
		u.values, done = []any{v}, true
		return u, nil
	}
	d.place(c)
	if d.redefinesType() || len(s.modules.edited) > 0 {
		s.program.RedefinesType()
	}
	notices := slices.Concat(d.staleTypes(), d.kept(c), d.outdated())
	if u.ssa, err = s.program.Build(c, d.redefinitions(c)...); err != nil {
		return nil, err
	}
	s.units++
	u.path = fmt.Sprintf("cell%d", s.units)
	defer s.bindStorage(d, c.Package, u.path)()
	if u.interp, err = s.program.Link(u.ssa, u.path); err != nil {
		return nil, err
	}
	s.program.Redefined(u.interp)
	s.commit(d, c, u)
	done = true
	clear(s.modules.edited)
	for _, n := range notices {
		s.foreground.Load().sink.Notice(n)
	}
	return u, nil
}

// draft parses a cell. When it declares methods on types of earlier cells, what depends on those types is declared again
// with it, as is what is to be revised.
func (s *Session) draft(label, src string, rev *revision) (*draft, error) {
	cp := cell.Parser{Fset: s.program.Context().FileSet, Label: label, Previous: s.previous, Results: s.useResults}
	p, err := cp.Parse(src, nil)
	if err != nil {
		return nil, err
	}
	d := &draft{s: s, p: p, imports: cell.NewFileImports(), again: map[cell.Part]int{}, methods: map[string]*types.Func{}}
	if err := d.refresh(); err != nil {
		return nil, err
	}
	roots := s.methodsOnEarlier(p, rev)
	parts := d.replay(roots, rev)
	if len(parts) > 0 {
		if d.p, err = cp.Parse(src, parts); err != nil {
			return nil, err
		}
	}
	d.redefineMethods(roots)
	if err := d.embed(); err != nil {
		return nil, err
	}
	if err := d.resolveImports(); err != nil {
		return nil, err
	}
	return d, nil
}

var errSlots = errors.New("the interpreter has no room for methods of more types: reset the session or restart the kernel")

func (s *Session) slotsLeft() error {
	if !interp.SlotsLeft() {
		return errSlots
	}
	return nil
}

// assemble puts the file together: imports, declarations, the cell function.
func (d *draft) assemble() {
	rw := &rewriter{}
	d.file = &ast.File{Name: cell.Ident("main", token.NoPos)}
	for _, decl := range d.p.Decls {
		if isImport(decl) {
			d.file.Decls = append(d.file.Decls, decl)
		}
	}
	d.addImports()
	d.declareRebound()
	for _, decl := range d.p.Decls {
		if !isImport(decl) {
			rw.decl(decl)
			d.file.Decls = append(d.file.Decls, decl)
		}
	}
	d.fn = d.cellFunc(rw)
	d.file.Decls = append(d.file.Decls, d.fn)
}

func isImport(decl ast.Decl) bool {
	g, ok := decl.(*ast.GenDecl)
	return ok && g.Tok == token.IMPORT
}

func (d *draft) cellFunc(rw *rewriter) *ast.FuncDecl {
	body := &ast.BlockStmt{}
	if slices.ContainsFunc(d.p.Items, func(it *cell.Item) bool { return it.Stmt != nil && interp.DefersInRange(it.Stmt) }) {
		pos := d.p.Items[0].Pos
		d.p.Items = slices.Insert(d.p.Items, 0, &cell.Item{Stmt: interp.DeferNothing(pos), Pos: pos})
	}
	for _, it := range d.p.Items {
		if it.Stmt != nil {
			if it.Stmt == ast.Stmt(d.p.Last) {
				xs, last := d.p.Results(), d.p.Last.X
				rw.exprs(xs)
				d.p.Last.X = call(runtimeSel("Show", xs[0].Pos()), last.Pos(), last.End(), xs...)
			} else {
				it.Stmt = rw.stmt(it.Stmt)
			}
			body.List = append(body.List, it.Stmt)
		}
		body.List = append(body.List, it.After...)
	}
	var pos token.Pos
	if len(d.p.Items) > 0 {
		pos = d.p.Items[0].Pos
	}
	body.Lbrace, body.Rbrace = pos, pos
	return &ast.FuncDecl{Name: cell.Ident(cellFuncName, token.NoPos), Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}}, Body: body}
}

// newPackage is a package whose scope holds what the cell mentions of earlier cells, under its own names.
func (d *draft) newPackage() *types.Package {
	pkg := types.NewPackage("main", "main")
	insert := func(name string) {
		if o := d.s.scope.objects[name]; o != nil && !d.p.Declared[name] && !d.imports.Named[name] {
			pkg.Scope().Insert(o)
		}
	}
	for name := range d.p.Mentioned {
		insert(name)
	}
	for _, name := range cell.PreludeNames() {
		insert(name)
	}
	return pkg
}

// resultTypes are the static types of the shown values. The result of printing is not worth showing.
func (d *draft) resultTypes(c *interp.Checked) (ts []types.Type, quiet bool) {
	if d.p.Last == nil {
		return nil, true
	}
	show, ok := d.p.Last.X.(*ast.CallExpr)
	if !ok || !calls(show, "Show") {
		return nil, true
	}
	for _, x := range show.Args {
		switch t := c.Info.Types[x].Type.(type) {
		case nil:
		case *types.Tuple:
			for v := range t.Variables() {
				ts = append(ts, v.Type())
			}
		default:
			ts = append(ts, t)
		}
	}
	return ts, d.p.Quiet || cell.IsPrint(c.Info, show.Args[0])
}

// place turns the hoisted `var x = f()` into assignments executed where they were written, inside the cell function: the
// file is checked by now, so the types of the new identifiers are entered by hand.
func (d *draft) place(c *interp.Checked) {
	d.p.OrderVars(c.Info)
	d.initial = map[string]bool{}
	var list []ast.Stmt
	for _, it := range d.p.Items {
		if it.Vars != nil {
			as := &ast.AssignStmt{TokPos: it.Pos, Tok: token.ASSIGN, Rhs: it.Vars.Values}
			for _, id := range it.Vars.Names {
				d.initial[id.Name] = true
				use := cell.Ident(id.Name, id.NamePos)
				if o := c.Info.Defs[id]; o != nil && id.Name != "_" {
					c.Info.Uses[use] = o
					c.Info.Types[use] = typeOnly(o.Type())
				}
				as.Lhs = append(as.Lhs, use)
			}
			list = append(list, as)
		}
		if it.Stmt != nil {
			list = append(list, it.Stmt)
		}
		list = append(list, it.After...)
	}
	for _, it := range d.p.Items {
		if it.Vars != nil {
			it.Vars.Values = nil
		}
	}
	c.Info.InitOrder = nil
	d.fn.Body.List = list
}

func typeOnly(t types.Type) (tv types.TypeAndValue) {
	tv.Type = t
	return tv
}

// bindStorage makes variables that are declared again use their old storage while the cell is linked.
func (s *Session) bindStorage(d *draft, pkg *types.Package, path string) (undo func()) {
	var keys []string
	for name := range d.rebind {
		v, ok := pkg.Scope().Lookup(name).(*types.Var)
		if !ok {
			continue
		}
		old := s.program.Variable(s.scope.origin[s.scope.objects[name]].path, name)
		key := path + "." + name
		s.program.Override(map[string]any{key: reflect.NewAt(s.program.ReflectType(v.Type()), old.UnsafePointer()).Interface()})
		keys = append(keys, key)
	}
	return func() {
		for _, k := range keys {
			s.program.Override(map[string]any{k: nil})
		}
	}
}

// release lets go of what only the run of the cell needed.
func (u *unit) release() {
	if u.values != nil {
		return
	}
	if fn := u.ssa.Func(cellFuncName); fn != nil {
		fn.Blocks, fn.Locals, fn.AnonFuncs = nil, nil, nil
	}
	u.interp, u.ssa = nil, nil
}
