package engine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// hidden starts every identifier that the engine adds to a cell. It is a
// letter to Go, and not one that people type.
const hidden = "ᐧ"

func isHidden(name string) bool { return strings.HasPrefix(name, hidden) }

func ident(name string, pos token.Pos) *ast.Ident { return &ast.Ident{Name: name, NamePos: pos} }

// item is one step of the cell function, in the order written.
type item struct {
	stmt   ast.Stmt       // a statement to run in place, or
	vars   *ast.ValueSpec // a hoisted variable, assigned in place
	isVar  bool           // declared with var: neighbours run in dependency order
	isInit bool           // calls an init function
	after  []ast.Stmt     // assignments to follow, for a, err := that reuses err
	pos    token.Pos
}

// parsed is a cell cut, parsed and with its variables hoisted to package level.
type parsed struct {
	label     string
	imports   []*ast.ImportSpec
	decls     []ast.Decl
	items     []*item
	last      *ast.ExprStmt // the expression that may be the cell's result
	quiet     bool          // the result is suppressed by ';'
	declared  map[string]bool
	mentioned map[string]bool          // every identifier in the cell
	free      map[string][]ast.Node    // uses of names that no scope inside their chunk declares
	selectors map[ast.Node]bool        // the x of every x.Name
	receivers map[string]bool          // types that get a method in this cell
	methods   map[string]bool          // "T.M" of the methods in this cell
	sources   []source                 // what is remembered of the declarations
	inits     int                      // functions named init, which are renamed
	literals  bool                     // has type literals with methods; see nameAnonymous
	program   bool                     // has a package clause: main is called
	previous  func(name string) string // renames a use of an earlier cell's variable; see hoist
	hoisted   map[string]bool
	temps     int
}

// source remembers a declaration so that it can be declared again when a later
// cell adds a method to a type it mentions.
type source struct {
	names  []string // package-level names it declares, or one "T.M"
	method bool
	text   chunk
	decl   ast.Decl
	deps   map[string]bool
}

func newParsed(label string) *parsed {
	return &parsed{
		label: label, declared: map[string]bool{}, mentioned: map[string]bool{}, free: map[string][]ast.Node{}, selectors: map[ast.Node]bool{},
		receivers: map[string]bool{}, methods: map[string]bool{}, hoisted: map[string]bool{},
	}
}

// cellParser reads cells.
type cellParser struct {
	fset  *token.FileSet
	label string
	// previous names what an earlier cell's variable of that name is now
	// called, or returns "".
	previous func(name string) string
	// results puts earlier cells' values in place of what stands for them; may be nil.
	results func(f *ast.File, src string)
	// tolerant takes what can be understood of a chunk that does not parse.
	tolerant bool
}

// parse reads a cell. Chunks to replay, of earlier cells, come first.
func (cp cellParser) parse(src string, replay []chunk) (*parsed, error) {
	p := newParsed(cp.label)
	p.previous = cp.previous
	chunks := append(replay[:len(replay):len(replay)], split(src)...)
	for i, c := range chunks {
		if c.label == "" {
			c.label = cp.label
		}
		if c.kind == packageClause {
			p.program = true
			continue
		}
		f, err := parser.ParseFile(cp.fset, c.label, wrap(c), parser.ParseComments)
		if err != nil && !(cp.tolerant && f != nil) {
			return nil, err
		}
		if cp.results != nil {
			cp.results(f, c.text)
		}
		p.mention(f)
		if err := p.take(cp.fset, f, c, i == len(chunks)-1); err != nil && !cp.tolerant {
			return nil, err
		}
	}
	p.initLast()
	return p, nil
}

// wrap makes a chunk a file whose positions are those in the cell.
func wrap(c chunk) string {
	line := fmt.Sprintf("/*line %s:%d:%d*/", c.label, c.line, c.col)
	if c.kind == statement {
		return "package main;func _(){" + line + c.text + "\n}"
	}
	return "package main;" + line + c.text + "\n"
}

func (p *parsed) mention(f *ast.File) {
	for _, id := range f.Unresolved {
		p.free[id.Name] = append(p.free[id.Name], id)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			p.mentioned[n.Name] = true
		case *ast.SelectorExpr:
			p.selectors[n.X] = true
		case *ast.InterfaceType, *ast.StructType:
			p.literals = p.literals || hasMethodSet(n.(ast.Expr))
		}
		return true
	})
}

func (p *parsed) take(fset *token.FileSet, f *ast.File, c chunk, last bool) error {
	switch c.kind {
	case importDecl:
		p.decls = append(p.decls, f.Decls...)
		p.imports = append(p.imports, f.Imports...)
	case declaration:
		for _, d := range f.Decls {
			p.takeDecl(d, c)
		}
	case statement:
		return p.takeStatements(fset, f, c, last)
	}
	return nil
}

func (p *parsed) takeDecl(d ast.Decl, c chunk) {
	p.decls = append(p.decls, d)
	so := source{text: c, decl: d}
	switch d := d.(type) {
	case *ast.FuncDecl:
		p.takeFunc(d, &so)
	case *ast.GenDecl:
		for _, sp := range d.Specs {
			p.takeSpec(sp, d.Tok, &so)
		}
		if d.Tok == token.VAR {
			return // a variable keeps its value: never declared again
		}
	}
	p.sources = append(p.sources, so)
}

