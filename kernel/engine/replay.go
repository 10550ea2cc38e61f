package engine

import (
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// A new method of an earlier cell's type needs the type declared again together with it, as Go has no other way to add one;
// so does a method that gets another type. All declarations that mention the type are declared again too; variables of such
// types keep their storage, whose layout is the same.

// methodsOnEarlier are the types of earlier cells that are to be declared again for a method of this one.
func (s *Session) methodsOnEarlier(p *cell.Parsed, rev *revision) (names []string) {
	for _, so := range p.Sources {
		if !so.Method {
			continue
		}
		t, _, _ := strings.Cut(so.Names[0], ".")
		if _, ok := s.scope.objects[t].(*types.TypeName); !ok || p.Declared[t] || slices.Contains(names, t) {
			continue
		}
		if rev.types[t] || s.formerMethod(p, so.Names[0], so.Pointer) == nil {
			names = append(names, t)
		}
	}
	return names
}

// replay is the source of what must be declared again: all that depends on the types given, and what is to be revised. It
// notes the variables whose type changes with their type's text.
func (d *draft) replay(types []string, rev *revision) (parts []cell.Part) {
	again := map[string]bool{} // names declared again
	for _, t := range types {
		again[t] = true
	}
	use := d.s.scope.dependants(again)
	for i, so := range d.s.scope.sources {
		shadowed := slices.ContainsFunc(so.Names, func(n string) bool { return d.p.Declared[n] })
		if (use[i] || rev.again[i]) && !rev.failed[i] && !shadowed && !(so.Method && d.p.Methods[so.Names[0]]) {
			parts = append(parts, so.Text)
			d.again[so.Text] = i
		}
	}
	if len(types) > 0 {
		d.rebind = d.s.rebound(d.p, again)
	}
	return parts
}

// dependants marks the declarations that mention one of the names, or a name that such a declaration declares, and adds
// those names.
func (sc *scope) dependants(again map[string]bool) []bool {
	use := make([]bool, len(sc.sources))
	for grown := len(again) > 0; grown; {
		grown = false
		for i, so := range sc.sources {
			if use[i] || !touches(so, again) {
				continue
			}
			use[i], grown = true, true
			for _, n := range so.Names {
				again[n] = true
			}
		}
	}
	return use
}

func touches(so cell.Source, names map[string]bool) bool {
	if so.Method {
		if t, _, _ := strings.Cut(so.Names[0], "."); names[t] {
			return true
		}
	}
	for d := range so.Deps {
		if names[d] {
			return true
		}
	}
	return slices.ContainsFunc(so.Names, func(n string) bool { return names[n] })
}

// rebound are the variables whose type mentions a type that is declared again. A type that cannot be written, for it is
// shadowed or unexported, keeps its variable as it was.
func (s *Session) rebound(p *cell.Parsed, again map[string]bool) map[string]string {
	vars := map[string]string{}
	for name, o := range s.scope.objects {
		v, ok := o.(*types.Var)
		if !ok || p.Declared[name] || cell.IsHidden(name) {
			continue
		}
		if changed, writable := s.mentions(v.Type(), again); changed && writable {
			vars[name] = types.TypeString(v.Type(), func(q *types.Package) string {
				if q.Path() == "main" {
					return ""
				}
				return qualifiedName(q.Path())
			})
		}
	}
	return vars
}

func (s *Session) mentions(t types.Type, names map[string]bool) (mentioned, writable bool) {
	writable = true
	interp.WalkType(t, func(t types.Type) bool {
		n, ok := t.(*types.Named)
		if !ok || n.Obj().Pkg() == nil {
			return true
		}
		o := n.Obj()
		switch current := s.scope.objects[o.Name()] == types.Object(o); {
		case !assist.OfCell(o):
			writable = writable && o.Exported()
		case !current:
			writable = false
		default:
			mentioned = mentioned || names[o.Name()]
		}
		return true
	})
	return mentioned, writable
}
