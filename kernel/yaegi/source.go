package yaegi

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/traefik/yaegi/interp"

	"github.com/msflow-go/msflow/kernel/cell"
	checks "github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// bindSource makes a package known whose registration is source, since it is generic: it is lowered as cells are.
func (s *Session) bindSource(path string, p *ixgo.Package) error {
	fset := s.interp.FileSet()
	f, err := parser.ParseFile(fset, path, p.Source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range f.Decls {
		if fd, ok := decl.(*ast.FuncDecl); ok && fd.Body == nil {
			fd.Body = block(does(call(cell.Ident("panic", token.NoPos), stringLit(fd.Name.Name))))
		}
	}
	conf := &types.Config{Importer: s.importer, Sizes: sizes}
	info := ssarepair.NewInfo()
	pkg, err := conf.Check(path, fset, []*ast.File{f}, info)
	if err != nil {
		return err
	}
	d := &draft{s: s, means: map[types.Object]types.Object{}}
	l := newLowerer(s, d, &checks.Checked{Package: pkg, Info: info})
	l.aliases = map[string]string{}
	file := &ast.File{Package: s.file, Name: f.Name}
	for _, decl := range f.Decls {
		if fd, ok := decl.(*ast.FuncDecl); ok && byHand[path+"."+fd.Name.Name] != "" {
			fd.Body = block(&ast.ReturnStmt{Results: []ast.Expr{call(l.nb(byHand[path+"."+fd.Name.Name]), arguments(fd)...)}})
		}
		if !isImport(decl) {
			file.Decls = append(file.Decls, l.node(decl).(ast.Decl))
		}
	}
	if l.err != nil {
		return l.err
	}
	for _, f := range []*ast.File{importing(f.Name, l.aliases), file} {
		program, err := s.interp.CompileAST(f)
		if err != nil {
			return err
		}
		if _, err := s.interp.Execute(program); err != nil {
			return err
		}
	}
	s.bound[path] = true
	return nil
}

// importing is a file that imports packages by the names that are given for their paths.
func importing(name *ast.Ident, aliases map[string]string) *ast.File {
	file := &ast.File{Name: name}
	for path, alias := range aliases {
		cell.AddImport(file, alias, path)
	}
	return file
}

// byHand are functions of those packages that are unsafe or the runtime's, with what takes their place.
var byHand = map[string]string{"slices.overlaps": "Overlap", "maps.clone": "CloneMap"}

// arguments are the names of a function's parameters.
func arguments(fd *ast.FuncDecl) (list []ast.Expr) {
	for _, f := range fd.Type.Params.List {
		for _, id := range f.Names {
			list = append(list, cell.Ident(id.Name, token.NoPos))
		}
	}
	return list
}

// cloneMap copies a map.
func cloneMap(m any) any {
	v := reflect.ValueOf(m)
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for it := v.MapRange(); it.Next(); {
		c.SetMapIndex(it.Key(), it.Value())
	}
	return c.Interface()
}

// overlap reports whether two slices of one type share memory.
func overlap(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Len() == 0 || y.Len() == 0 {
		return false
	}
	size := x.Type().Elem().Size()
	from, to := x.Pointer(), y.Pointer()
	return from < to+uintptr(y.Len())*size && to < from+uintptr(x.Len())*size
}

// logger is log.Logger for cells, whose Fatal methods end the cell, not the process.
type logger struct{ *log.Logger }

func newLogger(w io.Writer, prefix string, flags int) *logger {
	return &logger{log.New(w, prefix, flags)}
}

func (l *logger) Fatal(v ...any)            { l.fatal(fmt.Sprint(v...)) }
func (l *logger) Fatalf(f string, v ...any) { l.fatal(fmt.Sprintf(f, v...)) }
func (l *logger) Fatalln(v ...any)          { l.fatal(fmt.Sprintln(v...)) }

func (l *logger) fatal(text string) {
	l.Output(3, text)
	panic(exit(1))
}

// bindLog makes package log known. Its registration is source too, but it is not generic.
func (s *Session) bindLog() error {
	symbols := map[string]reflect.Value{"Logger": typeSymbol(reflect.TypeFor[logger]())}
	for name, v := range map[string]any{
		"New": newLogger, "Default": func() *logger { return &logger{log.Default()} }, "SetOutput": log.SetOutput, "SetFlags": log.SetFlags, "SetPrefix": log.SetPrefix,
		"Flags": log.Flags, "Prefix": log.Prefix, "Writer": log.Writer, "Output": log.Output,
		"Print": log.Print, "Printf": log.Printf, "Println": log.Println, "Panic": log.Panic, "Panicf": log.Panicf, "Panicln": log.Panicln,
		"Ldate": log.Ldate, "Ltime": log.Ltime, "Lmicroseconds": log.Lmicroseconds, "Llongfile": log.Llongfile,
		"Lshortfile": log.Lshortfile, "LUTC": log.LUTC, "Lmsgprefix": log.Lmsgprefix, "LstdFlags": log.LstdFlags,
	} {
		symbols[name] = reflect.ValueOf(v)
	}
	for name, f := range s.overrides("log") {
		symbols[name] = reflect.ValueOf(f)
	}
	s.bound["log"] = true
	if err := s.interp.Use(interp.Exports{key("log"): symbols}); err != nil {
		return err
	}
	return s.showMethods(takesAny(symbols)...)
}

// coreType is what a type is made of: of a type parameter, what all its arguments are, if that is one thing.
func coreType(t types.Type) types.Type {
	p, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return t.Underlying()
	}
	iface := p.Constraint().Underlying().(*types.Interface)
	var core types.Type
	for e := range iface.EmbeddedTypes() {
		if u, ok := e.(*types.Union); ok && u.Len() == 1 {
			core = u.Term(0).Type().Underlying()
		}
	}
	if core == nil {
		return iface
	}
	return core
}
