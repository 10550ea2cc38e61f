package engine

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A file of cells is a session. Cells are separated by ---- lines; a first line that starts with # says what the file is
// about. What a cell must do stands in comments at its end:
//
//	// Result: 3            what the last expression shows, by fmt.Sprintln
//	// Output: text         all of standard output, or on the lines that follow
//	// Error: text          part of the error, which is otherwise none
//	// Goroutine: text      part of the report of a goroutine that panicked
//	// Notice: text         part of a remark
//	// Interrupt            must stop when interrupted
type script struct {
	cells []scriptCell
}

type scriptCell struct {
	code string
	want map[string]string
}

var expectation = regexp.MustCompile(`^// (Result|Output|Error|Goroutine|Notice|Interrupt)(?:: ?(.*)|:)?$`)

func readScript(text string) (sc script) {
	if strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	for _, cell := range strings.Split(text, "\n----\n") {
		sc.cells = append(sc.cells, readCell(cell))
	}
	return sc
}

func readCell(text string) scriptCell {
	c := scriptCell{want: map[string]string{}}
	key := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\n")
		if m := expectation.FindStringSubmatch(bare); m != nil {
			key = m[1]
			c.want[key] = m[2]
			continue
		}
		if key == "" {
			c.code += line
			continue
		}
		if c.want[key] != "" {
			c.want[key] += "\n"
		}
		c.want[key] += strings.TrimPrefix(strings.TrimPrefix(bare, "//"), " ")
	}
	c.code = strings.TrimSuffix(c.code, "\n")
	return c
}

func TestCells(t *testing.T) {
	files, _ := filepath.Glob("testdata/cells/*.cells")
	if len(files) < 25 {
		t.Fatalf("found only %d files of cells", len(files))
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".cells"), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			for i, c := range readScript(string(text)).cells {
				checkScriptCell(t, s, i+1, c)
			}
		})
	}
}

func checkScriptCell(t *testing.T, s *Session, n int, c scriptCell) {
	t.Helper()
	r := &recorder{}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, ok := c.want["Interrupt"]; ok {
		stopTime(t, s, c.code)
		return
	}
	err := s.Eval(ctx, Cell{Code: c.code, Count: n}, r)
	compare := func(what, got, want string, ok bool) {
		if !ok {
			t.Errorf("cell %d: %s\n%s: got %q, want %q", n, c.code, what, got, want)
		}
	}
	got := ""
	if err != nil {
		got = err.Error()
	}
	want := c.want["Error"]
	compare("error", got, want, (want == "") == (err == nil) && strings.Contains(got, want))
	if want, ok := c.want["Result"]; ok {
		compare("result", r.result(), want, r.result() == want)
	}
	if want, ok := c.want["Output"]; ok {
		out := strings.TrimSuffix(r.stdout(), "\n")
		compare("output", out, want, out == want)
	}
	if want, ok := c.want["Notice"]; ok {
		all := strings.Join(r.notices, "\n")
		compare("notice", all, want, strings.Contains(all, want))
	}
	if want, ok := c.want["Goroutine"]; ok {
		all := ""
		for _, e := range r.panics {
			all += e.Error() + "\n"
		}
		compare("goroutine", all, want, strings.Contains(all, want))
	}
}

// TestGoroutinesCountAtOnce starts goroutines that have not begun when the next cell is compiled, whose maps must be
// guarded all the same.
func TestGoroutinesCountAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := newSession(t)
	if _, err := eval(s, "stop := make(chan bool)"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := eval(s, "go func() { <-stop }()"); err != nil {
			t.Fatal(err)
		}
		if s.goroutines.live.Load() == 0 {
			t.Fatal("a goroutine of the last cell is not counted")
		}
		if _, err := eval(s, "stop <- true"); err != nil {
			t.Fatal(err)
		}
		for s.goroutines.live.Load() > 0 {
			runtime.Gosched()
		}
	}
}
