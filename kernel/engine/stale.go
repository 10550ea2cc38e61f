package engine

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// staleTypes says what still has the former type when a cell redefines one. A type that is only declared again for a new
// method brings its dependants along.
func (d *draft) staleTypes() (notices []string) {
	for _, name := range slices.Sorted(maps.Keys(d.p.Declared)) {
		o, ok := d.s.scope.objects[name].(*types.TypeName)
		if !ok || cell.IsHidden(name) || d.rebind != nil {
			continue
		}
		if stale := d.s.stale(o, d.p); len(stale) > 0 {
			notices = append(notices, fmt.Sprintf("%s is now another type; still with the former one: %s", name, someNames(stale)))
		}
	}
	return notices
}

// someNames lists names, unless there are many.
func someNames(names []string) string {
	const most = 8
	if n := len(names); n > most {
		names = append(names[:most:most], fmt.Sprintf("%d more", n-most))
	}
	return strings.Join(names, ", ")
}

// stale are the names of earlier cells that depend on a type and that the cell does not declare anew.
func (s *Session) stale(o *types.TypeName, p *cell.Parsed) (names []string) {
	for _, so := range s.scope.sources {
		if !so.Deps[o.Name()] || so.Method && strings.HasPrefix(so.Names[0], o.Name()+".") {
			continue
		}
		for _, n := range so.Names {
			if !p.Declared[n] {
				names = append(names, n)
			}
		}
	}
	for name, other := range s.scope.objects {
		v, ok := other.(*types.Var)
		if !ok || p.Declared[name] || cell.IsHidden(name) {
			continue
		}
		if mentionsType(v.Type(), o) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func mentionsType(t types.Type, o *types.TypeName) (found bool) {
	interp.WalkType(t, func(t types.Type) bool {
		n, ok := t.(*types.Named)
		found = found || ok && n.Obj() == o
		return !found
	})
	return found
}