func (p *parsed) takeFunc(d *ast.FuncDecl, so *source) {
	switch {
	case d.Recv != nil && len(d.Recv.List) == 1:
		base := receiverBase(d.Recv.List[0].Type)
		so.method, so.names = true, []string{base + "." + d.Name.Name}
		p.receivers[base] = true
		if so.text.label == p.label {
			p.methods[so.names[0]] = true
		}
	case d.Recv != nil:
	case d.Name.Name == "init":
		p.takeInit(d)
	default:
		so.names = []string{d.Name.Name}
		p.declared[d.Name.Name] = true
	}
}

// takeInit makes init a function that is called where it stands.
func (p *parsed) takeInit(d *ast.FuncDecl) {
	p.inits++
	pos := d.Name.Pos()
	name := fmt.Sprintf("%sinit%d", hidden, p.inits)
	d.Name = ident(name, pos)
	p.items = append(p.items, &item{stmt: &ast.ExprStmt{X: call(ident(name, pos), pos, pos)}, isInit: true, pos: pos})
}

// initLast puts the variables of a cell that has no statements, as a file has
// none, before its init functions.
func (p *parsed) initLast() {
	if !slices.ContainsFunc(p.items, func(it *item) bool { return it.stmt != nil && !it.isInit }) {
		slices.SortStableFunc(p.items, func(a, b *item) int {
			switch {
			case a.isInit == b.isInit:
				return 0
			case a.isInit:
				return 1
			}
			return -1
		})
	}
}

func (p *parsed) takeSpec(sp ast.Spec, tok token.Token, so *source) {
	switch sp := sp.(type) {
	case *ast.TypeSpec:
		p.declared[sp.Name.Name] = true
		so.names = append(so.names, sp.Name.Name)
	case *ast.ValueSpec:
		for _, id := range sp.Names {
			so.names = append(so.names, id.Name)
			p.declared[id.Name], p.hoisted[id.Name] = true, true
		}
		if tok == token.VAR && len(sp.Values) > 0 {
			p.items = append(p.items, &item{vars: sp, isVar: true, pos: sp.Pos()})
		}
	}
}

func (p *parsed) takeStatements(fset *token.FileSet, f *ast.File, c chunk, last bool) error {
	var list []ast.Stmt
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
			list = append(list, fd.Body.List...)
		}
	}
	for i, st := range list {
		if as, ok := st.(*ast.AssignStmt); ok && as.Tok == token.DEFINE {
			if err := p.hoist(fset, f, as); err != nil {
				return err
			}
			continue
		}
		if es, ok := st.(*ast.ExprStmt); ok && last && i == len(list)-1 {
			p.last, p.quiet = es, c.semicolon
		}
		p.items = append(p.items, &item{stmt: st, pos: st.Pos()})
	}
	return nil
}

// hoist makes `x := f()` a package-level variable that is assigned in place.
// Of several names, those that the cell already has are assigned through a
// temporary, as := reuses them.
func (p *parsed) hoist(fset *token.FileSet, f *ast.File, as *ast.AssignStmt) error {
	anyNew := false
	for _, l := range as.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			return scanner.ErrorList{{Pos: fset.Position(l.Pos()), Msg: "non-name on left side of :="}}
		}
		anyNew = anyNew || id.Name != "_" && !p.hoisted[id.Name]
	}
	p.renamePrevious(f, as)
	vs := &ast.ValueSpec{Values: as.Rhs}
	it := &item{vars: vs, pos: as.Pos()}
	for _, l := range as.Lhs {
		id := l.(*ast.Ident)
		if id.Name != "_" && p.hoisted[id.Name] && anyNew {
			p.temps++
			tmp := fmt.Sprintf("%stmp%d", hidden, p.temps)
			vs.Names = append(vs.Names, ident(tmp, id.Pos()))
			it.after = append(it.after, &ast.AssignStmt{
				Lhs: []ast.Expr{ident(id.Name, id.Pos())}, TokPos: id.Pos(), Tok: token.ASSIGN,
				Rhs: []ast.Expr{ident(tmp, id.Pos())},
			})
			continue
		}
		vs.Names = append(vs.Names, id)
		if id.Name != "_" {
			p.declared[id.Name] = true
		}
	}
	for _, id := range vs.Names {
		p.hoisted[id.Name] = true
	}
	p.decls = append(p.decls, &ast.GenDecl{TokPos: as.Pos(), Tok: token.VAR, Specs: []ast.Spec{vs}})
	p.items = append(p.items, it)
	return nil
}

// renamePrevious makes x on the right of `x := x + 1` the earlier cell's x.
func (p *parsed) renamePrevious(f *ast.File, as *ast.AssignStmt) {
	left := map[string]bool{}
	for _, l := range as.Lhs {
		name := l.(*ast.Ident).Name
		left[name] = !p.hoisted[name]
	}
	unresolved := map[*ast.Ident]bool{}
	for _, id := range f.Unresolved {
		unresolved[id] = true
	}
	for _, r := range as.Rhs {
		ast.Inspect(r, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || !unresolved[id] || !left[id.Name] {
				return true
			}
			if name := p.previous(id.Name); name != "" {
				id.Name = name
				p.mentioned[name] = true
			}
			return true
		})
	}
}

// receiverBase is T of a receiver written T, *T, T[P] or (*T[P, Q]).
func receiverBase(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
