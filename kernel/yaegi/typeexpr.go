package yaegi

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/cell"
)

// typeExpr writes a type; at is what needs it.
func (l *lowerer) typeExpr(at ast.Node, t types.Type) ast.Expr {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return &ast.SelectorExpr{X: cell.Ident(l.importName("unsafe"), token.NoPos), Sel: cell.Ident("Pointer", token.NoPos)}
		}
		return cell.Ident(types.Default(t).(*types.Basic).Name(), token.NoPos)
	case *types.Named:
		return l.namedExpr(at, t)
	case *types.TypeParam:
		return cell.Ident(t.Obj().Name(), token.NoPos)
	case *types.Pointer:
		return &ast.StarExpr{X: l.typeExpr(at, t.Elem())}
	case *types.Slice:
		return &ast.ArrayType{Elt: l.typeExpr(at, t.Elem())}
	case *types.Array:
		return &ast.ArrayType{Len: intLit(int(t.Len())), Elt: l.typeExpr(at, t.Elem())}
	case *types.Map:
		return &ast.MapType{Key: l.typeExpr(at, t.Key()), Value: l.typeExpr(at, t.Elem())}
	case *types.Chan:
		dir := map[types.ChanDir]ast.ChanDir{types.SendRecv: ast.SEND | ast.RECV, types.SendOnly: ast.SEND, types.RecvOnly: ast.RECV}[t.Dir()]
		return &ast.ChanType{Dir: dir, Value: l.typeExpr(at, t.Elem())}
	case *types.Signature:
		return &ast.FuncType{Params: l.tupleExpr(at, t.Params(), t.Variadic()), Results: l.tupleExpr(at, t.Results(), false)}
	case *types.Struct:
		return l.structExpr(at, t)
	case *types.Interface:
		return l.interfaceExpr(at, t)
	}
	l.fail(at, "a variable of type %v", t)
	return cell.Ident("int", token.NoPos)
}

func (l *lowerer) namedExpr(at ast.Node, t *types.Named) ast.Expr {
	o := t.Obj()
	var x ast.Expr
	if t.TypeArgs().Len() > 0 && o.Pkg() != nil && o.Pkg() != l.pkg && o.Pkg().Path() != "main" {
		if t.NumMethods() > 0 {
			l.fail(at, "the generic type %v of a compiled package", t)
		}
		return l.typeExpr(at, t.Underlying())
	}
	switch {
	case o.Pkg() == nil:
		x = cell.Ident(o.Name(), token.NoPos)
	case isDeclared(o):
		x = cell.Ident(l.s.scope.yaegiName(o), token.NoPos)
	case o.Pkg().Path() == "main" || o.Pkg() == l.pkg: // of a function's own, or of this package
		x = cell.Ident(o.Name(), token.NoPos)
	case !o.Exported():
		x = l.unnamed(at, t)
	default:
		x = &ast.SelectorExpr{X: cell.Ident(l.importName(o.Pkg().Path()), token.NoPos), Sel: cell.Ident(o.Name(), token.NoPos)}
	}
	if t.TypeArgs().Len() == 0 {
		return x
	}
	var args []ast.Expr
	for a := range t.TypeArgs().Types() {
		args = append(args, l.typeExpr(at, a))
	}
	if len(args) == 1 {
		return &ast.IndexExpr{X: x, Index: args[0]}
	}
	return &ast.IndexListExpr{X: x, Indices: args}
}

// unnamed gives a compiled package's type without a name for others one of its own.
func (l *lowerer) unnamed(at ast.Node, t *types.Named) ast.Expr {
	loader, ok := l.s.loader.(interface {
		LookupReflect(types.Type) (reflect.Type, bool)
	})
	if ok {
		if rt, found := loader.LookupReflect(t); found {
			name := fmt.Sprintf("T%d", len(l.s.unnamed)+1)
			for n, old := range l.s.unnamed {
				if old == rt {
					name = n
				}
			}
			l.s.unnamed[name] = rt
			l.s.interp.Use(interp.Exports{key(unnamedPath): {name: typeSymbol(rt)}})
			l.s.bound[unnamedPath] = true
			return &ast.SelectorExpr{X: cell.Ident(l.importName(unnamedPath), token.NoPos), Sel: cell.Ident(name, token.NoPos)}
		}
	}
	l.fail(at, "a variable of type %v, which has no name outside of its package", t)
	return cell.Ident("int", token.NoPos)
}

const unnamedPath = "msflow/unnamed"

var _ ixgo.Loader // whose types these are

func (l *lowerer) tupleExpr(at ast.Node, t *types.Tuple, variadic bool) *ast.FieldList {
	list := &ast.FieldList{}
	for i := range t.Len() {
		var x ast.Expr
		if s, ok := t.At(i).Type().(*types.Slice); ok && variadic && i == t.Len()-1 {
			x = &ast.Ellipsis{Elt: l.typeExpr(at, s.Elem())}
		} else {
			x = l.typeExpr(at, t.At(i).Type())
		}
		list.List = append(list.List, &ast.Field{Type: x})
	}
	return list
}

func (l *lowerer) structExpr(at ast.Node, t *types.Struct) ast.Expr {
	list := &ast.FieldList{}
	for i := range t.NumFields() {
		f := t.Field(i)
		field := &ast.Field{Type: l.typeExpr(at, f.Type())}
		if !f.Embedded() {
			field.Names = []*ast.Ident{cell.Ident(f.Name(), token.NoPos)}
		}
		if tag := t.Tag(i); tag != "" {
			field.Tag = stringLit(tag).(*ast.BasicLit)
		}
		list.List = append(list.List, field)
	}
	return &ast.StructType{Fields: list}
}

func (l *lowerer) interfaceExpr(at ast.Node, t *types.Interface) ast.Expr {
	list := &ast.FieldList{}
	for m := range t.ExplicitMethods() {
		list.List = append(list.List, &ast.Field{Names: []*ast.Ident{cell.Ident(m.Name(), token.NoPos)}, Type: l.typeExpr(at, m.Signature())})
	}
	for e := range t.EmbeddedTypes() {
		list.List = append(list.List, &ast.Field{Type: l.typeExpr(at, e)})
	}
	return &ast.InterfaceType{Methods: list}
}

// constantExpr writes a constant.
func constantExpr(v constant.Value) ast.Expr {
	switch v.Kind() {
	case constant.String:
		return stringLit(constant.StringVal(v))
	case constant.Bool:
		return cell.Ident(v.String(), token.NoPos)
	case constant.Int:
		return &ast.BasicLit{Kind: token.INT, Value: v.ExactString()}
	}
	f, _ := constant.Float64Val(v)
	return &ast.BasicLit{Kind: token.FLOAT, Value: fmt.Sprint(f)}
}
