package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A language test is a program that ends in a comment with its standard output:
//
//	// Output:
//	// 1
//
// or with a part of why it does not compile or panics:
//
//	// Error: division by zero
//
// It must do so in a cell of a session, under `msflow run`, and, with MSFLOW_SLOW, under `go run`. MSFLOW_PROGRAMS names
// more directories of such programs, for instance the _test directory of yaegi.
type language struct {
	file, src      string
	output, failed string // one of them
}

func readProgram(t *testing.T, file string) language {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := language{file: file, src: string(text)}
	if i := strings.LastIndex(p.src, "\n// Output:\n"); i >= 0 {
		p.output = uncommented(p.src[i+len("\n// Output:\n"):])
	} else if i := strings.LastIndex(p.src, "\n// Error:"); i >= 0 {
		p.failed = strings.TrimSpace(uncommented(p.src[i+1:])[len("Error:"):])
	} else {
		t.Skip("no expectation")
	}
	return p
}

// uncommented is the text of comment lines, without space at their ends.
func uncommented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(strings.TrimPrefix(line, "//")) + "\n")
	}
	return strings.TrimSpace(b.String())
}

// differs says how what a program did is not what it should, or "".
func (p language) differs(stdout string, err error) string {
	switch {
	case p.failed != "":
		if err == nil || !strings.Contains(err.Error(), p.failed) {
			return fmt.Sprintf("error %v, want %s", err, p.failed)
		}
	case err != nil:
		return fmt.Sprintf("error %v", err)
	default:
		if got := uncommented(stdout); got != p.output {
			return fmt.Sprintf("got\n%s\nwant\n%s", got, p.output)
		}
	}
	return ""
}

// differentInCell and differentAsProgram are programs that fail for a known reason.
var (
	differentInCell    = map[string]string{}
	differentAsProgram = map[string]string{}
)

func TestPrograms(t *testing.T) {
	files, _ := filepath.Glob("testdata/programs/*.go")
	for _, dir := range filepath.SplitList(os.Getenv("MSFLOW_PROGRAMS")) {
		more, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		files = append(files, more...)
	}
	if len(files) < 10 {
		t.Fatalf("found only %d programs", len(files))
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".go"), func(t *testing.T) {
			p := readProgram(t, f)
			t.Run("cell", p.inCell)
			t.Run("program", p.asProgram)
			if slow() {
				t.Run("go", p.compiled)
			}
		})
	}
}

func (p language) inCell(t *testing.T) {
	s := newSession(t)
	r := &recorder{}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := s.Eval(ctx, Cell{Code: p.src, Count: 1}, r)
	why := p.differs(r.stdout(), err)
	if why != "" && p.differs(r.stdout()+r.err.String(), err) == "" {
		why = "" // yaegi's programs print with println
	}
	p.expect(t, why, differentInCell)
}

func (p language) asProgram(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	file, _ := filepath.Abs(p.file)
	stdout, stderr, err := runProgram(ctx, file)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr)
	}
	p.expect(t, p.differs(stdout, err), differentAsProgram)
}

func (p language) compiled(t *testing.T) {
	c := exec.Command("go", "run", p.file)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	p.expect(t, p.differs(string(out), err), nil)
}

func (p language) expect(t *testing.T, why string, known map[string]string) {
	t.Helper()
	reason, different := known[filepath.Base(p.file)]
	switch {
	case different && why == "":
		t.Errorf("passes, though listed as failing: %s", reason)
	case !different && why != "":
		t.Error(why)
	}
}
