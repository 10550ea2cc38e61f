package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// Hidden starts every identifier that the engine adds to a cell. It is a
// letter to Go, and not one that people type.
const Hidden = "ᐧ"

// IsHidden reports whether a name was added to a cell.
func IsHidden(name string) bool { return strings.HasPrefix(name, Hidden) }

// Ident is an identifier at a place in the source.
func Ident(name string, pos token.Pos) *ast.Ident { return &ast.Ident{Name: name, NamePos: pos} }

// Item is one step of the cell function, in the order written.
type Item struct {
	Stmt   ast.Stmt       // a statement to run in place, or
	Vars   *ast.ValueSpec // a hoisted variable, assigned in place
	IsVar  bool           // declared with var: neighbours run in dependency order
	isInit bool           // calls an init function
	After  []ast.Stmt     // assignments to follow, for a, err := that reuses err
	Pos    token.Pos
}

// Parsed is a cell cut, parsed and with its variables hoisted to package level.
type Parsed struct {
	label     string
	Imports   []*ast.ImportSpec
	Decls     []ast.Decl
	Items     []*Item
	Last      *ast.ExprStmt // the expression that may be the cell's result
	Quiet     bool          // the result is suppressed by ';'
	Declared  map[string]bool
	Mentioned map[string]bool          // every identifier in the cell
	Free      map[string][]ast.Node    // uses of names that no scope inside their part declares
	Selectors map[ast.Node]bool        // the x of every x.Name
	Methods   map[string]bool          // "T.M" of the methods in this cell
	Sources   []Source                 // what is remembered of the declarations
	inits     int                      // functions named init, which are renamed
	Literals  bool                     // has type literals with methods; see nameAnonymous
	Program   bool                     // has a package clause: main is called
	previous  func(name string) string // renames a use of an earlier cell's variable; see hoist
	hoisted   map[string]bool
	temps     int
	Early     []*ast.Ident // uses of what a later x := f() of the cell declares, and nothing earlier
}

// Source remembers a declaration so that it can be declared again when a later
// cell changes what it mentions.
type Source struct {
	Names   []string // package-level names it declares, or one "T.M"
	Method  bool
	Pointer bool // of a method: its receiver is a pointer
	Type    bool // it declares types
	Text    Part
	Decl    ast.Decl
	Deps    map[string]bool
}

func newParsed(label string) *Parsed {
	return &Parsed{
		label: label, Declared: map[string]bool{}, Mentioned: map[string]bool{}, Free: map[string][]ast.Node{}, Selectors: map[ast.Node]bool{},
		Methods: map[string]bool{}, hoisted: map[string]bool{},
	}
}

// Parser reads cells.
type Parser struct {
	Fset  *token.FileSet
	Label string
	// previous names what an earlier cell's variable of that name is now
	// called, or returns "".
	Previous func(name string) string
	// results puts earlier cells' values in place of what stands for them; may be nil.
	Results func(f *ast.File, src string)
	// tolerant takes what can be understood of a part that does not parse.
	Tolerant bool
}

// Parse reads a cell. Parts to declare again, of earlier cells, come first.
func (cp Parser) Parse(src string, replay []Part) (*Parsed, error) {
	p := newParsed(cp.Label)
	p.previous = cp.Previous
	parts := append(replay[:len(replay):len(replay)], Split(src)...)
	files := make([]*ast.File, len(parts))
	for i := range parts {
		c := &parts[i]
		if c.Label == "" {
			c.Label = cp.Label
		}
		if c.Kind == Package {
			p.Program = true
			continue
		}
		f, err := parser.ParseFile(cp.Fset, c.Label, wrap(*c), parser.ParseComments)
		if err != nil && c.Kind == Statement && i == len(parts)-1 {
			f, err = cp.list(*c, f, err)
		}
		if err != nil && !(cp.Tolerant && f != nil) {
			return nil, err
		}
		if cp.Results != nil {
			cp.Results(f, c.Text)
		}
		files[i] = f
	}
	p.renameEarly(parts, files)
	for i, c := range parts {
		f := files[i]
		if f == nil {
			continue
		}
		p.mention(f)
		if err := p.take(cp.Fset, f, c, i == len(parts)-1); err != nil && !cp.Tolerant {
			return nil, err
		}
	}
	p.initLast()
	return p, nil
}

