package bindings

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"go/types"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goplus/ixgo"

	"github.com/msflow-go/msflow/kernel/bindings/docs"
	"github.com/msflow-go/msflow/kernel/engine"
)

type sink struct {
	engine.Discard
	values []any
}

func (s *sink) Result(v []any) { s.values = v }

func session(t *testing.T) *engine.Session {
	t.Helper()
	s, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func eval(t *testing.T, s *engine.Session, src string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out := &sink{}
	if err := s.Eval(ctx, engine.Cell{Code: src}, out); err != nil {
		t.Fatalf("%s\n%v", src, err)
	}
	return strings.TrimSuffix(fmt.Sprintln(out.values...), "\n")
}

func listed(t *testing.T) (paths []string) {
	f, err := os.Open("packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := strings.TrimSpace(sc.Text())
		if elsewhere := strings.Contains(line, " "); line != "" && line != "std" && !elsewhere {
			paths = append(paths, line)
		}
	}
	return paths
}

func TestEveryPackageImports(t *testing.T) {
	s := session(t)
	for _, p := range listed(t) {
		eval(t, s, fmt.Sprintf("import _ %q", p))
		if d := docs.Package(p); d == nil || len(d.Symbols) == 0 {
			t.Errorf("%s has no documentation", p)
		}
	}
}

// TestTypesAreOfWholePackages imports each package into a session of its own: every compiled package that its types are of must have
// been loaded too, or a later import of that would read its source, and make each of its types a second time.
func TestTypesAreOfWholePackages(t *testing.T) {
	for _, path := range listed(t) {
		s, err := engine.New()
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.ImportPackage(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		for of := range packagesOf(p) {
			if _, compiled := ixgo.LookupPackage(of.Path()); compiled && !of.Complete() {
				t.Errorf("%s knows types of %s, which was not loaded", path, of.Path())
			}
		}
		s.Close()
	}
}

// packagesOf are the packages whose types a package's exported names are made of.
func packagesOf(p *types.Package) map[*types.Package]bool {
	found, seen := map[*types.Package]bool{}, map[types.Type]bool{}
	var visit func(t types.Type)
	visit = func(t types.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Named:
			if of := t.Obj().Pkg(); of != nil {
				found[of] = true
			}
			visit(t.Underlying())
			for m := range t.Methods() {
				visit(m.Type())
			}
		case *types.Signature:
			visit(t.Params())
			visit(t.Results())
		case *types.Tuple:
			for v := range t.Variables() {
				visit(v.Type())
			}
		case *types.Struct:
			for f := range t.Fields() {
				visit(f.Type())
			}
		case *types.Interface:
			for m := range t.Methods() {
				visit(m.Type())
			}
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case interface{ Elem() types.Type }:
			visit(t.Elem())
		}
	}
	for _, name := range p.Scope().Names() {
		visit(p.Scope().Lookup(name).Type())
	}
	return found
}

func TestStandardLibraryIsDocumented(t *testing.T) {
	missing := 0
	for _, p := range ixgo.PackageList() {
		if strings.Contains(p, ".") || strings.Contains(p, "internal") || strings.HasPrefix(p, "msflow/") {
			continue
		}
		if docs.Package(p) == nil {
			t.Logf("%s has no documentation", p)
			missing++
		}
	}
	if missing > 3 {
		t.Errorf("%d packages without documentation", missing)
	}
	if d := docs.Package("strings"); !strings.Contains(d.Symbols["Builder.WriteString"].Doc, "appends") {
		t.Errorf("strings.Builder.WriteString: %+v", d.Symbols["Builder.WriteString"])
	}
}

// TestSession uses each of the bound libraries as a notebook would.
func TestSession(t *testing.T) {
	s := session(t)
	for _, c := range []struct{ src, want string }{
		{`floats.Sum([]float64{1, 2, 3.5})`, "6.5"},
		{`a := mat.NewDense(2, 2, []float64{1, 2, 3, 4}); mat.Det(a)`, "-2"},
		{`var b mat.Dense; b.Mul(a, a.T()); b.At(0, 1)`, "11"},
		{`stat.Mean([]float64{1, 2, 3}, nil)`, "2"},
		{`r, err := optimize.Minimize(optimize.Problem{Func: func(x []float64) float64 { return (x[0] - 3) * (x[0] - 3) }}, []float64{0}, nil, &optimize.NelderMead{}); must(err); math.Abs(r.X[0]-3) < 1e-3`, "true"},
		{`import G "gorgonia.org/gorgonia"
g := G.NewGraph()
x := G.NewScalar(g, G.Float64, G.WithName("x"))
y := must(G.Mul(x, x))
G.Let(x, 3.0)
m := G.NewTapeMachine(g); must(m.RunAll())
y.Value().Data()`, "9"},
		{`d := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6})); d.Shape()`, "(2, 3)"},
		{`p := plot.New(); l, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}); must(err); p.Add(l); w := must(p.WriterTo(4*vg.Centimeter, 4*vg.Centimeter, "png")); var buf bytes.Buffer; must(w.WriteTo(&buf)) > 100`, "true"},
		{`slices.Sorted(maps.Keys(map[string]int{"b": 1, "a": 2}))`, "[a b]"},
		{`type byAge struct{ age int }; people := []byAge{{3}, {1}}; slices.SortFunc(people, func(a, b byAge) int { return cmp.Compare(a.age, b.age) }); people[0].age`, "1"},
		{`var ptr atomic.Pointer[byAge]; ptr.Store(&people[1]); ptr.Load().age`, "3"},
		{`sync.OnceValue(func() int { return 6 })()`, "6"},
		{`metrics.AUROC([]float64{0.1, 0.9}, []bool{false, true})`, "1"},
	} {
		if got := eval(t, s, c.src); c.want != got {
			t.Errorf("%s\ngot %s, want %s", c.src, got, c.want)
		}
	}
}

// TestCurrent generates the bindings again and compares. The list and the
// packages must be those that the checked-in files were made from; the standard
// library's documentation differs between versions of Go.
func TestCurrent(t *testing.T) {
	z, err := zip.OpenReader("docs/docs.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if z.Comment != runtime.Version() {
		t.Skipf("they were generated with %s, this is %s", z.Comment, runtime.Version())
	}
	if out, err := exec.Command("go", "run", "./gen", "-check").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
