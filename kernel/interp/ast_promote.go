package interp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/interp/levels"
	"github.com/msflow-go/msflow/kernel/interp/memory"
)

// ixgo gives compiled code a wrong function for a method that is promoted through an embedded pointer from a value: with
// A's String(), B struct{ A } and C struct{ *B }, fmt cannot print a C. Such a method is declared, which does what the
// promotion would:
//
//	func (r C) String() string { return r.B.A.String() }
//
// promoter writes such declarations.
type promoter struct {
	pkg     *types.Package
	imports map[string]string // path -> name
	src     strings.Builder
}

// added starts the names that the methods add. It is a letter to Go, and not one that people type.
const added = "ᐧ"

// promotions is the source of the methods to declare for a package's types, and that of the imports they need.
func promotions(pkg *types.Package) (imports, decls string) {
	p := promoter{pkg: pkg, imports: map[string]string{}}
	for _, name := range pkg.Scope().Names() {
		o, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || o.Pkg() != pkg || o.IsAlias() {
			continue
		}
		n, ok := o.Type().(*types.Named)
		if ok && n.TypeParams().Len() == 0 && embedsPointer(n) {
			p.named(n)
		}
	}
	for path, name := range p.imports {
		imports += fmt.Sprintf("import %s %q;", name, path)
	}
	return imports, p.src.String()
}

// embedsPointer reports whether a struct has an embedded field that is a pointer, or a struct for which that is so.
func embedsPointer(t types.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range st.Fields() {
		if !f.Embedded() {
			continue
		}
		if _, ok := f.Type().Underlying().(*types.Pointer); ok || embedsPointer(f.Type()) {
			return true
		}
	}
	return false
}

func (p *promoter) named(n *types.Named) {
	for sel := range types.NewMethodSet(n).Methods() {
		f := sel.Obj().(*types.Func)
		if !ast.IsExported(f.Name()) && f.Pkg() != p.pkg {
			continue
		}
		if path, ok := fieldPath(n, sel.Index()); ok && isValueMethod(f) {
			p.method(n, path, f)
		}
	}
}

// fieldPath is B.A of a method promoted through a pointer to B and the value A.
func fieldPath(t types.Type, index []int) (path string, ok bool) {
	var names []string
	through, last := false, false
	for _, i := range index[:len(index)-1] {
		through = through || last
		if ptr, isPtr := t.Underlying().(*types.Pointer); isPtr {
			t = ptr.Elem()
		}
		f := t.Underlying().(*types.Struct).Field(i)
		names = append(names, f.Name())
		t = f.Type()
		_, last = t.Underlying().(*types.Pointer)
	}
	return strings.Join(names, "."), through && !last && !types.IsInterface(t)
}

func isValueMethod(f *types.Func) bool {
	t := f.Signature().Recv().Type()
	_, ptr := t.(*types.Pointer)
	return !ptr && !types.IsInterface(t)
}

func (p *promoter) method(n *types.Named, path string, f *types.Func) {
	writable := true
	qualify := func(q *types.Package) string {
		if q == p.pkg || q.Path() == "main" {
			return ""
		}
		if p.imports[q.Path()] == "" {
			p.imports[q.Path()] = fmt.Sprintf("%sq%d", added, len(p.imports))
		}
		return p.imports[q.Path()]
	}
	WalkType(f.Signature(), func(t types.Type) bool {
		if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg() != p.pkg {
			writable = writable && n.Obj().Exported()
		}
		return writable
	})
	if !writable {
		return
	}
	var params, args, results []string
	sig := f.Signature()
	for i := range sig.Params().Len() {
		t, arg := types.TypeString(sig.Params().At(i).Type(), qualify), fmt.Sprintf("a%d", i)
		if sig.Variadic() && i == sig.Params().Len()-1 {
			t, arg = "..."+strings.TrimPrefix(t, "[]"), arg+"..."
		}
		params, args = append(params, fmt.Sprintf("a%d %s", i, t)), append(args, arg)
	}
	for r := range sig.Results().Variables() {
		results = append(results, types.TypeString(r.Type(), qualify))
	}
	give := ""
	if len(results) > 0 {
		give = "return "
	}
	fmt.Fprintf(&p.src, "\nfunc (%sr %s) %s(%s) (%s) { %s%sr.%s.%s(%s) }\n", added, n.Obj().Name(), f.Name(),
		strings.Join(params, ", "), strings.Join(results, ", "), give, added, path, f.Name(), strings.Join(args, ", "))
}

// Promote adds the methods to a checked file, and reports whether there are any, so that it is checked again.
func (p *Program) Promote(c *Checked) (changed bool) {
	imports, decls := promotions(c.Package)
	if decls == "" || len(c.Errors) > 0 || levels.LeftOut("ast_promote") {
		return false
	}
	f, err := parser.ParseFile(p.ctx.FileSet, "promoted", "package main;"+imports+"\n"+decls, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	at := slices.IndexFunc(f.Decls, func(d ast.Decl) bool { _, isFunc := d.(*ast.FuncDecl); return isFunc })
	c.File.Decls = append(append(f.Decls[:at:at], c.File.Decls...), f.Decls[at:]...)
	return true
}

// promoteInFile adds the methods to the text of a program's only file, without moving a line.
func promoteInFile(src []byte, imp types.Importer) []byte {
	if !strings.Contains(string(src), "struct") || levels.LeftOut("ast_promote") {
		return src
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return src
	}
	pkg := types.NewPackage("main", "main")
	conf := types.Config{Importer: imp, Error: func(error) {}, IgnoreFuncBodies: true, Sizes: memory.Sizes}
	types.NewChecker(&conf, fset, pkg, nil).Files([]*ast.File{f})
	imports, decls := promotions(pkg)
	if decls == "" {
		return src
	}
	at := fset.Position(f.Name.End()).Offset
	return slices.Concat(src[:at], []byte(";"+imports), src[at:], []byte(decls))
}
