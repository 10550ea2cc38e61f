package assist

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// Completion is what could replace the text between Start and End.
type Completion struct {
	Start, End int // code points
	Items      []CompletionItem
}

// CompletionItem is one candidate.
type CompletionItem struct {
	Text      string // replaces code[Start:End]
	Kind      string // "function", "method", "field", "variable", "constant", "type", "package", "keyword", "path", "key", "magic"
	Signature string // "(xs []float64) float64", or the type of a variable; may be empty
}

// Complete lists what could stand at the cursor, a code point; it never fails.
func (v *View) Complete(code string, cursor int) (c Completion) {
	at := cell.ByteOffset(code, cursor)
	r := &completer{View: v, code: code, at: at, start: at}
	defer func() {
		if recover() != nil { // the type checker met code it did not expect
			c = Completion{}
		}
		if c.Items == nil {
			c.Start, c.End = cursor, cursor
		}
	}()
	r.complete()
	slices.SortStableFunc(r.items, func(a, b CompletionItem) int { return cmp.Compare(a.Text, b.Text) })
	return Completion{Start: cell.RuneOffset(code, r.start), End: cursor, Items: slices.Compact(r.items)}
}

type completer struct {
	*View
	code  string
	at    int // byte offset of the cursor
	start int // of what the items replace
	items []CompletionItem
}

// mark stands for the name being typed, in the source that is analysed.
const mark = cell.Hidden + "mark"

func (r *completer) complete() {
	switch kind, from := cell.TokenUnder(r.code, r.at); kind {
	case token.COMMENT:
		return
	case token.STRING:
		r.inString(from)
		return
	}
	r.start = cell.NameStart(r.code, r.at)
	prefix := r.code[r.start:r.at]
	before := strings.TrimRight(r.code[:r.start], " \t")
	a := r.analyse(r.completed())
	id, parents := a.find(mark)
	if strings.HasSuffix(before, ".") {
		if sel, ok := parents[id].(*ast.SelectorExpr); ok {
			r.selected(a, sel.X, prefix)
		}
		return
	}
	if id != nil {
		r.fieldKeys(a, id, parents, prefix)
	}
	r.names(a, id, prefix)
}

// completed is the source with a name at the cursor, and with what is open before it closed, so that what comes after
// cannot confuse.
func (r *completer) completed() string {
	head := r.code[:r.start] + mark
	rest := r.code[r.at:]
	for rest != "" {
		c, n := utf8.DecodeRuneInString(rest)
		if !cell.IsNameRune(c) {
			break
		}
		rest = rest[n:]
	}
	if cell.Balanced(r.code) {
		return head + rest
	}
	return head + cell.Closers(r.code[:r.start])
}

// find is the identifier of that name, with the parents of every node.
func (a *analysis) find(name string) (found *ast.Ident, parents map[ast.Node]ast.Node) {
	parents = map[ast.Node]ast.Node{}
	var stack []ast.Node
	ast.Inspect(a.File, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			parents[n] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = id
		}
		return true
	})
	return found, parents
}

func (r *completer) add(text, kind, signature, prefix string) {
	if hasPrefixFold(text, prefix) && !cell.IsHidden(text) && text != "_" {
		r.items = append(r.items, CompletionItem{Text: text, Kind: kind, Signature: strings.ReplaceAll(signature, cell.Hidden, "")})
	}
}

