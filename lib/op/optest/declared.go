// Package optest tells tests which ops there are, so that each form of program has a row for every one.
package optest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Declared are the exported types of package op that have a shape rule, with their files. It reads the sources, since a type that
// nobody mentions is not linked. The test's package stands beside op.
func Declared(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../op/*.go")
	if err != nil {
		t.Fatal(err)
	}
	ops := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Shape" && f.Recv != nil {
				if name, ok := f.Recv.List[0].Type.(*ast.Ident); ok && name.IsExported() {
					ops[name.Name] = file
				}
			}
		}
	}
	return ops
}
