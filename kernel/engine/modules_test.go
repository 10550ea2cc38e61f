package engine

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// inModule makes a directory with a module and moves the test there.
func inModule(t *testing.T, files map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func TestModuleBesideNotebook(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod": "module example.org/notes\n\ngo 1.26\n",
		"counter/counter.go": `package counter

import "example.org/notes/counter/inner"

var count = initial()

func initial() int { return inner.Start }

type Event struct {
	id   int
	Name string
}

func (e Event) ID() int { return e.id }

func New(name string) Event {
	count++
	return Event{count, name}
}

func Spin() { for {} }
`,
		"counter/inner/inner.go": "package inner\n\nconst Start = 100\n",
		"asm/asm.go":             "package asm\n\nfunc Fast(x int) int\n\nfunc Slow(x int) int { return 2 * x }\n",
		"asm/asm_amd64.s":        "",
		"usesc/c.go":             "package usesc\n\nimport \"C\"\n\nfunc F() {}\n",
		"broken/b.go":            "package broken\n\nfunc F() int { return \"a\" }\n",
	})
	s := newSession(t)
	for _, c := range []struct{ src, want, err string }{
		{src: `import "example.org/notes/counter"; a := counter.New("a"); a.ID()`, want: "101"},
		{src: `b := counter.New("b"); b.ID() - a.ID()`, want: "1"},
		{src: `func more() int { return counter.New("c").ID() }; more()`, want: "103"},
		{src: `import "example.org/notes/asm"; asm.Slow(2)`, want: "4"},
		{src: `asm.Fast(2)`, err: "package example.org/notes/asm implements Fast in assembly"},
		{src: `import "example.org/notes/usesc"`, err: "package example.org/notes/usesc uses cgo"},
		{src: `import "example.org/notes/broken"`, err: "broken"},
		{src: `import "example.org/notes/missing"`, err: "example.org/notes/missing"},
		{src: `import "nosuch/pkg"`, err: "could not import nosuch/pkg"},
	} {
		r, err := eval(s, c.src)
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: got error %v, want %q", c.src, err, c.err)
		case c.want != "" && r.result() != c.want:
			t.Errorf("%s: got %s, want %s", c.src, r.result(), c.want)
		}
	}
	if d := stopTime(t, s, "counter.Spin()"); d == 0 {
		t.Error("a loop of a source package does not stop")
	}
	if r, err := eval(s, "more()"); err != nil || r.result() != "104" {
		t.Errorf("after the interrupt: %s, %v", r.result(), err)
	}
}

// TestModuleFromCache imports a module that the go command has in its cache, without a network.
func TestModuleFromCache(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	inModule(t, nil)
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Skip(err)
	}
	if found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "cache/download/github.com/google/uuid/@v/*.zip")); len(found) == 0 {
		t.Skip("github.com/google/uuid is not in the module cache")
	}
	s := newSession(t)
	r, err := eval(s, `import "github.com/google/uuid"
id := uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
id.Version()`)
	if err != nil || r.result() != "VERSION_1" {
		t.Fatalf("got %s, %v", r.result(), err)
	}
	if r, err := eval(s, `len(uuid.NewString())`); err != nil || r.result() != "36" {
		t.Errorf("got %s, %v", r.result(), err)
	}
	if where, err := s.Get(t.Context(), "github.com/google/uuid", Discard{}); err != nil || where != "the session's module" {
		t.Errorf("Get: %q, %v", where, err)
	}
}

// A module line may have a comment and quotes.
func TestModuleNameWithComment(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{"module ex.org/m // mine", `module "ex.org/m" // mine`, "module ex.org/m"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(line+"\n\ngo 1.26\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := moduleNames(filepath.Join(dir, "go.mod")); !slices.Equal(got, []string{"ex.org/m"}) {
			t.Errorf("%s: modules %q", line, got)
		}
	}
}

