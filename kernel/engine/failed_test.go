package engine

import (
	"os"
	"testing"
)

// TestFailedImportLeavesNothing imports a package that cannot be linked, and one whose initialiser panics.
func TestFailedImportLeavesNothing(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod":         "module example.org/notes\n\ngo 1.26\n",
		"clock/clock.go": "package clock\n\nimport _ \"unsafe\"\n\n//go:linkname unknown example.org/notes/nowhere.now\nfunc unknown() int64\n\nfunc Now() int64 { return unknown() }\n",
		"bad/bad.go":     "package bad\n\nvar V = func() int { panic(\"bad day\") }()\n",
		"good/good.go":   "package good\n\nvar V = 3\n",
	})
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`kept := 42`, "-"},
		{`import "example.org/notes/clock"`, "error"},
		{`kept + 1`, "43"},
		{`import "example.org/notes/clock"; clock.Now()`, "error"},
		{`import "example.org/notes/bad"`, "error"},
		{`import "example.org/notes/bad"; bad.V`, "error"},
		{`y := kept + 2; fmt.Println(y); y`, "44"},
		{`import "example.org/notes/good"; good.V`, "3"},
		{`good.V + y`, "47"},
	} {
		r, err := eval(s, c.src)
		got := r.result()
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.src, got, err, c.want)
		}
	}
	if err := os.WriteFile("bad/bad.go", []byte("package bad\n\nvar V = 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := eval(s, `import "example.org/notes/bad"; bad.V + good.V`); err != nil || r.result() != "8" {
		t.Errorf("a package that has been mended: got %s, %v", r.result(), err)
	}
}

// TestEndlessInitialiser imports a package whose initialiser does not end.
func TestEndlessInitialiser(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod":       "module example.org/notes\n\ngo 1.26\n",
		"loop/loop.go": "package loop\n\nvar V = 1\n\nfunc init() {\n\tfor {\n\t\tV++\n\t}\n}\n",
	})
	s := newSession(t)
	if _, err := eval(s, "kept := 42"); err != nil {
		t.Fatal(err)
	}
	stopTime(t, s, `import "example.org/notes/loop"; loop.V`)
	if r, err := eval(s, "kept"); err != nil || r.result() != "42" {
		t.Fatalf("afterwards: %s, %v", r.result(), err)
	}
	if err := os.WriteFile("loop/loop.go", []byte("package loop\n\nvar V = 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := eval(s, `import "example.org/notes/loop"; loop.V + kept`); err != nil || r.result() != "47" {
		t.Errorf("mended: %s, %v", r.result(), err)
	}
}
