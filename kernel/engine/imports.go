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
	return d.imports.Resolve(d.p.Imports, func(sp *ast.ImportSpec, path string) (*types.Package, error) {
		pkg, err := d.s.importPackage(path)
		if err != nil && d.s.evalCtx.Err() != nil { // whatever it says: the go command and initialisers say it in words of their own
			return nil, Interrupted()
		}
		if err != nil {
			return nil, importError(d.s.program.Context().FileSet.Position(sp.Pos()), path, err)
		}
		return pkg, nil
	})
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

// addImports imports what the cell uses without importing it; see cell.FileImports.
func (d *draft) addImports() {
	d.imports.Complete(d.file, d.p, d.s.scope.imports, d.free, d.s.packages.path)
	d.imports.Add(d.file, cell.RuntimeName, runtimePath)
}

// free reports whether a name has no meaning yet in the cell's package.
func (d *draft) free(name string) bool {
	return !d.imports.Named[name] && !d.p.Declared[name] && d.s.scope.objects[name] == nil
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
		if !d.imports.Named[name] {
			d.imports.Add(d.file, name, x[1])
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

// PackagesByName are the compiled-in packages that cells can name without an import: name → path.
func PackagesByName() map[string]string { return newPackageNames().byName }

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
