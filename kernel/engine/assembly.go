package engine

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/token"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// An interpreter has no assembler. Most packages with functions in assembly have others in Go for the processors that they
// have no assembly for, which the build constraints choose. A package whose files for this processor need assembly is read
// as for another one, with the same sizes and byte order. Where its importers expect of it what only the files for this
// processor have, so are all packages of its module. What code learns from runtime.GOARCH stays true.
var processors = []string{"riscv64", "mips64le", "loong64", "ppc64le"}

// splitError says that the packages of a module do not fit together when only some are read as for another processor.
type splitError struct {
	module string
	err    error
}

func (e *splitError) Error() string { return e.err.Error() }
func (e *splitError) Unwrap() error { return e.err }

// assemblyError names functions that are in assembly.
type assemblyError struct {
	path      string
	functions []string
}

func (e *assemblyError) Error() string {
	return fmt.Sprintf("package %s implements %s in assembly, which cannot be interpreted", e.path, someNames(e.functions))
}

func usesC(path, file string) error {
	return fmt.Errorf("package %s uses cgo (%s), and C cannot be interpreted%s", path, file, whatToDo)
}

// whatToDo is the advice for a package that cannot be interpreted.
const whatToDo = ": use it in a program of its own, which a cell writes with %%writefile and runs with !go run"

// read parses the files of a package that need no assembly. What then still has no body, and is linked to nothing that the
// interpreter has, panics when it is called.
func (l *loading) read(p listed) (*ixgo.SourcePackage, error) {
	if !l.whole[p.module()] {
		sp, err := l.readFor(p, runtime.GOARCH)
		if err == nil {
			if missing := bodiless(sp.Files); len(missing) > 0 {
				err = &assemblyError{p.ImportPath, missing}
			}
		}
		var needs *assemblyError
		if !errors.As(err, &needs) {
			return sp, err
		}
	}
	l.switched[p.module()] = true
	for _, processor := range processors {
		if sp, err := l.readFor(p, processor); err == nil && len(bodiless(sp.Files)) == 0 {
			return sp, nil
		}
	}
	sp, err := l.readFor(p, processors[0])
	if err == nil {
		missing := bodiless(sp.Files)
		err = &assemblyError{p.ImportPath, missing}
		if l.whole[p.module()] {
			giveBodies(sp.Files, missing, err.Error()+whatToDo)
			return sp, nil
		}
	}
	if !l.whole[p.module()] {
		err = &splitError{p.module(), err}
	}
	return nil, err
}

// readFor parses the files of a package for a processor.
func (l *loading) readFor(p listed, processor string) (*ixgo.SourcePackage, error) {
	sp, err := l.m.s.program.ReadSource(p.ImportPath, p.Dir, processor)
	var none *build.NoGoError
	if errors.As(err, &none) {
		if name, ok := cgoFile(p.Dir); ok {
			return nil, usesC(p.ImportPath, name)
		}
		return nil, fmt.Errorf("package %s has no Go files for %s/%s without assembly%s", p.ImportPath, runtime.GOOS, runtime.GOARCH, whatToDo)
	}
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p.ImportPath, err)
	}
	return sp, nil
}

// cgoFile is a file in the directory that imports "C".
func cgoFile(dir string) (name string, found bool) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if bytes.Contains(text, []byte("import \"C\"")) && !strings.HasSuffix(f, "_test.go") {
			return filepath.Base(f), true
		}
	}
	return "", false
}

// bodiless are the functions that are not written in Go, and that no directive links to one.
func bodiless(files []*ast.File) (names []string) {
	linked := linkedNames(files)
	for f := range declaredFunctions(files) {
		if _, ok := linked[f.Name.Name]; f.Body == nil && !ok {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

// unlinked are the functions that are linked to what the interpreter does not have of the standard library.
func unlinked(files []*ast.File) (names []string) {
	linked := linkedNames(files)
	for f := range declaredFunctions(files) {
		if target := linked[f.Name.Name]; f.Body == nil && ofStandardLibrary(target) && !interp.Links(target) {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

// ofStandardLibrary reports whether what a directive links to is in the standard library and not exported.
func ofStandardLibrary(target string) bool {
	first, _, found := strings.Cut(target, "/")
	name := target[strings.LastIndexByte(target, '.')+1:]
	return target != "" && !(found && strings.Contains(first, ".")) && !ast.IsExported(name)
}

func declaredFunctions(files []*ast.File) iter.Seq[*ast.FuncDecl] {
	return func(yield func(*ast.FuncDecl) bool) {
		for _, f := range files {
			for _, d := range f.Decls {
				if fd, ok := d.(*ast.FuncDecl); ok && !yield(fd) {
					return
				}
			}
		}
	}
}

// linkedNames are what go:linkname directives name in their own package, and what they link it to.
func linkedNames(files []*ast.File) map[string]string {
	names := map[string]string{}
	for _, f := range files {
		for _, g := range f.Comments {
			for _, c := range g.List {
				if fields := strings.Fields(c.Text); len(fields) > 1 && fields[0] == "//go:linkname" {
					names[fields[1]] = strings.Join(fields[2:], "")
				}
			}
		}
	}
	return names
}

// giveBodies makes functions panic with a text.
func giveBodies(files []*ast.File, names []string, text string) {
	for f := range declaredFunctions(files) {
		if f.Body == nil && slices.Contains(names, f.Name.Name) {
			arg := &ast.BasicLit{ValuePos: f.End(), Kind: token.STRING, Value: strconv.Quote(text)}
			call := &ast.CallExpr{Fun: cell.Ident("panic", f.End()), Lparen: f.End(), Args: []ast.Expr{arg}, Rparen: f.End()}
			f.Body = &ast.BlockStmt{Lbrace: f.End(), List: []ast.Stmt{&ast.ExprStmt{X: call}}, Rbrace: f.End()}
		}
	}
}
