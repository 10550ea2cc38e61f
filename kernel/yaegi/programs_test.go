package yaegi

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// TestPrograms runs programs that end in a comment "// Output:" or "// Error:" with what they print or why they fail, in the
// directories of MSFLOW_PROGRAMS: yaegi's own _test, or kernel/engine/testdata/programs. Those that fail are listed in the
// file that MSFLOW_PROGRAMS_FAIL names, one a line, and no others may.
func TestPrograms(t *testing.T) {
	var files []string
	for _, dir := range filepath.SplitList(os.Getenv("MSFLOW_PROGRAMS")) {
		more, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Skip("MSFLOW_PROGRAMS names no programs")
	}
	known, _ := os.ReadFile(os.Getenv("MSFLOW_PROGRAMS_FAIL"))
	fails := strings.Fields(string(known))
	passed, ran := 0, 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		why, ok := program(string(text))
		if !ok {
			continue
		}
		ran++
		name := filepath.Base(f)
		switch {
		case why == "":
			passed++
			if slices.Contains(fails, name) {
				t.Errorf("%s passes, though listed as failing", name)
			}
		case !slices.Contains(fails, name):
			t.Errorf("%s: %s", name, why)
		}
	}
	t.Logf("%d of %d programs do what they say", passed, ran)
}

// program runs one in a cell. It says what it does otherwise; ok is false for one without an expectation.
func program(src string) (why string, ok bool) {
	i := max(strings.LastIndex(src, "\n// Output:\n"), strings.LastIndex(src, "\n// Error:\n"))
	if i < 0 {
		return "", false
	}
	head, want, _ := strings.Cut(src[i+1:], "\n")
	want = uncommented(want)
	s, err := New()
	if err != nil {
		return err.Error(), true
	}
	defer s.Close()
	r := &recorder{}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = s.Eval(ctx, engine.Cell{Code: src, Count: 1, Silent: true}, r)
	got := uncommented(r.stdout())
	switch {
	case head == "// Error:" && err == nil:
		return "no error", true
	case head == "// Error:":
		return "", true // in whichever words
	case err != nil:
		return err.Error(), true
	case got != want && uncommented(r.all.String()) != want: // some print with println
		return fmt.Sprintf("got %q, want %q", got, want), true
	}
	return "", true
}

func uncommented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(strings.TrimPrefix(line, "//")) + "\n")
	}
	return strings.TrimSpace(b.String())
}