// A package that has assembly for this processor is read as for one that it has none for, alone or, where the rest of its
// module would not fit, with all of it.
func TestModulesWithAssembly(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod":                    "module example.org/m\n\ngo 1.26\n\nrequire example.org/fast v0.0.0\n\nreplace example.org/fast => ./fast\n",
		"fast/go.mod":               "module example.org/fast\n\ngo 1.26\n",
		"fast/alone/sum_amd64.go":   "package alone\n\nfunc Sum(a, b int) int\n",
		"fast/alone/sum_arm64.go":   "package alone\n\nfunc Sum(a, b int) int\n",
		"fast/alone/sum_amd64.s":    "",
		"fast/alone/sum_arm64.s":    "",
		"fast/alone/sum.go":         "//go:build !amd64 && !arm64\n\npackage alone\n\nfunc Sum(a, b int) int { return a + b }\n",
		"fast/user/user.go":         "package user\n\nimport (\n\t\"runtime\"\n\t\"example.org/fast/alone\"\n)\n\nfunc Two() (int, string) { return alone.Sum(1, 1), runtime.GOARCH }\n",
		"fast/whole/has_amd64.go":   "package whole\n\nimport \"example.org/fast/whole/asm\"\n\nfunc How() string { return asm.Only() }\n",
		"fast/whole/has_arm64.go":   "package whole\n\nimport \"example.org/fast/whole/asm\"\n\nfunc How() string { return asm.Only() }\n",
		"fast/whole/has.go":         "//go:build !amd64 && !arm64\n\npackage whole\n\nfunc How() string { return \"in Go\" }\n",
		"fast/whole/asm/o_amd64.go": "package asm\n\nfunc Only() string { return \"assembly\" }\n\nfunc fast()\n",
		"fast/whole/asm/o_arm64.go": "package asm\n\nfunc Only() string { return \"assembly\" }\n\nfunc fast()\n",
		"fast/whole/asm/asm.go":     "package asm\n",
		"fast/linked/linked.go":     "package linked\n\nimport _ \"unsafe\"\n\n//go:linkname wake runtime.wakep\nfunc wake()\n\nfunc Wake() { wake() }\n\nfunc Three() int { return 3 }\n",
		"fast/linked/empty.s":       "",
	})
	s := newSession(t)
	for _, c := range []struct{ src, want, err string }{
		{src: `import "example.org/fast/user"; n, processor := user.Two(); fmt.Sprint(n, " on ", processor)`, want: "2 on " + runtime.GOARCH},
		{src: `import "example.org/fast/whole"; whole.How()`, want: "in Go"},
		{src: `import "example.org/fast/linked"; linked.Three()`, want: "3"},
		{src: `linked.Wake()`, err: "package example.org/fast/linked takes wake from Go's runtime"},
		{src: `linked.Three()`, want: "3"},
	} {
		r, err := eval(s, c.src)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: got error %v, want %q", c.src, err, c.err)
		} else if c.want != "" && r.result() != c.want {
			t.Errorf("%s: got %s, want %s", c.src, r.result(), c.want)
		}
	}
}

// Interfaces of packages with the same name are told apart, whatever their methods are called.
func TestInterfacesOfPackagesWithOneName(t *testing.T) {
	const source = "package expr\n\ntype kind interface{ isKind() }\n\ntype Number struct{}\n\nfunc (*Number) isKind() {}\n\n" +
		"type Type struct{ Kind kind }\n\nfunc New() *Type { return &Type{&Number{}} }\n"
	inModule(t, map[string]string{"go.mod": "module example.org/m\n\ngo 1.26\n", "v1/expr/e.go": source, "v2/expr/e.go": source})
	s := newSession(t)
	r, err := eval(s, `import one "example.org/m/v1/expr"
import two "example.org/m/v2/expr"
fmt.Sprintf("%T %T", one.New().Kind, two.New().Kind)`)
	if want := "*expr.Number *expr.Number"; err != nil || r.result() != want {
		t.Errorf("%s, %v; want %s", r.result(), err, want)
	}
}

