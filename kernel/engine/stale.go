package engine

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// tellStale says what still has the former type when a cell redefines one. A
// type that is only declared again for a new method brings its dependants along.
func (s *Session) tellStale(d *draft) {
	for name := range d.p.Declared {
		o, ok := s.scope.objects[name].(*types.TypeName)
		if !ok || cell.IsHidden(name) || d.rebind != nil {
			continue
		}
		stale := s.stale(o, d.p)
		const most = 8
		if n := len(stale); n > most {
			stale = append(stale[:most], fmt.Sprintf("%d more", n-most))
		}
		if len(stale) > 0 {
			s.foreground.Load().sink.Notice(fmt.Sprintf("%s is now another type; still with the former one: %s", name, strings.Join(stale, ", ")))
		}
	}
}

// stale are the names of earlier cells that depend on a type and that the cell
// does not declare anew.
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
