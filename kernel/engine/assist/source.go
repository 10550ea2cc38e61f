package assist

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/cell"
	"golang.org/x/mod/module"
)

// librarySource is an object's declaration and doc comment in the source of its package, which lies in a directory. For a
// field it is that of the type owner.
func librarySource(o types.Object, owner, dir string) (decl, doc string) {
	w := wanted{name: o.Name()}
	switch o := o.(type) {
	case *types.Func:
		w.recv = ownerOf(o)
	case *types.Var:
		if o.IsField() {
			w.name = owner
		}
	}
	if dir == "" {
		return "", ""
	}
	entries, err := os.ReadDir(dir)
	if err != nil || w.name == "" {
		return "", ""
	}
	for _, e := range entries {
		if match, err := build.Default.MatchFile(dir, e.Name()); err != nil || !match || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		if decl, doc := w.in(filepath.Join(dir, e.Name())); decl != "" {
			return decl, doc
		}
	}
	return "", ""
}

// compiledSourceDir is the directory of a compiled-in package's source, "" when it is not on this machine.
func compiledSourceDir(path string) string {
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return filepath.Join(goRoot(), "src", filepath.FromSlash(path))
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		rest, found := strings.CutPrefix(path, m.Path)
		if !found || rest != "" && rest[0] != '/' {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if dir := moduleDir(m.Path, m.Version); dir != "" {
			return filepath.Join(dir, filepath.FromSlash(rest))
		}
	}
	return ""
}

// moduleDir is where the module cache keeps a module.
func moduleDir(path, version string) string {
	p, err := module.EscapePath(path)
	if err != nil {
		return ""
	}
	v, err := module.EscapeVersion(version)
	if err != nil {
		return ""
	}
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		cache = filepath.Join(filepath.SplitList(build.Default.GOPATH)[0], "pkg", "mod")
	}
	dir := filepath.Join(cache, filepath.FromSlash(p)+"@"+v)
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// goRoot is the root of the user's Go. Beside the go command it is found at once; asking that command takes as long as an
// inspection may.
var goRoot = sync.OnceValue(func() string {
	command, err := exec.LookPath("go")
	if err != nil {
		return build.Default.GOROOT
	}
	if command, err = filepath.EvalSymlinks(command); err == nil {
		root := filepath.Dir(filepath.Dir(command))
		if _, err := os.Stat(filepath.Join(root, "src", "fmt")); err == nil {
			return root
		}
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return build.Default.GOROOT
	}
	return strings.TrimSpace(string(out))
})

// wanted is a declaration that is looked for.
type wanted struct {
	name string
	recv string // of a method, its type
}

// in finds it in a file. Most files are left unparsed, as a package's take long.
func (w wanted) in(file string) (decl, doc string) {
	src, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(src, []byte(w.name)) {
		return "", ""
	}
	mayDeclare := false
	for _, before := range []string{"func ", "type ", "var ", "const ", ") ", "\t"} {
		mayDeclare = mayDeclare || bytes.Contains(src, []byte(before+w.name))
	}
	if !mayDeclare {
		return "", ""
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", ""
	}
	for _, d := range f.Decls {
		if n, prefix, comment := w.node(d); n != nil {
			from, to := fset.Position(n.Pos()).Offset, fset.Position(n.End()).Offset
			return prefix + string(src[from:to]), comment.Text()
		}
	}
	return "", ""
}

// node is the part of a declaration to show: of a group of types the one, of other groups the whole, since values in it
// depend on each other.
func (w wanted) node(d ast.Decl) (n ast.Node, prefix string, doc *ast.CommentGroup) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		recv := ""
		if d.Recv != nil && len(d.Recv.List) == 1 {
			recv = cell.ReceiverBase(d.Recv.List[0].Type)
		}
		if d.Name.Name == w.name && recv == w.recv {
			return d, "", d.Doc
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if w.recv == "" && spec.Name.Name == w.name {
					if d.Lparen.IsValid() {
						return spec, "type ", spec.Doc
					}
					return d, "", d.Doc
				}
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					if w.recv == "" && id.Name == w.name {
						return d, "", d.Doc
					}
				}
			}
		}
	}
	return nil, "", nil
}
