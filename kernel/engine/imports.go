package engine

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
)

// resolveImports loads the packages that the cell imports.
func (d *draft) resolveImports() error {
	for _, sp := range d.p.Imports {
		path, err := strconv.Unquote(sp.Path.Value)
		if err != nil {
			continue // the type checker says so
		}
		pkg, err := d.s.importPackage(path)
		if err != nil {
			return importError(d.s.program.Context().FileSet.Position(sp.Pos()), path, err)
		}
		name := pkg.Name()
		if sp.Name != nil {
			name = sp.Name.Name
		}
		switch name {
		case "_":
		case ".":
			d.dots = append(d.dots, path)
		default:
			d.imports[name], d.named[name] = path, true
		}
	}
	return nil
}

// importPaths are the paths of imports.
func importPaths(specs []*ast.ImportSpec) (paths []string) {
	for _, sp := range specs {
		if path, err := strconv.Unquote(sp.Path.Value); err == nil { // or the type checker says so
			paths = append(paths, path)
		}
	}
	return paths
}

// addImports imports for the cell what earlier cells imported and it mentions, and the compiled-in packages whose names it
// uses without declaring them.
func (d *draft) addImports() {
	for name, path := range d.s.scope.imports {
		if d.p.Mentioned[name] && d.free(name) {
			d.addImport(name, path)
		}
	}
	for _, path := range d.s.scope.dots {
		d.addImport(".", path)
	}
	d.addImport(cell.RuntimeName, runtimePath)
	for name, path := range d.undeclaredPackages() {
		d.addImport(name, path)
		d.imports[name] = path
	}
}

// free reports whether a name has no meaning yet in the cell's package.
func (d *draft) free(name string) bool {
	return !d.named[name] && !d.p.Declared[name] && d.s.scope.objects[name] == nil
}

func (d *draft) addImport(name, path string) {
	sp := &ast.ImportSpec{Name: cell.Ident(name, token.NoPos), Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
	d.file.Decls = append(d.file.Decls, &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{sp}})
	d.file.Imports = append(d.file.Imports, sp)
	d.named[name] = true
}

// undeclaredPackages are the x of x.Name that nothing declares and that are the name of a compiled-in package.
func (d *draft) undeclaredPackages() map[string]string {
	found := map[string]string{}
	for name, ids := range d.p.Free {
		if !d.free(name) || !d.selected(ids) {
			continue
		}
		if path := d.s.packages.path(name); path != "" {
			found[name] = path
		}
	}
	return found
}

// selected reports whether one of the identifiers is the x of an x.Name.
func (d *draft) selected(ids []ast.Node) bool {
	for _, id := range ids {
		if d.p.Selectors[id] {
			return true
		}
	}
	return false
}

// declareRebound declares variables again whose type has got new methods.
func (d *draft) declareRebound() {
	for name, text := range d.rebind {
		e, err := parser.ParseExpr(d.importQualified(text))
		if err != nil {
			delete(d.rebind, name)
			continue
		}
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				id.NamePos = token.NoPos
				d.p.Mentioned[id.Name] = true
			}
			return true
		})
		spec := &ast.ValueSpec{Names: []*ast.Ident{cell.Ident(name, token.NoPos)}, Type: e}
		d.p.Decls = append(d.p.Decls, &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{spec}})
		d.p.Declared[name] = true
	}
}

// importQualified imports the packages of a type expression written by qualifiedName, and takes their paths out of it.
func (d *draft) importQualified(text string) string {
	for strings.Contains(text, "\x00") {
		x := strings.SplitN(text, "\x00", 3)
		name := x[0][strings.LastIndex(x[0], cell.Hidden):]
		if !d.named[name] {
			d.addImport(name, x[1])
		}
		text = x[0] + x[2]
	}
	return text
}

// qualifiedName writes a package so that importQualified can import it.
func qualifiedName(path string) string {
	return cell.Hidden + "p·" + strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(path) + "\x00" + path + "\x00"
}

func importError(pos token.Position, path string, err error) *Error {
	return &Error{Kind: KindCompile, Value: fmt.Sprintf("could not import %s: %v", path, err), Line: pos.Line, Column: pos.Column, file: pos.Filename}
}

// ImportPackage is the package that a cell's import of the path gives: compiled in, or the source of a module, which it
// fetches if need be.
func (s *Session) ImportPackage(ctx context.Context, path string) (*types.Package, error) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.compiling.Lock()
	defer s.compiling.Unlock()
	s.evalCtx = ctx
	return s.importPackage(path)
}

// PackageNamed is the path of the package that a cell means by name without an import, "" when there is none.
func (s *Session) PackageNamed(name string) string { return s.packages.path(name) }

// packageNames finds compiled-in packages by their short name.
type packageNames struct {
	byName map[string]string
}

// preferred settles names that several packages of the standard library have.
var preferred = map[string]string{
	"rand": "math/rand", "template": "text/template", "scanner": "text/scanner", "pprof": "runtime/pprof",
	"tensor": "gorgonia.org/tensor", "plot": "gonum.org/v1/plot", "draw": "image/draw",
}

// ownModule is preferred for names that it shares with others, such as metrics.
const ownModule = "github.com/msflow-go/msflow/"

func newPackageNames() *packageNames {
	n := &packageNames{byName: map[string]string{}}
	for _, path := range ixgo.PackageList() {
		n.add(path)
	}
	for name, path := range preferred {
		if _, ok := n.byName[name]; ok {
			n.byName[name] = path
		}
	}
	return n
}

func (n *packageNames) add(path string) {
	if strings.HasPrefix(path, "msflow/") || strings.Contains(path, "internal/") || strings.HasPrefix(path, "github.com/goplus/") {
		return
	}
	elems := strings.Split(path, "/")
	name := elems[len(elems)-1]
	if len(elems) > 1 && len(name) > 1 && name[0] == 'v' && name[1] >= '0' && name[1] <= '9' {
		name = elems[len(elems)-2] // a major version
	}
	old, ok := n.byName[name]
	own, oldOwn := strings.HasPrefix(path, ownModule), strings.HasPrefix(old, ownModule)
	if !ok || own && !oldOwn || own == oldOwn && len(path) < len(old) {
		n.byName[name] = path
	}
}

func (n *packageNames) path(name string) string { return n.byName[name] }
