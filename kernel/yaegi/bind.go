package yaegi

import (
	"context"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"maps"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/bindings/shells"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// runtimePath is the import path of the package that lowered cells call.
const runtimePath = "msflow/cell"

// alias is what yaegi's files call a package, which it imports for all of them. Yaegi keeps a package by its name and by that
// of the file that imports it; this one has none.
func (s *Session) alias(path string) (string, error) {
	if name, ok := s.aliases[path]; ok {
		return name, nil
	}
	if err := s.bind(path); err != nil {
		return "", err
	}
	name := fmt.Sprintf("%sp%d", cell.Hidden, len(s.aliases)+1)
	sp := &ast.ImportSpec{Name: cell.Ident(name, token.NoPos), Path: stringLit(path).(*ast.BasicLit)}
	file := &ast.File{Name: cell.Ident("main", token.NoPos), Decls: []ast.Decl{&ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{sp}}}, Imports: []*ast.ImportSpec{sp}}
	if _, err := s.interp.CompileAST(file); err != nil {
		return "", err
	}
	s.aliases[path] = name
	return name, nil
}

// bindRuntime makes the package of the lowered cells, and the shells of interfaces.
func (s *Session) bindRuntime() error {
	symbols := map[string]reflect.Value{}
	for name, f := range map[string]any{
		"Enter": s.enter, "Leave": s.leave, "At": func(line int) { s.current().line.Store(int64(line)) },
		"Show": func(v ...any) { s.current().shown = v }, "Check": check, "Overlap": overlap, "CloneMap": cloneMap,
		"Begin": s.begin, "Start": (*run).start, "End": (*run).finish,
		"Print":   func(v ...any) { s.current().print(v, "", "") },
		"Println": func(v ...any) { s.current().print(v, " ", "\n") },
	} {
		symbols[name] = reflect.ValueOf(f)
	}
	ctx := context.Context(liveContext{s})
	symbols["Ctx"] = reflect.ValueOf(&ctx).Elem()
	s.bound[runtimePath] = true
	exports := interp.Exports{key(runtimePath): symbols}
	for path, types := range shells.All() {
		exports[key(path)] = map[string]reflect.Value{}
		for name, t := range types {
			exports[key(path)]["_"+name] = typeSymbol(t)
		}
	}
	if err := s.interp.Use(exports); err != nil {
		return err
	}
	return s.showMethods(symbols["Show"])
}

// key is how yaegi's table of packages has a path: with the package's name at its end. Files of cells give packages names of
// their own, and without fmt's yaegi leaves the standard library as it is here.
func key(path string) string { return path + "/" + cell.Hidden }

// bind makes a compiled-in package known to yaegi, from its registration for the other evaluator.
func (s *Session) bind(path string) error {
	if s.bound[path] {
		return nil
	}
	p, ok := ixgo.LookupPackage(path)
	if !ok {
		return fmt.Errorf("package %s", path)
	}
	switch {
	case path == "log":
		return s.bindLog()
	case p.Source != "":
		return s.bindSource(path, p)
	}
	symbols := map[string]reflect.Value{}
	for _, types := range []map[string]reflect.Type{p.Interfaces, p.NamedTypes, p.AliasTypes} {
		for name, t := range types {
			symbols[name] = typeSymbol(t)
		}
	}
	for name, v := range p.Vars {
		symbols[name] = v.Elem()
	}
	maps.Copy(symbols, p.Funcs)
	for name, c := range p.UntypedConsts {
		symbols[name] = reflect.ValueOf(c.Value)
	}
	for name, c := range p.TypedConsts {
		symbols[name] = typedConstant(c)
	}
	for name, f := range s.overrides(path) {
		symbols[name] = reflect.ValueOf(f)
	}
	if path == "os" {
		symbols["Args"] = reflect.ValueOf(&s.args).Elem()
	}
	s.bound[path] = true
	if err := s.interp.Use(interp.Exports{key(path): symbols}); err != nil {
		return err
	}
	return s.showMethods(takesAny(symbols)...)
}

