package engine

import (
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
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
	v := Variable{Name: o.Name(), Type: assist.TypeString(o.Type()), Cell: u.count}
	switch o := o.(type) {
	case *types.Func:
		v.Kind = "func"
	case *types.TypeName:
		v.Kind, v.Type = "type", assist.TypeKind(o.Type())
	case *types.Const:
		v.Kind, v.Value = "const", o.Val().String()
	default:
		v.Kind = "var"
		if rv, ok := s.live(o); ok {
			v.Value = assist.Summary(rv.Interface(), 80)
			v.Shape = assist.Shape(rv)
			v.Bytes = assist.Memory(rv)
		}
	}
	return v
}
