package interp

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// Each interpreter makes a new reflect type of a struct type without a name that embeds something, and of an interface with
// methods, so that values of identical types of two packages could not be assigned to one another:
//
//	var f func(struct{ io.Reader; N int })
//
//	f = func(struct{ io.Reader; N int }) {} // in a later package
//
// So those that packages write down are made once, as named ones are, and every new interpreter begins with them.

// noteAnonymous makes the types that a checked package writes down without a name.
func (l *loader) noteAnonymous(info *types.Info) {
	if levels.LeftOut("reflect_anonymous") {
		return
	}
	var named map[types.Type]bool
	for e, tv := range info.Types {
		switch e.(type) {
		case *ast.StructType, *ast.InterfaceType:
			if named == nil {
				named = underlyingTypes(info)
			}
			if !named[tv.Type] && l.anonymous.At(tv.Type) == nil && differsInReflect(tv.Type) {
				l.makeAnonymous(tv.Type)
			}
		}
	}
}

// underlyingTypes are those of the named types that a package declares.
func underlyingTypes(info *types.Info) map[types.Type]bool {
	named := map[types.Type]bool{}
	for _, o := range info.Defs {
		if t, ok := o.(*types.TypeName); ok && !t.IsAlias() {
			named[t.Type().Underlying()] = true
		}
	}
	return named
}

// differsInReflect reports whether a type is one that interpreters make anew, of which there is one for the whole program.
func differsInReflect(t types.Type) bool {
	switch t := t.(type) {
	case *types.Struct:
		if !embeds(t) {
			return false
		}
	case *types.Interface:
		if t.NumMethods() == 0 || !t.IsMethodSet() {
			return false
		}
	default:
		return false
	}
	global := true
	WalkType(t, func(t types.Type) bool {
		if n, ok := t.(*types.Named); ok {
			o := n.Obj()
			global = global && (o.Pkg() == nil || o.Parent() == o.Pkg().Scope() || n.TypeArgs() != nil)
		}
		return global
	})
	return global && !mentionsTypeParam(t)
}

func embeds(t *types.Struct) bool {
	for f := range t.Fields() {
		if f.Embedded() {
			return true
		}
	}
	return false
}

// makeAnonymous makes a type, those that it is made of first, as the text of each has that of its parts. Named types come
// before all: one may have a method with the very type, which would else be made twice.
func (l *loader) makeAnonymous(t types.Type) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []types.Type
	WalkType(t, func(part types.Type) bool {
		if n, ok := part.(*types.Named); ok {
			l.record.ToType(n)
		}
		if differsInReflect(part) && l.anonymous.At(part) == nil {
			parts = append(parts, part)
		}
		return true
	})
	for _, part := range slices.Backward(parts) {
		rt, ok := l.Loader.LookupReflect(part) // of a compiled package
		if !ok {
			rt, _ = l.record.ToType(part)
			finishReceivers()
			if rt.Kind() == reflect.Struct {
				ixcode.Rename(rt, structText(rt))
			}
		}
		l.anonymous.Set(part, rt)
	}
	l.finishInterfaces()
}

// structText is how Go writes a struct type. The text that reflectx gives one has names before what it embeds.
func structText(t reflect.Type) string {
	var fields []string
	for f := range t.Fields() {
		text := f.Type.String()
		if !f.Anonymous {
			text = f.Name + " " + text
		}
		if f.Tag != "" {
			text += " " + strconv.Quote(string(f.Tag))
		}
		fields = append(fields, text)
	}
	return "struct { " + strings.Join(fields, "; ") + " }"
}
