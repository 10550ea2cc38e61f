package engine

import (
	"os"
	"os/exec"
	"path/filepath"
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
		"asm/asm.go":             "package asm\n\nfunc Fast(x int) int\n",
		"asm/asm_amd64.s":        "",
		"usesc/c.go":             "package usesc\n\nimport \"C\"\n\nfunc F() {}\n",
		"broken/b.go":            "package broken\n\nfunc F() int { return \"a\" }\n",
	})
	s := newSession(t)
	for _, c := range []struct{ src, want, err string }{
		{src: `import "example.org/notes/counter"; a := counter.New("a"); a.ID()`, want: "101"},
		{src: `b := counter.New("b"); b.ID() - a.ID()`, want: "1"},
		{src: `func more() int { return counter.New("c").ID() }; more()`, want: "103"},
		{src: `import "example.org/notes/asm"`, err: "package example.org/notes/asm implements Fast in assembly"},
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

// TestModuleFromCache imports a module that the go command has in its cache,
// without a network.
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
		if got := moduleName(dir); got != "ex.org/m" {
			t.Errorf("%s: module %q", line, got)
		}
	}
}
