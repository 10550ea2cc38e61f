package program

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/notebook"
)

func translate(t *testing.T, sources ...string) (*Program, error) {
	t.Helper()
	s, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := notebook.New()
	for _, source := range sources {
		n.Cells = append(n.Cells, notebook.NewCode(source))
	}
	return Translate(t.Context(), s, n, "p")
}

// What a cell becomes. The whole is built and run in a test of cmd/msflow.
func TestTranslations(t *testing.T) {
	for _, c := range []struct {
		about string
		cells []string
		want  []string
	}{
		{"a variable gets its type", []string{"x := map[string][]int{}"}, []string{"var x map[string][]int", "x = map[string][]int{}"}},
		{"a name declared again is another", []string{"x := 1", "x := fmt.Sprint(x)\nx"}, []string{"var x2 string", "x2 = fmt.Sprint(x)", "native.Show(x2)"}},
		{"not within a cell", []string{"a, err := 1, error(nil)\nb, err := 2, err"}, []string{"a, err = 1, error(nil)", "b, err = 2, err"}},
		{"a function keeps the variable that it saw", []string{"x := 1", "func f() int { return x }", "x := 2", "f() + x"}, []string{"return x }", "native.Show(f() + x2)"}},
		{"a recursive function of an old name", []string{"func f() {}", "func f(n int) { f(n - 1) }"}, []string{"func f2(n int) { f2(n - 1) }"}},
		{"must for an error alone", []string{"must(os.Chdir(\".\"))"}, []string{"must0(os.Chdir(\".\"))"}},
		{"must for two values", []string{"func f() (int, int, error) { return 1, 2, nil }\na, b := must(f())"}, []string{"a, b = must2(f())"}},
		{"an error that is the result", []string{"os.Chdir(\".\")"}, []string{"native.ShowChecked(os.Chdir(\".\"))"}},
		{"a suppressed result", []string{"x := 1", "x;"}, []string{"_ = x"}},
		{"printing shows nothing more", []string{"fmt.Println(1)"}, []string{"{\n\tfmt.Println(1)\n}"}},
		{"nor do calls without a value", []string{"func f() {}", "f()"}, []string{"{\n\tf()\n}"}},
		{"two packages of a name", []string{"import \"crypto/rand\"\nrand.Text()", "import \"math/rand\"\nrand.Int()"}, []string{"mathrand \"math/rand\"", "mathrand.Int()", "native.Show(rand.Text())"}},
		{"a variable named as a package", []string{"strings.ToUpper(\"a\")", "strings := 1\nstrings"}, []string{"strings2 = 1", "native.Show(strings2)"}},
		{"comments stay", []string{"// above\nx := 1 // beside\n// between\ny := 2"}, []string{"// above\n\tx = 1 // beside\n\t// between\n\ty = 2"}},
		{"what %time measures", []string{"%time x := 1", "%%time\nx + 1"}, []string{"x = 1", "native.Show(x + 1)"}},
		{"a field with the name of a variable", []string{"x := 1", "x := struct{ x int }{x: 2}\nx.x"}, []string{"x2 = struct{ x int }{x: 2}", "native.Show(x2.x)"}},
		{"var groups", []string{"var (\n\ta = 1\n\tb, c = 2, \"s\"\n\td float32\n)"}, []string{"c string", "d float32", "b, c = 2, \"s\""}},
	} {
		p, err := translate(t, c.cells...)
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(spaced(p.Source), spaced(want)) {
				t.Errorf("%s: there is no %q in\n%s", c.about, want, p.Source[strings.Index(p.Source, "func must2"):])
			}
		}
	}
}

// spaced makes gofmt's alignment no difference.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// The formatter would move the first two above the package clause, where they leave the file out of every build.
func TestDirectivesOfCellsAreRemarks(t *testing.T) {
	const cell = "//go:build ignore\n// +build ignore\nx := 1\n\n//go:linkname f runtime.f\nfunc f() {}\n//go:noinline\nfunc g() {}\n" +
		"/*line a.go:7*/ y := `\n//go:build kept\n`\n_ = y //line b.go:8"
	p, err := translate(t, cell)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"// (go:build ignore)", "// (+build ignore)", "// (go:linkname f runtime.f)", "//go:noinline\nfunc g()", "/* line a.go:7*/", "`\n//go:build kept\n`",
	} {
		if !strings.Contains(p.Source, want) {
			t.Errorf("there is no %q in\n%s", want, p.Source)
		}
	}
	for _, never := range []string{"//go:build ignore", "// +build", "//go:linkname"} {
		if strings.Contains(p.Source, never) {
			t.Errorf("there is %q in\n%s", never, p.Source)
		}
	}
}

func TestWhatIsLeftOutIsSaid(t *testing.T) {
	p, err := translate(t, "x := 1", "!ls -l\nx")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Warnings) != 1 || p.Warnings[0] != "code cell 2: !ls -l is left out" || !strings.Contains(p.Source, "// !ls -l\n\tnative.Show(x)") {
		t.Errorf("%q in\n%s", p.Warnings, p.Source)
	}
}

func TestWhatKeepsAFormerMeaningIsSaid(t *testing.T) {
	p, err := translate(t, "func rate() int { return 1 }\nfunc price() int { return rate() }\nfunc cost() int { return rate() }\nx := 1",
		"func rate() int { return 2 }\nfunc cost() int { return rate() }", "x := 2\nfunc rate() int { return 3 }")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"code cell 2: rate is declared again; in the program the former one stays for price",
		"code cell 3: rate is declared again; in the program the former one stays for cost, price",
	}
	if !slices.Equal(p.Warnings, want) {
		t.Errorf("%q", p.Warnings)
	}
}

func TestCellsThatCannotBeTranslated(t *testing.T) {
	for source, want := range map[string]string{
		"x :=":                           "expected operand",
		"undefined + 1":                  "undefined: undefined",
		"v := v + 1":                     "undefined: v",
		"f := func() int { return f() }": "undefined: f",
		"package main\nfunc main() {}":   "package clause",
		"_ + 1":                          "_, the last result",
		"//go:embed a.txt\nvar a string": "os.ReadFile",
		"import . \"fmt\"":               "write the package's name",
		"import \"no/such/package\"":     "could not import no/such/package",
	} {
		_, err := translate(t, "1", source)
		var cell *Error
		if !errors.As(err, &cell) || cell.Cell != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, without %q", source, err, want)
		}
	}
}
