package interp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"sync"
	"testing"

	"github.com/goplus/ixgo"
)

// newProgram is an empty program that nothing stops.
func newProgram(t testing.TB) *Program {
	t.Helper()
	p, err := NewProgram(Host{Lock: new(sync.Mutex)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// link adds a package that may use what those given declare.
func link(t testing.TB, p *Program, src string, uses ...types.Object) (*types.Package, *ixgo.Interp) {
	t.Helper()
	p.host.Lock.Lock()
	defer p.host.Lock.Unlock()
	f, err := parser.ParseFile(p.ctx.FileSet, "p.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	pkg := types.NewPackage("main", "main")
	for _, o := range uses {
		pkg.Scope().Insert(o)
	}
	c := p.Check(p.ctx.FileSet, pkg, f)
	if len(c.Errors) > 0 {
		t.Fatal(c.Errors[0])
	}
	p.Pin(c)
	built, err := p.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("p%d", p.Packages())
	i, err := p.Link(built, path)
	if err != nil {
		t.Fatal(err)
	}
	p.Keep(path, i, variablesOf(f))
	return pkg, i
}

func variablesOf(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			for _, sp := range g.Specs {
				if vs, ok := sp.(*ast.ValueSpec); ok {
					names = append(names, vs.Names[0].Name)
				}
			}
		}
	}
	return names
}

// TestPackagesSeeEarlierOnes uses a type, a function and a variable of one package in another.
func TestPackagesSeeEarlierOnes(t *testing.T) {
	p := newProgram(t)
	first, _ := link(t, p, `package main
type T struct{ n int }
func (t *T) Add(k int) int { t.n += k; return t.n }
func twice(k int) int { return 2 * k }
var x *T`)
	at := first.Scope().Lookup
	_, i := link(t, p, `package main
func f() int { if x == nil { x = &T{n: 40} }; return x.Add(twice(1)) }`, at("T"), at("twice"), at("x"))
	for _, want := range []int{42, 44} {
		if got, err := i.RunFunc("f"); err != nil || got != want {
			t.Fatalf("got %v, %v; want %d", got, err, want)
		}
	}
	if v := p.Variable("p"+fmt.Sprint(0), "x"); v.IsValid() {
		t.Errorf("a variable of a path that was not linked is %v", v)
	}
}

// TestEmptyProgramLinksNothing keeps the warm-up of go/ssa from leaving types behind.
func TestEmptyProgramLinksNothing(t *testing.T) {
	if n := len(newProgram(t).ssaProgram().RuntimeTypes()); n != 0 {
		t.Errorf("an empty program has %d runtime types", n)
	}
}

// TestGuardedMaps selects from what a guarded map holds: its element may be a pointer, a slice or a function.
func TestGuardedMaps(t *testing.T) {
	p := newProgram(t)
	p.GuardMaps = true
	_, i := link(t, p, `package main
type P struct{ x int }
func f() int {
	m := map[int]*P{1: {}}
	m[1].x = 40
	s, c := map[int][]int{1: {0}}, map[int]func() int{1: func() int { return 2 }}
	s[1][0] = m[1].x
	return s[1][0] + c[1]()
}`)
	if got, err := i.RunFunc("f"); err != nil || got != 42 {
		t.Errorf("got %v, %v", got, err)
	}
}
