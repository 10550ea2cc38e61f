package engine

import (
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"

	"github.com/msflow-go/msflow/kernel/interp"
)

// A cell that is nothing but a constant or the name of a variable, as many are that have a look at something, needs no
// code: it is type-checked like any other, but neither built nor linked.

// codeless is the value of such a cell.
func (d *draft) codeless(c *interp.Checked) (value any, ok bool) {
	if len(d.p.Decls)+len(d.imports.Own.Names)+len(d.imports.Own.Dots)+len(d.rebind) > 0 || len(d.p.Items) != 1 || d.p.Last == nil || d.p.Quiet {
		return nil, false
	}
	show, ok := d.p.Last.X.(*ast.CallExpr)
	if !ok || !isShow(show) {
		return nil, false
	}
	x := ast.Unparen(show.Args[0])
	if tv := c.Info.Types[x]; tv.Value != nil {
		return d.s.constantValue(tv)
	}
	id, ok := x.(*ast.Ident)
	if !ok {
		return nil, false
	}
	v, ok := d.s.live(c.Info.Uses[id])
	if !ok {
		return nil, false
	}
	return v.Interface(), true
}

// constantValue is what a variable of the constant's type would hold.
func (s *Session) constantValue(tv types.TypeAndValue) (any, bool) {
	t := types.Default(tv.Type)
	if _, basic := t.Underlying().(*types.Basic); !basic {
		return nil, false
	}
	rt := s.program.ReflectType(t)
	if rt == nil {
		return nil, false
	}
	v := reflect.New(rt).Elem()
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(constant.BoolVal(tv.Value))
	case v.Kind() == reflect.String:
		v.SetString(constant.StringVal(tv.Value))
	case v.CanInt():
		n, exact := constant.Int64Val(constant.ToInt(tv.Value))
		v.SetInt(n)
		return v.Interface(), exact
	case v.CanUint():
		n, exact := constant.Uint64Val(constant.ToInt(tv.Value))
		v.SetUint(n)
		return v.Interface(), exact
	case v.Kind() == reflect.Float32:
		f, _ := constant.Float32Val(constant.ToFloat(tv.Value))
		v.SetFloat(float64(f))
	case v.Kind() == reflect.Float64:
		f, _ := constant.Float64Val(constant.ToFloat(tv.Value))
		v.SetFloat(f)
	default:
		return nil, false
	}
	return v.Interface(), true
}
