package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/cell"
)

func seeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/cells/*.cells")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range readScript(string(text)).cells {
			f.Add(c.code)
		}
	}
	for _, s := range []string{"", ";", "}", "x :=", "func", "func (", "if x; ", "%", "!", "?", "a?", "%%", "\x00", "`", "/*", "type T[", "L:"} {
		f.Add(s)
	}
}

// FuzzSplit checks that no cell makes the splitter panic or lose code, nor the
// tools that look at unfinished code.
func FuzzSplit(f *testing.F) {
	seeds(f)
	s := newSession(f)
	f.Fuzz(func(t *testing.T, code string) {
		last := 0
		for _, c := range cell.Split(code) {
			i := strings.Index(code[last:], c.Text)
			if i < 0 {
				t.Fatalf("part %q is not in the rest of %q", c.Text, code)
			}
			last += i + len(c.Text)
		}
		n := len([]rune(code))
		cell.IsComplete(code)
		if c := s.Complete(context.Background(), code, n); c.Start > c.End || c.End > n {
			t.Errorf("completion of %d:%d in %d", c.Start, c.End, n)
		}
		s.Inspect(context.Background(), code, n/2, 0)
	})
}

// FuzzSession evaluates what does not reach beyond the session: no panic may
// escape, and the session must go on.
func FuzzSession(f *testing.F) {
	seeds(f)
	s := newSession(f)
	f.Fuzz(func(t *testing.T, code string) {
		if strings.ContainsAny(code, "!%") || strings.Contains(code, "os") || strings.Contains(code, "net") || strings.Contains(code, "unsafe") ||
			strings.Contains(code, "syscall") || strings.Contains(code, "runtime") || strings.Contains(code, "make") {
			t.Skip()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		s.Eval(ctx, Cell{Code: code}, &recorder{})
		if r, err := eval(s, "func() int { return 41 + 1 }()"); err != nil || r.result() != "42" {
			t.Fatalf("after %q: %s, %v", code, r.result(), err)
		}
	})
}