// typeSymbol is how yaegi wants a type: as a nil pointer to it.
func typeSymbol(t reflect.Type) reflect.Value { return reflect.Zero(reflect.PointerTo(t)) }

// typedConstant is the value of a constant with a type.
func typedConstant(c ixgo.TypedConst) reflect.Value {
	v := reflect.New(c.Typ).Elem()
	switch c.Typ.Kind() {
	case reflect.Bool:
		v.SetBool(constant.BoolVal(c.Value))
	case reflect.String:
		v.SetString(constant.StringVal(c.Value))
	case reflect.Float32, reflect.Float64:
		f, _ := constant.Float64Val(constant.ToFloat(c.Value))
		v.SetFloat(f)
	case reflect.Complex64, reflect.Complex128:
		re, _ := constant.Float64Val(constant.Real(c.Value))
		im, _ := constant.Float64Val(constant.Imag(c.Value))
		v.SetComplex(complex(re, im))
	default:
		if v.CanUint() {
			n, _ := constant.Uint64Val(constant.ToInt(c.Value))
			v.SetUint(n)
		} else {
			n, _ := constant.Int64Val(constant.ToInt(c.Value))
			v.SetInt(n)
		}
	}
	return v
}

// takesAny are the functions that take values of any type.
func takesAny(symbols map[string]reflect.Value) (list []reflect.Value) {
	empty := reflect.TypeFor[any]()
	for _, v := range symbols {
		if v.Kind() != reflect.Func {
			continue
		}
		for in := range v.Type().Ins() {
			if in == empty || in == reflect.SliceOf(empty) {
				list = append(list, v)
				break
			}
		}
	}
	return list
}

// showMethods makes functions see methods of the types of cells, which are otherwise none to compiled code: of those that
// a type has, the first in the list.
func (s *Session) showMethods(funcs ...reflect.Value) error {
	m := map[reflect.Value][]reflect.Type{}
	for _, f := range funcs {
		m[f] = shells.Seen()
	}
	return s.interp.Use(interp.Exports{".": {"MapTypes": reflect.ValueOf(m)}})
}

// overrides are functions of a package that cells get in another form.
func (s *Session) overrides(path string) map[string]any {
	all := map[string]any{
		"fmt.Print":   func(v ...any) (int, error) { return s.current().write(streams.Stdout, fmt.Append(nil, v...)) },
		"fmt.Println": func(v ...any) (int, error) { return s.current().write(streams.Stdout, fmt.Appendln(nil, v...)) },
		"fmt.Printf": func(f string, v ...any) (int, error) {
			return s.current().write(streams.Stdout, fmt.Appendf(nil, f, v...))
		},
		"os.Exit":      func(code int) { panic(exit(code)) },
		"syscall.Exit": func(code int) { panic(exit(code)) },
		"log.Fatal":    func(v ...any) { logged(fmt.Sprint(v...)) },
		"log.Fatalf":   func(f string, v ...any) { logged(fmt.Sprintf(f, v...)) },
		"log.Fatalln":  func(v ...any) { logged(fmt.Sprintln(v...)) },
	}
	maps.Copy(all, engine.InputFunctions(s.stdin))
	own := map[string]any{}
	for name, f := range all {
		if short, ok := cutPath(name, path); ok {
			own[short] = f
		}
	}
	return own
}

func cutPath(name, path string) (short string, ok bool) {
	if len(name) > len(path) && name[:len(path)+1] == path+"." {
		return name[len(path)+1:], true
	}
	return "", false
}

// output writes to a standard stream in the name of the cell that the calling goroutine works for.
type output struct {
	s      *Session
	stream engine.Stream
}

func (o output) Write(b []byte) (int, error) { return o.s.current().write(o.stream, b) }