// The packages of a workspace and of replaced modules may have names without a dot.
func TestWorkspaceAndReplacement(t *testing.T) {
	dir := inModule(t, map[string]string{
		"go.work":        "go 1.26\n\nuse (\n\t./app\n\t./lib\n)\n",
		"app/go.mod":     "module app\n\ngo 1.26\n\nrequire other v0.0.0\n\nreplace other => ../other\n",
		"app/sub/s.go":   "package sub\n\nfunc V() int { return 1 }\n",
		"lib/go.mod":     "module lib\n\ngo 1.26\n",
		"lib/l.go":       "package lib\n\nfunc V() int { return 2 }\n",
		"other/go.mod":   "module other\n\ngo 1.26\n",
		"other/pkg/o.go": "package pkg\n\nfunc V() int { return 3 }\n",
	})
	for _, from := range []string{"app", "."} {
		t.Chdir(filepath.Join(dir, from))
		r, err := eval(newSession(t), `import ("app/sub"; "lib"; "other/pkg")
fmt.Sprint(sub.V(), lib.V(), pkg.V())`)
		if err != nil || r.result() != "1 2 3" {
			t.Errorf("from %s: %s, %v", from, r.result(), err)
		}
	}
}

// A directory is got as the module that it holds.
func TestGetDirectory(t *testing.T) {
	dir := inModule(t, map[string]string{
		"lib/go.mod":   "module example.org/lib\n\ngo 1.26\n",
		"lib/l.go":     "package lib\n\nfunc V() int { return 5 }\n",
		"plain/p.go":   "package plain\n",
		"other/go.mod": "module example.org/other\n\ngo 1.26\n",
	})
	get := func(what string) error {
		s := newSession(t)
		if _, err := s.Get(t.Context(), what, Discard{}); err != nil {
			return err
		}
		r, err := eval(s, `import "example.org/lib"; lib.V()`)
		if err == nil && r.result() != "5" {
			t.Errorf("%s: %s", what, r.result())
		}
		return err
	}
	for _, what := range []string{"./lib", filepath.Join(dir, "lib")} {
		if err := get(what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := get("./plain"); err == nil || !strings.Contains(err.Error(), "./plain has no go.mod") {
		t.Errorf("a directory without a go.mod: %v", err)
	}
	t.Chdir(filepath.Join(dir, "other"))
	if err := get("../lib"); err != nil {
		t.Error(err)
	}
	if mod, _ := os.ReadFile("go.mod"); !strings.Contains(string(mod), "=> ../lib") {
		t.Errorf("go.mod is\n%s", mod)
	}
	if err := get("."); err == nil || !strings.Contains(err.Error(), "is the module beside the notebook") {
		t.Errorf("the module itself: %v", err)
	}
}

// TestGetKeepsVersion imports a package of a module whose version was asked for, which brings in a module that is not there
// yet, but no later version.
func TestGetKeepsVersion(t *testing.T) {
	dir := inModule(t, nil)
	proxy := moduleProxy{t, filepath.Join(dir, "proxy")}
	for v, word := range map[string]string{"v1.0.0": "first", "v1.1.0": "second"} {
		proxy.add("example.org/m", v, map[string]string{
			"go.mod":     "module example.org/m\n\ngo 1.26\n\nrequire example.org/dep v1.0.0\n",
			"sub/sub.go": "package sub\n\nimport \"example.org/dep\"\n\nfunc V() string { return \"" + word + "\" + dep.V() }\n",
		})
	}
	proxy.add("example.org/dep", "v1.0.0", map[string]string{
		"go.mod": "module example.org/dep\n\ngo 1.26\n", "d.go": "package dep\n\nfunc V() string { return \"!\" }\n",
	})
	for name, value := range map[string]string{
		"GOPROXY": "file://" + proxy.dir, "GOSUMDB": "off", "GONOSUMDB": "", "GONOPROXY": "", "GOPRIVATE": "",
		"GOMODCACHE": filepath.Join(dir, "cache"), "GOFLAGS": "-modcacherw",
	} {
		t.Setenv(name, value)
	}
	s := newSession(t)
	if _, err := s.Get(t.Context(), "example.org/m@v1.0.0", Discard{}); err != nil {
		t.Fatal(err)
	}
	if r, err := eval(s, `import "example.org/m/sub"; sub.V()`); err != nil || r.result() != "first!" {
		t.Errorf("%s, %v", r.result(), err)
	}
}

// moduleProxy is a folder that the go command takes for a module proxy.
type moduleProxy struct {
	t   *testing.T
	dir string
}

func (p moduleProxy) add(path, version string, files map[string]string) {
	p.t.Helper()
	dir := filepath.Join(p.dir, filepath.FromSlash(path), "@v")
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range files {
		w, err := z.Create(path + "@" + version + "/" + name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	z.Close()
	os.MkdirAll(dir, 0o755)
	list, _ := os.ReadFile(filepath.Join(dir, "list"))
	for name, data := range map[string][]byte{
		version + ".zip": archive.Bytes(), version + ".mod": []byte(files["go.mod"]),
		version + ".info": fmt.Appendf(nil, `{"Version": %q}`, version), "list": fmt.Appendln(list, version),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Types without names are the same type for a package's functions, for its named types and for cells.
func TestUnnamedTypesAreOne(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n",
		"methods/m.go": `package methods

type pragma struct{}

type (
	Input = struct {
		pragma
		Text string
	}
	Sized   = interface{ Len() int }
	Methods = struct {
		pragma
		Parse func(Input) (Input, error)
		Size  func(func() Sized) int
	}
)

type Message struct{ methods Methods }

// Method is reached from Call, and Call from Method.
type (
	Method interface{ Uses(func(Call) int) int }
	Call   = struct {
		pragma
		Method Method
	}
)

type method struct{}

func (method) Uses(f func(Call) int) int { return f(Call{}) }

func Use(m Method) int { return m.Uses(func(Call) int { return 4 }) }

func Uses() int { return Use(method{}) }

func New() *Message {
	m := &Message{}
	m.methods.Parse = func(in Input) (Input, error) { return Input{Text: in.Text + "!"}, nil }
	m.methods.Size = func(f func() Sized) int { return f().Len() }
	return m
}

func (m *Message) Methods() *Methods { return &m.methods }
`})
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`import "example.org/m/methods"; m := methods.New().Methods(); out, _ := m.Parse(methods.Input{Text: "a"}); out.Text`, "a!"},
		{`import "strings"; m.Size(func() methods.Sized { return strings.NewReader("abc") })`, "3"},
		{`m.Size = func(f func() methods.Sized) int { return 10 * f().Len() }; m.Size(func() methods.Sized { return strings.NewReader("abc") })`, "30"},
		{`methods.Uses()`, "4"},
	} {
		if r, err := eval(s, c.src); err != nil || r.result() != c.want {
			t.Errorf("%s: %s, %v; want %s", c.src, r.result(), err, c.want)
		}
	}
}

// Unexported methods that a struct gets from what it embeds are called through interfaces by a package that was linked
// before another one.
func TestUnexportedMethodsOfEmbedded(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n",
		"actions/a.go": `package actions

type base struct{ text string }

func (b *base) first(more ...string) string { return b.text + more[0] }
func (b *base) second() string              { return b.text }

type action struct {
	*base
	n int
}

func (a action) third() string { return "third" }

type doer interface {
	first(...string) string
	second() string
	third() string
}

func Do() string {
	var d doer = &action{&base{"base"}, 1}
	var e doer = action{&base{"more"}, 1}
	return d.first("!") + d.second() + d.third() + e.first("?") + e.second() + e.third()
}
`})
	s := newSession(t)
	const want = "base!basethirdmore?morethird"
	for _, src := range []string{`import "example.org/m/actions"; actions.Do()`, `x := 1; _ = x; actions.Do()`, `actions.Do()`} {
		if r, err := eval(s, src); err != nil || r.result() != want {
			t.Errorf("%s: %s, %v; want %s", src, r.result(), err, want)
		}
	}
}
