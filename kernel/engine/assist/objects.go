package assist

import (
	"go/types"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// kindOfObject is the CompletionItem's and Variable's word for an object.
func kindOfObject(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		if o.Signature().Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Builtin:
		return "function"
	case *types.TypeName:
		return "type"
	case *types.Const:
		return "constant"
	case *types.PkgName:
		return "package"
	case *types.Var:
		if o.IsField() {
			return "field"
		}
	}
	return "variable"
}

// docOf is the documentation of a compiled-in package's object; owner names the type of a field or method.
func docOf(o types.Object, owner string) (SymbolDoc, bool) {
	if o.Pkg() == nil {
		d := find("builtin")
		if d == nil {
			return SymbolDoc{}, false
		}
		s, ok := d.Symbols[o.Name()]
		return s, ok
	}
	d := find(strings.TrimSuffix(o.Pkg().Path(), "@patch"))
	if d == nil {
		return SymbolDoc{}, false
	}
	key := o.Name()
	if owner != "" {
		key = owner + "." + key
	}
	s, ok := d.Symbols[key]
	return s, ok
}

// ownerOf names the type that a method belongs to, or "".
func ownerOf(o types.Object) string {
	f, ok := o.(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return ""
	}
	t := f.Signature().Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// signatureOf is an object's type with the parameters' names, where they are known.
func signatureOf(o types.Object, owner string) string {
	if owner == "" {
		owner = ownerOf(o)
	}
	switch o := o.(type) {
	case *types.Builtin:
		d, _ := docOf(o, "")
		return d.Signature
	case *types.TypeName:
		return TypeKind(o.Type())
	case *types.Func:
		if d, ok := docOf(o, owner); ok && d.Signature != "" {
			return d.Signature
		}
		return strings.TrimPrefix(TypeString(o.Signature()), "func")
	case *types.Const:
		return TypeString(o.Type()) + " = " + o.Val().String()
	case *types.PkgName:
		return o.Imported().Path()
	}
	return TypeString(o.Type())
}

// TypeKind is what a type is, in a word, or what it is made of.
func TypeKind(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		return "interface"
	default:
		return TypeString(u)
	}
}

// member is a field or method that can be selected from a type.
type member struct {
	Obj   types.Object
	Owner string // the type that declares it
}

// members are what x.f can select for an x of type t, outermost first.
func members(t types.Type) (list []member) {
	seen := map[string]bool{}
	add := func(o types.Object, owner string) {
		if !seen[o.Name()] && (o.Exported() || OfCell(o)) && !cell.IsHidden(o.Name()) {
			seen[o.Name()] = true
			list = append(list, member{o, owner})
		}
	}
	level := []types.Type{t}
	visited := map[types.Type]bool{}
	for depth := 0; len(level) > 0 && depth < 8; depth++ {
		var next []types.Type
		for _, t := range level {
			if p, ok := t.Underlying().(*types.Pointer); ok {
				t = p.Elem()
			}
			if visited[t] {
				continue
			}
			visited[t] = true
			next = append(next, addMembers(t, add)...)
		}
		level = next
	}
	return list
}

// addMembers adds what a type itself declares and returns what it embeds.
func addMembers(t types.Type, add func(types.Object, string)) (embedded []types.Type) {
	owner := ""
	if a, ok := t.(*types.Alias); ok {
		t = types.Unalias(a)
	}
	if n, ok := t.(*types.Named); ok {
		owner = n.Obj().Name()
		for m := range n.Methods() {
			add(m, owner)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			add(f, owner)
			if f.Embedded() {
				embedded = append(embedded, f.Type())
			}
		}
	case *types.Interface:
		for m := range u.Methods() {
			add(m, owner)
		}
	}
	return embedded
}
