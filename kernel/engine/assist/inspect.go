package assist

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/types"
	"html"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// Inspection describes a name in three forms.
type Inspection struct {
	Found                 bool
	Name                  string
	Plain, Markdown, HTML string
}

// Inspect describes what stands at the cursor, a code point, or the function whose arguments are being written there: its
// source instead of only the declaration when detail > 0.
func (v *View) Inspect(code string, cursor, detail int) (in Inspection) {
	defer func() {
		if recover() != nil { // the type checker met code it did not expect
			in = Inspection{}
		}
	}()
	at := cell.ByteOffset(code, cursor)
	if kind, _ := cell.TokenUnder(code, at); kind.IsLiteral() {
		return Inspection{}
	}
	if !cell.Balanced(code) {
		code = code[:at] + nameEnd(code, at) + cell.Closers(code[:at])
	}
	a := v.analyse(code)
	id, parents := a.identAt(at)
	if id == nil {
		return Inspection{}
	}
	o := a.object(id)
	if path := v.Packages[id.Name]; o == nil && path != "" && parents[id] != nil {
		if pkg, err := v.Import(path); err == nil {
			o = types.NewPkgName(id.Pos(), a.Package, id.Name, pkg)
		}
	}
	if o == nil {
		return Inspection{}
	}
	return a.describe(id, o, parents, detail)
}

// nameEnd is the rest of the name that an offset is inside of.
func nameEnd(code string, at int) string {
	end := at
	for i, c := range code[at:] {
		if !cell.IsNameRune(c) {
			break
		}
		end = at + i + len(string(c))
	}
	return code[at:end]
}

// identAt is the identifier at an offset, or else the name of the function in whose call the offset is.
func (a *analysis) identAt(at int) (found *ast.Ident, parents map[ast.Node]ast.Node) {
	_, parents = a.find("")
	var fun ast.Expr
	ast.Inspect(a.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if a.covers(n, at) {
				found = n
			}
		case *ast.CallExpr:
			if n.Lparen.IsValid() && a.offset(n.Lparen) < at && at <= a.offset(n.Rparen) {
				fun = n.Fun
			}
		}
		return true
	})
	if found != nil && (a.object(found) != nil || fun == nil) {
		return found, parents
	}
	switch f := fun.(type) {
	case *ast.Ident:
		return f, parents
	case *ast.SelectorExpr:
		return f.Sel, parents
	}
	return nil, parents
}

func (a *analysis) object(id *ast.Ident) types.Object {
	if o := a.Info.Uses[id]; o != nil {
		return o
	}
	return a.Info.Defs[id]
}

// description collects the parts of an inspection.
type description struct {
	name  string
	decl  string // Go source
	doc   string // a doc comment
	value string
	notes []string
}

func (a *analysis) describe(id *ast.Ident, o types.Object, parents map[ast.Node]ast.Node, detail int) Inspection {
	d := &description{name: o.Name(), decl: oneLine(o, a.ownerAt(id, parents))}
	if doc, ok := docOf(o, a.ownerAt(id, parents)); ok {
		d.doc = doc.Doc
	}
	switch o := o.(type) {
	case *types.PkgName:
		d.decl = fmt.Sprintf("package %s // import %q", o.Imported().Name(), o.Imported().Path())
		if p := find(o.Imported().Path()); p != nil {
			d.doc = p.Doc
		}
	case *types.TypeName:
		d.notes = methodList(o.Type())
	case *types.Var:
		if v, ok := a.valueOf(id, parents); ok {
			d.value = Summary(v, 400)
		}
	}
	if src := a.sourceOf(o); src.Text.Text != "" {
		d.doc = cmp.Or(d.doc, src.Text.Doc)
		if detail > 0 || kindOfObject(o) == "type" {
			d.decl = src.Text.Text
		}
	} else if detail > 0 {
		if decl, doc := librarySource(o, a.ownerAt(id, parents), a.sourceDir(o)); decl != "" {
			d.decl, d.doc = decl, cmp.Or(d.doc, doc)
		}
	}
	return d.inspection()
}

// sourceDir is the directory of the source of an object's package, "" when it is not on this machine.
func (v *View) sourceDir(o types.Object) string {
	if o.Pkg() == nil || OfCell(o) {
		return ""
	}
	path := strings.TrimSuffix(o.Pkg().Path(), "@patch") // ixgo's mark of generic code beside compiled
	if dir := v.Modules[path]; dir != "" {
		return dir
	}
	return compiledSourceDir(path)
}

