package engine

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// keptResults is how many cells' values later cells can use: _ where Go wants a value is the latest, and Out[3] that of
// cell
// 3. They have the types that they had there.
const keptResults = 50

// kept is a value that a cell had.
type kept struct {
	count int
	typ   types.Type
	value reflect.Value // addressable
	name  string        // of the variable that holds it, once a cell has asked for it
}

// keep remembers the value of a cell. Of several values none is kept.
func (s *Session) keep(u *unit, values []any) {
	if u.count <= 0 || len(values) != 1 || len(u.results) != 1 || u.results[0] == nil {
		return
	}
	s.compiling.Lock()
	defer s.compiling.Unlock()
	t := types.Default(u.results[0])
	v := reflect.ValueOf(values[0])
	rt := s.resultType(t, v)
	if rt == nil {
		return
	}
	p := reflect.New(rt).Elem()
	if v.IsValid() {
		p.Set(v)
	}
	s.scope.kept = slices.DeleteFunc(s.scope.kept, func(old *kept) bool { return old.count == u.count })
	s.scope.kept = append(s.scope.kept, &kept{count: u.count, typ: t, value: p})
	s.forgetResults()
}

// nameOf is the name of the variable of a kept value, which it makes when there is none.
func (s *Session) nameOf(k *kept) string {
	if k.name != "" {
		return k.name
	}
	s.units++
	k.name = fmt.Sprintf("%sout%d", cell.Hidden, s.units)
	pkg := types.NewPackage(k.path(), k.path())
	o := types.NewVar(token.NoPos, pkg, k.name, k.typ)
	pkg.Scope().Insert(o)
	s.program.AddVariables(pkg, map[string]reflect.Value{k.name: k.value.Addr()})
	s.scope.objects[k.name] = o
	return k.name
}

// path is that of the variable's package.
func (k *kept) path() string { return strings.TrimPrefix(k.name, cell.Hidden) }

// resultType is the reflect type of a variable for a value, or nil for one that cannot be kept.
func (s *Session) resultType(t types.Type, v reflect.Value) reflect.Type {
	if !types.IsInterface(t) {
		if !v.IsValid() {
			return nil
		}
		return v.Type()
	}
	rt := s.program.ReflectType(t)
	if rt == nil || v.IsValid() && !v.Type().AssignableTo(rt) {
		return nil
	}
	return rt
}

// forgetResults drops the oldest values.
func (s *Session) forgetResults() {
	for len(s.scope.kept) > keptResults {
		k := s.scope.kept[0]
		s.scope.kept = s.scope.kept[1:]
		if k.name != "" {
			delete(s.scope.objects, k.name)
			s.program.DropVariables(k.path())
		}
	}
}

// useResults puts the variables in place of _ and Out[n] in a file with the source src.
func (s *Session) useResults(f *ast.File, src string) {
	if len(s.scope.kept) == 0 || !strings.Contains(src, "_") && !strings.Contains(src, "Out") {
		return
	}
	_, outTaken := s.scope.objects["Out"]
	latest := func() string { return s.nameOf(s.scope.kept[len(s.scope.kept)-1]) }
	cell.ReplaceResults(f, latest, func(n string) string {
		for _, k := range s.scope.kept {
			if fmt.Sprint(k.count) == n && !outTaken {
				return s.nameOf(k)
			}
		}
		return ""
	})
}
