package yaegi

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/msflow-go/msflow/kernel/bindings"
	"github.com/msflow-go/msflow/kernel/engine"
)

// A file of cells is a session, which both evaluators must run alike. Cells are separated by ---- lines. What a cell must do
// stands in comments at its end:
//
//	// Result: 3            what the last expression shows, by fmt.Sprintln
//	// Output: text         all of standard output, or on the lines that follow
//	// Error: text          part of the error, which is otherwise none
//	// Goroutine: text      part of the report of a goroutine that panicked
//	// Yaegi: Result: text  what yaegi does instead, of the same kinds
type cellTest struct {
	code string
	want map[string]string
}

var expectation = regexp.MustCompile(`^// (Yaegi: )?(Result|Output|Error|Goroutine): ?(.*)$`)

// readCells reads the cells of a file, with what the evaluator of that name must do.
func readCells(text string, yaegi bool) (list []cellTest) {
	for _, part := range strings.Split(text, "\n----\n") {
		c := cellTest{want: map[string]string{}}
		key := ""
		for line := range strings.Lines(part) {
			line = strings.TrimRight(line, "\n")
			if m := expectation.FindStringSubmatch(line); m != nil {
				key = m[2]
				if own := m[1] != ""; own && !yaegi {
					key = "other"
				} else if own {
					clear(c.want)
				}
				c.want[key] = m[3]
			} else if key == "" {
				c.code += line + "\n"
			} else {
				c.want[key] = strings.TrimPrefix(c.want[key]+"\n"+strings.TrimPrefix(line, "// "), "\n")
			}
		}
		delete(c.want, "other")
		list = append(list, c)
	}
	return list
}

func TestCells(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.cells")
	if len(files) == 0 {
		t.Fatal("found no cells")
	}
	for name, start := range map[string]func() (engine.Evaluator, error){
		"yaegi": func() (engine.Evaluator, error) { return New() },
		"ixgo":  func() (engine.Evaluator, error) { return engine.New() },
	} {
		for _, f := range files {
			t.Run(name+"/"+strings.TrimSuffix(filepath.Base(f), ".cells"), func(t *testing.T) { runCells(t, start, f, name == "yaegi") })
		}
	}
}

func runCells(t *testing.T, start func() (engine.Evaluator, error), file string, yaegi bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, c := range readCells(string(text), yaegi) {
		c.check(t, s, i+1)
	}
}

func (c cellTest) check(t *testing.T, s engine.Evaluator, n int) {
	t.Helper()
	r, err := eval(s, c.code)
	got := map[string]string{"Result": r.result(), "Output": strings.TrimSuffix(r.stdout(), "\n")}
	if err != nil {
		got["Error"] = err.Error()
	}
	if want, ok := c.want["Error"]; ok != (err != nil) || !strings.Contains(got["Error"], want) {
		t.Errorf("cell %d: %s\nerror %q, want %q", n, c.code, got["Error"], want)
	}
	for _, key := range []string{"Result", "Output"} {
		if want, ok := c.want[key]; ok && got[key] != want {
			t.Errorf("cell %d: %s\n%s %q, want %q", n, c.code, key, got[key], want)
		}
	}
	deadline := time.Now().Add(time.Minute) // the report may come after the cell has ended
	for want, ok := c.want["Goroutine"]; ok && !strings.Contains(r.goroutines(), want) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if want, ok := c.want["Goroutine"]; ok && !strings.Contains(r.goroutines(), want) {
		t.Errorf("cell %d: %s\ngoroutine %q, want %q", n, c.code, r.goroutines(), want)
	}
}

func (r *recorder) goroutines() (all string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.panics {
		all += e.Error() + "\n"
	}
	return all
}