// valueOf is the live value of the variable or field at an identifier.
func (a *analysis) valueOf(id *ast.Ident, parents map[ast.Node]ast.Node) (v any, ok bool) {
	e := ast.Expr(id)
	if sel, isSel := parents[id].(*ast.SelectorExpr); isSel && sel.Sel == id {
		e = sel
	}
	rv, ok := a.value(e)
	if !ok || !rv.CanInterface() {
		return nil, false
	}
	return rv.Interface(), true
}

// ownerAt names the type in which a selected field is declared, for its documentation.
func (a *analysis) ownerAt(id *ast.Ident, parents map[ast.Node]ast.Node) string {
	sel, ok := parents[id].(*ast.SelectorExpr)
	if !ok || sel.Sel != id || a.Info.Types[sel.X].Type == nil {
		return ""
	}
	for _, m := range members(a.Info.Types[sel.X].Type) {
		if m.Obj.Name() == id.Name {
			return m.Owner
		}
	}
	return ""
}

// oneLine is a one-line declaration of an object.
func oneLine(o types.Object, owner string) string {
	switch o := o.(type) {
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			return fmt.Sprintf("func (%s) %s%s", TypeString(recv.Type()), o.Name(), signatureOf(o, owner))
		}
		return "func " + qualified(o) + signatureOf(o, owner)
	case *types.Builtin:
		return "func " + o.Name() + signatureOf(o, "")
	case *types.TypeName:
		return fmt.Sprintf("type %s %s", qualified(o), strings.ReplaceAll(types.TypeString(o.Type().Underlying(), qualifier), "; ", "\n\t"))
	case *types.Const:
		return fmt.Sprintf("const %s %s = %s", qualified(o), TypeString(o.Type()), o.Val())
	case *types.Var:
		if o.IsField() {
			return fmt.Sprintf("field %s %s", o.Name(), TypeString(o.Type()))
		}
		return fmt.Sprintf("var %s %s", strings.TrimPrefix(qualified(o), Former), TypeString(o.Type()))
	}
	return o.Name()
}

func qualified(o types.Object) string {
	if o.Pkg() == nil || OfCell(o) || o.Pkg().Path() == FormerPackage || o.Parent() != o.Pkg().Scope() {
		return o.Name()
	}
	return o.Pkg().Name() + "." + o.Name()
}

func methodList(t types.Type) (list []string) {
	if types.IsInterface(t) {
		return nil
	}
	ms := types.NewMethodSet(types.NewPointer(t))
	for i := range ms.Len() {
		if o := ms.At(i).Obj(); o.Exported() || OfCell(o) {
			list = append(list, oneLine(o, ""))
		}
	}
	return list
}

// sourceOf is the remembered declaration of a cell's object.
func (v *View) sourceOf(o types.Object) cell.Source {
	if !OfCell(o) {
		return cell.Source{}
	}
	key := o.Name()
	if owner := ownerOf(o); owner != "" {
		key = owner + "." + key
	}
	for _, so := range v.Sources {
		for _, n := range so.Names {
			if n == key {
				return so
			}
		}
	}
	return cell.Source{}
}

func (d *description) inspection() Inspection {
	var p comment.Parser
	var pr comment.Printer
	doc := p.Parse(d.doc)
	in := Inspection{Found: true, Name: d.name}
	decl := strings.ReplaceAll(d.decl, cell.Hidden, "")
	plain, md, htm := decl, "```go\n"+decl+"\n```", "<pre><code>"+html.EscapeString(decl)+"</code></pre>"
	if d.value != "" {
		plain += "\n\nvalue: " + d.value
		md += "\n\n`" + strings.ReplaceAll(d.value, "`", "'") + "`"
		htm += "<p><code>" + html.EscapeString(d.value) + "</code></p>"
	}
	if d.doc != "" {
		plain += "\n\n" + strings.TrimSpace(string(pr.Text(doc)))
		md += "\n\n" + strings.TrimSpace(string(pr.Markdown(doc)))
		htm += string(pr.HTML(doc))
	}
	if len(d.notes) > 0 {
		list := strings.ReplaceAll(strings.Join(d.notes, "\n"), cell.Hidden, "")
		plain += "\n\n" + list
		md += "\n\n```go\n" + list + "\n```"
		htm += "<pre><code>" + html.EscapeString(list) + "</code></pre>"
	}
	in.Plain, in.Markdown, in.HTML = plain, md, htm
	return in
}