// renameEarly makes x before `x := 1` the earlier cell's x: the scope of the cell's own begins after it, as in a function.
func (p *Parsed) renameEarly(parts []Part, files []*ast.File) {
	defined, declared := map[string]int{}, map[string]bool{} // by the first x := f(); otherwise
	for i, f := range files {
		if f == nil {
			continue
		}
		for name := range f.Scope.Objects {
			declared[name] = parts[i].Kind == Declaration || declared[name]
		}
		for _, name := range definedIn(f) {
			if _, known := defined[name]; !known {
				defined[name] = i
			}
		}
	}
	for i, f := range files {
		if f == nil || parts[i].Kind != Statement {
			continue
		}
		for _, id := range append(mapKeys(f), f.Unresolved...) {
			if at, ok := defined[id.Name]; !ok || i >= at || declared[id.Name] {
				continue
			}
			if name := p.previous(id.Name); name != "" {
				id.Name = name
			} else {
				p.Early = append(p.Early, id)
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

// list parses the last part of a cell as several values, as in `mean, sd`: a call of nothing with them. It gives the file
// and error back where the part is something else.
func (cp Parser) list(c Part, f *ast.File, err error) (*ast.File, error) {
	before, after := Wrapping(Statement)
	src := before + listName + fmt.Sprintf("(/*line %s:%d:%d*/", c.Label, c.Line, c.Col) + withoutComment(c.Text) + ")" + after
	list, no := parser.ParseFile(token.NewFileSet(), c.Label, src, 0)
	if no != nil {
		return f, err
	}
	body := list.Decls[0].(*ast.FuncDecl).Body.List
	if es, ok := body[0].(*ast.ExprStmt); !ok || len(body) > 1 || len(listOf(es.X)) < 2 {
		return f, err
	}
	return parser.ParseFile(cp.Fset, c.Label, src, parser.ParseComments)
}

// withoutComment is source up to the end of its last token.
func withoutComment(src string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, 0)
	end := 0
	for {
		pos, tok, lit := sc.Scan()
		switch {
		case tok == token.EOF:
			return src[:end]
		case tok == token.SEMICOLON:
			continue
		case lit == "":
			lit = tok.String()
		}
		end = file.Offset(pos) + len(lit)
	}
}

const listName = Hidden + "list"

// listOf are the values of a list, or nil.
func listOf(e ast.Expr) []ast.Expr {
	if c, ok := e.(*ast.CallExpr); ok {
		if id, ok := c.Fun.(*ast.Ident); ok && id.Name == listName && !c.Ellipsis.IsValid() {
			return c.Args
		}
	}
	return nil
}

// Results are the values that the cell's last expression gives: itself, or those of a list.
func (p *Parsed) Results() []ast.Expr {
	if list := listOf(p.Last.X); list != nil {
		return list
	}
	return []ast.Expr{p.Last.X}
}

// wrap makes a part a file whose positions are those in the cell.
func wrap(c Part) string {
	before, after := Wrapping(c.Kind)
	return before + fmt.Sprintf("/*line %s:%d:%d*/", c.Label, c.Line, c.Col) + c.Text + after
}

// Wrapping is the text around a part that makes a file of it: a statement stands in a function.
func Wrapping(kind PartKind) (before, after string) {
	if kind == Statement {
		return "package main;func _(){", "\n}"
	}
	return "package main;", "\n"
}

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

func (p *Parsed) mention(f *ast.File) {
	for _, id := range f.Unresolved {
		p.Free[id.Name] = append(p.Free[id.Name], id)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			p.Mentioned[n.Name] = true
		case *ast.SelectorExpr:
			p.Selectors[n.X] = true
		case *ast.InterfaceType, *ast.StructType:
			p.Literals = p.Literals || HasMethodSet(n.(ast.Expr))
		}
		return true
	})
}

func (p *Parsed) take(fset *token.FileSet, f *ast.File, c Part, last bool) error {
	switch c.Kind {
	case Import:
		p.Decls = append(p.Decls, f.Decls...)
		p.Imports = append(p.Imports, f.Imports...)
	case Declaration:
		for _, d := range f.Decls {
			p.takeDecl(d, c)
		}
	case Statement:
		return p.takeStatements(fset, f, c, last)
	}
	return nil
}

func (p *Parsed) takeDecl(d ast.Decl, c Part) {
	p.Decls = append(p.Decls, d)
	so := Source{Text: c, Decl: d}
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
	p.Sources = append(p.Sources, so)
}

func (p *Parsed) takeFunc(d *ast.FuncDecl, so *Source) {
	switch {
	case d.Recv != nil && len(d.Recv.List) == 1:
		base := ReceiverBase(d.Recv.List[0].Type)
		so.Method, so.Names = true, []string{base + "." + d.Name.Name}
		so.Pointer = IsPointer(d.Recv.List[0].Type)
		if so.Text.Label == p.label {
			p.Methods[so.Names[0]] = true
		}
	case d.Recv != nil:
	case d.Name.Name == "init":
		p.takeInit(d)
	default:
		so.Names = []string{d.Name.Name}
		p.Declared[d.Name.Name] = true
	}
}

// takeInit makes init a function that is called where it stands.
func (p *Parsed) takeInit(d *ast.FuncDecl) {
	p.inits++
	pos := d.Name.Pos()
	name := fmt.Sprintf("%sinit%d", Hidden, p.inits)
	d.Name = Ident(name, pos)
	p.Items = append(p.Items, &Item{Stmt: &ast.ExprStmt{X: &ast.CallExpr{Fun: Ident(name, pos), Lparen: pos, Rparen: pos}}, isInit: true, Pos: pos})
}

// initLast puts the variables of a cell that has no statements, as a file has
// none, before its init functions.
func (p *Parsed) initLast() {
	if !slices.ContainsFunc(p.Items, func(it *Item) bool { return it.Stmt != nil && !it.isInit }) {
		slices.SortStableFunc(p.Items, func(a, b *Item) int {
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

func (p *Parsed) takeSpec(sp ast.Spec, tok token.Token, so *Source) {
	switch sp := sp.(type) {
	case *ast.TypeSpec:
		p.Declared[sp.Name.Name] = true
		so.Type, so.Names = true, append(so.Names, sp.Name.Name)
	case *ast.ValueSpec:
		for _, id := range sp.Names {
			so.Names = append(so.Names, id.Name)
			p.Declared[id.Name], p.hoisted[id.Name] = true, true
		}
		if tok == token.VAR && len(sp.Values) > 0 {
			p.Items = append(p.Items, &Item{Vars: sp, IsVar: true, Pos: sp.Pos()})
		}
	}
}

func (p *Parsed) takeStatements(fset *token.FileSet, f *ast.File, c Part, last bool) error {
	var list []ast.Stmt
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
			list = append(list, fd.Body.List...)
		}
	}
	for i, st := range list {
		if as := Definition(st); as != nil {
			if err := p.hoist(fset, f, as); err != nil {
				return err
			}
			continue
		}
		if es, ok := st.(*ast.ExprStmt); ok && last && i == len(list)-1 {
			p.Last, p.Quiet = es, c.Semicolon
		}
		p.Items = append(p.Items, &Item{Stmt: st, Pos: st.Pos()})
	}
	return nil
}

// hoist makes `x := f()` a package-level variable that is assigned in place.
// Of several names, those that the cell already has are assigned through a
// temporary, as := reuses them.
func (p *Parsed) hoist(fset *token.FileSet, f *ast.File, as *ast.AssignStmt) error {
	for _, l := range as.Lhs {
		if _, ok := l.(*ast.Ident); !ok {
			return scanner.ErrorList{{Pos: fset.Position(l.Pos()), Msg: "non-name on left side of :="}}
		}
	}
	declares := Declares(as, p.hoisted)
	p.renamePrevious(f, as)
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

// renamePrevious makes x on the right of `x := x + 1` the earlier cell's x.
func (p *Parsed) renamePrevious(f *ast.File, as *ast.AssignStmt) {
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
				p.Mentioned[name] = true
			}
			return true
		})
	}
}

// ReceiverBase is T of a receiver written T, *T, T[P] or (*T[P, Q]).
func ReceiverBase(e ast.Expr) string {
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

// IsPointer reports whether a receiver is written *T.
func IsPointer(e ast.Expr) bool {
	_, ok := ast.Unparen(e).(*ast.StarExpr)
	return ok
}

// HasMethodSet reports whether a type literal has methods.
func HasMethodSet(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.InterfaceType:
		return len(e.Methods.List) > 0 && !slices.ContainsFunc(e.Methods.List, func(f *ast.Field) bool { return len(f.Names) == 0 })
	case *ast.StructType:
		return slices.ContainsFunc(e.Fields.List, func(f *ast.Field) bool { return len(f.Names) == 0 })
	}
	return false
}
