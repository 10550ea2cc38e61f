package engine

import (
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// Variables lists what the session's cells declared, in order of name.
func (s *Session) Variables() (list []Variable) {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	for name, o := range s.scope.objects {
		u := s.scope.origin[o]
		if cell.IsHidden(name) || u == nil || u.count <= 0 {
			continue
		}
		list = append(list, s.variable(o, u))
	}
	slices.SortFunc(list, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (s *Session) variable(o types.Object, u *unit) Variable {
	v := Variable{Name: o.Name(), Type: typeString(o.Type()), Cell: u.count}
	switch o := o.(type) {
	case *types.Func:
		v.Kind = "func"
	case *types.TypeName:
		v.Kind, v.Type = "type", typeKind(o.Type())
	case *types.Const:
		v.Kind, v.Value = "const", o.Val().String()
	default:
		v.Kind = "var"
		if rv, ok := s.live(o); ok {
			v.Value = summary(rv.Interface(), 80)
			v.Shape = shape(rv)
			v.Bytes = memory(rv)
		}
	}
	return v
}
