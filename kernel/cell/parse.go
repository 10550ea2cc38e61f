package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// Hidden starts every identifier that the engine adds to a cell. It is a letter to Go, and not one that people type.
const Hidden = "ᐧ"

// IsHidden reports whether a name was added to a cell.
func IsHidden(name string) bool { return strings.HasPrefix(name, Hidden) }

// Ident is an identifier at a place in the source.
func Ident(name string, pos token.Pos) *ast.Ident { return &ast.Ident{Name: name, NamePos: pos} }

// AddImport has a file import a package by a name.
func AddImport(file *ast.File, name, path string) {
	sp := &ast.ImportSpec{Name: Ident(name, token.NoPos), Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
	file.Decls = append(file.Decls, &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{sp}})
	file.Imports = append(file.Imports, sp)
}

// Item is one step of the cell function, in the order written.
type Item struct {
	Stmt  ast.Stmt       // a statement to run in place, or
	Vars  *ast.ValueSpec // a hoisted variable, assigned in place
	IsVar bool           // declared with var: neighbours run in dependency order
	Init  bool           // calls an init function
	After []ast.Stmt     // assignments to follow, for a, err := that reuses err
	Pos   token.Pos
}

// Parsed is a cell cut, parsed and with its variables hoisted to package level.
type Parsed struct {
	label     string
	Pieces    []Piece
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
	Program   bool                     // has a package clause: main is called
	previous  func(name string) string // renames a use of an earlier cell's variable; see renameEarlier
	hoisted   map[string]bool
	temps     int
	Embeds    []Embed      // variables with go:embed directives
	early     []*ast.Ident // uses before or in the x := f() of the cell that declares them, and nothing earlier does
}

// Piece is a part that was parsed.
type Piece struct {
	Part
	File *ast.File
	Base token.Pos // of the first byte of the part's text
}

// Source remembers a declaration so that it can be declared again when a later cell changes what it mentions.
type Source struct {
	Names   []string // package-level names it declares, or one "T.M"
	Method  bool
	Pointer bool // of a method: its receiver is a pointer
	Type    bool // it declares types
	Text    Part
	Decl    ast.Decl
	Deps    map[string]bool
}

// Embed is a variable that a go:embed directive stands above.
type Embed struct {
	Spec     *ast.ValueSpec
	Patterns string
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
	// previous names what an earlier cell's variable of that name is now called, or returns "".
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
	for i, c := range parts {
		if c.Label == "" {
			c.Label = cp.Label
		}
		if c.Kind == Package {
			p.Program = true
			continue
		}
		piece, err := cp.piece(c, i == len(parts)-1)
		if err != nil && !(cp.Tolerant && piece.File != nil) {
			return nil, err
		}
		if cp.Results != nil {
			cp.Results(piece.File, c.Text)
		}
		p.Pieces = append(p.Pieces, piece)
	}
	p.renameEarlier()
	for i, c := range p.Pieces {
		p.mention(c.File)
		if err := p.take(cp.Fset, c.File, c.Part, i == len(p.Pieces)-1); err != nil && !cp.Tolerant {
			return nil, err
		}
	}
	p.initLast()
	return p, nil
}

// piece parses a part; the last one of a cell may be a list.
func (cp Parser) piece(c Part, last bool) (Piece, error) {
	before, after := Wrapping(c.Kind)
	f, base, err := cp.file(c, before, c.Text, after)
	if err != nil && c.Kind == Statement && last {
		f, base, err = cp.list(c, f, base, err)
	}
	if f != nil {
		f.Unresolved = append(f.Unresolved, mapKeys(f)...)
	}
	return Piece{Part: c, File: f, Base: base}, err
}

// file parses source as a file whose positions are those in the cell; base is the position of the source itself.
func (cp Parser) file(c Part, before, src, after string) (f *ast.File, base token.Pos, err error) {
	before += fmt.Sprintf("/*line %s:%d:%d*/", c.Label, c.Line, c.Col)
	f, err = parser.ParseFile(cp.Fset, c.Label, before+src+after, parser.ParseComments)
	if f != nil {
		base = f.FileStart + token.Pos(len(before))
	}
	return f, base, err
}

// list parses the last part of a cell as several values, as in `mean, sd`: a call of nothing with them. It gives the file
// and error back where the part is something else.
func (cp Parser) list(c Part, f *ast.File, base token.Pos, err error) (*ast.File, token.Pos, error) {
	before, after := Wrapping(Statement)
	before, after = before+ListName+"(", ")"+after
	alone := Parser{Fset: token.NewFileSet()}
	list, _, no := alone.file(c, before, withoutComment(c.Text), after)
	if no != nil {
		return f, base, err
	}
	body := list.Decls[0].(*ast.FuncDecl).Body.List
	if es, ok := body[0].(*ast.ExprStmt); !ok || len(body) > 1 || len(listOf(es.X)) < 2 {
		return f, base, err
	}
	return cp.file(c, before, withoutComment(c.Text), after)
}

// withoutComment is source up to the end of its last token.
func withoutComment(src string) string {
	end := 0
	for t := range code(src) {
		if t.Token != token.SEMICOLON {
			end = t.End
		}
	}
	return src[:end]
}

// ListName is the function that a list of values is passed to.
const ListName = Hidden + "list"

// listOf are the values of a list, or nil.
func listOf(e ast.Expr) []ast.Expr {
	if c, ok := e.(*ast.CallExpr); ok {
		if id, ok := c.Fun.(*ast.Ident); ok && id.Name == ListName && !c.Ellipsis.IsValid() {
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

// Wrapping is the text around a part that makes a file of it: a statement stands in a function.
func Wrapping(kind PartKind) (before, after string) {
	if kind == Statement {
		return "package main;func _(){", "\n}"
	}
	return "package main;", "\n"
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
			p.takeEmbeds(d, c.Embed)
			return // a variable keeps its value: never declared again
		}
	}
	p.Sources = append(p.Sources, so)
}

// takeEmbeds remembers the variables of a declaration that go:embed directives stand above; those above it all have
// patterns.
func (p *Parsed) takeEmbeds(d *ast.GenDecl, patterns string) {
	for _, sp := range d.Specs {
		vs := sp.(*ast.ValueSpec)
		if d.Lparen.IsValid() {
			patterns = embedIn(linesOf(vs.Doc))
		}
		if patterns != "" {
			p.Embeds = append(p.Embeds, Embed{vs, patterns})
		}
	}
}

func linesOf(g *ast.CommentGroup) (lines []string) {
	if g != nil {
		for _, c := range g.List {
			lines = append(lines, c.Text)
		}
	}
	return lines
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
	p.Items = append(p.Items, &Item{Stmt: &ast.ExprStmt{X: &ast.CallExpr{Fun: Ident(name, pos), Lparen: pos, Rparen: pos}}, Init: true, Pos: pos})
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
			if err := p.hoist(fset, as); err != nil {
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