func (r *completer) addObject(o types.Object, owner, prefix string) {
	if hasPrefixFold(o.Name(), prefix) {
		r.add(o.Name(), kindOfObject(o), signatureOf(o, owner), prefix)
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// selected offers the members of x in x.f.
func (r *completer) selected(a *analysis, x ast.Expr, prefix string) {
	if id, ok := x.(*ast.Ident); ok {
		if pkg, ok := a.Info.Uses[id].(*types.PkgName); ok {
			scope := pkg.Imported().Scope()
			for _, name := range scope.Names() {
				if o := scope.Lookup(name); o.Exported() {
					r.addObject(o, "", prefix)
				}
			}
			return
		}
	}
	t := a.Info.Types[x].Type
	if t == nil {
		return
	}
	for _, m := range members(t) {
		r.addObject(m.Obj, m.Owner, prefix)
	}
}

// fieldKeys offers the fields of the struct in whose literal the name stands.
func (r *completer) fieldKeys(a *analysis, id *ast.Ident, parents map[ast.Node]ast.Node, prefix string) {
	p := parents[id]
	if kv, ok := p.(*ast.KeyValueExpr); ok && kv.Key == id {
		p = parents[kv]
	}
	lit, ok := p.(*ast.CompositeLit)
	if !ok {
		return
	}
	st := StructOf(a.Info.Types[lit].Type)
	if st == nil {
		return
	}
	for f := range st.Fields() {
		if f.Exported() || OfCell(f) {
			r.addObject(f, "", prefix)
		}
	}
}

// names offers what can be referred to by a single name.
func (r *completer) names(a *analysis, id *ast.Ident, prefix string) {
	if id != nil {
		for scope := innermost(a, id.Pos()); scope != nil; scope = scope.Parent() {
			for _, name := range scope.Names() {
				r.addObject(scope.Lookup(name), "", prefix)
			}
		}
	}
	for _, o := range r.Objects {
		r.addObject(o, "", prefix)
	}
	for name, path := range r.Imports {
		r.add(name, "package", path, prefix)
	}
	if prefix == "" {
		return
	}
	for name, path := range r.Packages {
		r.add(name, "package", path, prefix)
	}
	for k := token.BREAK; k <= token.VAR; k++ {
		if k.IsKeyword() {
			r.add(k.String(), "keyword", "", prefix)
		}
	}
}

// innermost is the smallest scope around a position.
func innermost(a *analysis, pos token.Pos) (best *types.Scope) {
	for _, sc := range a.Info.Scopes {
		if sc.Contains(pos) && (best == nil || sc.End()-sc.Pos() < best.End()-best.Pos()) {
			best = sc
		}
	}
	return best
}

// inString offers import paths, map keys and files inside a string literal.
func (r *completer) inString(from int) {
	text := r.code[from+1 : r.at]
	before := strings.TrimSpace(r.code[:from])
	switch {
	case isImportContext(r.code[:from]):
		r.start = from + 1
		for _, path := range ixgo.PackageList() {
			if strings.HasPrefix(path, text) && importable(path) {
				r.add(path, "package", "", "")
			}
		}
	case strings.HasSuffix(before, "["):
		r.mapKeys(from, strings.TrimSuffix(before, "["), text)
	default:
		from, items := CompleteFile(text)
		r.start, r.items = r.at-(len(text)-from), append(r.items, items...)
	}
}

func importable(path string) bool {
	return !strings.HasPrefix(path, "msflow/") && !strings.Contains(path, "internal/") && !strings.Contains(path, "goplus/")
}

// isImportContext reports whether the last declaration before a string is an import.
func isImportContext(code string) bool {
	parts := cell.Split(code)
	return len(parts) > 0 && parts[len(parts)-1].Kind == cell.Import
}

// mapKeys offers the keys of a map that is at hand, replacing the literal.
func (r *completer) mapKeys(from int, before, text string) {
	start := cell.ExprStart(before)
	a := r.analyse(mark + " := " + before[start:])
	var v reflect.Value
	ast.Inspect(a.File, func(n ast.Node) bool {
		if vs, ok := n.(*ast.ValueSpec); ok && len(vs.Values) == 1 {
			v, _ = a.value(vs.Values[0])
		}
		return true
	})
	if !v.IsValid() || v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return
	}
	r.start = from
	if !Readable() {
		return
	}
	const most = 500
	ssarepair.Entries(v, most, func(k, _ reflect.Value) {
		if key := k.String(); strings.HasPrefix(key, text) {
			r.add(strconv.Quote(key), "key", typeName(v.Type().Elem()), "")
		}
	})
}

// CompleteFile offers the files whose names could go on where a text ends. They replace what follows from.
func CompleteFile(text string) (from int, items []CompletionItem) {
	dir, base := filepath.Split(text)
	from = len(text) - len(base)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return from, nil
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		items = append(items, CompletionItem{Text: name, Kind: "path"})
	}
	return from, items
}
