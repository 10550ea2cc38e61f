// Package evaluator chooses who evaluates cells and programs: kernel/engine on ixgo, or kernel/yaegi where that does not run.
package evaluator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/yaegi"
)

// Names are the evaluators.
var Names = []string{"ixgo", "yaegi"}

// Choice is one of Names, or empty for the machine's own.
type Choice string

// Flag adds --engine.
func (c *Choice) Flag(f *pflag.FlagSet) {
	f.StringVar((*string)(c), "engine", "", "who evaluates Go: `ENGINE` is ixgo, the default, or yaegi, which takes less of Go and runs where ixgo does not")
}

// Name is the evaluator that is meant.
func (c Choice) Name() (string, error) {
	switch {
	case c == "" && ixgoRuns(runtime.GOOS, runtime.GOARCH):
		return "ixgo", nil
	case c == "":
		return "yaegi", nil
	case !slices.Contains(Names, string(c)):
		return "", fmt.Errorf("--engine %s: there are %s", c, strings.Join(Names, " and "))
	}
	return string(c), nil
}

// ixgoRuns reports whether ixgo can make methods on a machine, which it does in the machine's own code.
func ixgoRuns(system, processor string) bool {
	switch system {
	case "linux", "darwin":
		return processor == "amd64" || processor == "arm64"
	case "windows":
		return processor == "amd64"
	}
	return false
}

// Start starts the evaluator.
func (c Choice) Start() (engine.Evaluator, error) {
	name, err := c.Name()
	switch {
	case err != nil:
		return nil, err
	case name == "yaegi":
		return yaegi.New()
	}
	return engine.New()
}

// RunProgram runs the file of a program under yaegi. Its arguments, standard streams and exit code are the process's.
func RunProgram(ctx context.Context, file string, args []string, stdout, stderr io.Writer) (code int, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return 1, err
	}
	if filepath.Ext(file) != ".go" {
		return 1, fmt.Errorf("%s: --engine yaegi runs one file of Go", file)
	}
	s, err := yaegi.New()
	if err != nil {
		return 1, err
	}
	defer s.Close()
	s.SetArgs(append([]string{file}, args...))
	p := &printer{out: stdout, err: stderr, code: new(int)}
	err = s.Eval(ctx, engine.Cell{Code: string(src), Count: 1, Silent: true}, p)
	var failed *engine.Error
	switch {
	case err == nil:
		return *p.code, nil
	case errors.As(err, &failed) && failed.Kind == engine.KindExit:
		return failed.ExitCode, nil
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, strings.ReplaceAll(strings.Join(failed.Traceback, "\n"), "cell[1]", filepath.Base(file)))
		return 2, nil // as of a Go program that panicked
	}
	return 1, err
}

// printer passes on what a program prints.
type printer struct {
	engine.Discard
	out, err io.Writer
	code     *int
}

// Stream prints.
func (p *printer) Stream(s engine.Stream, text []byte) {
	if s == engine.Stderr {
		p.err.Write(text)
		return
	}
	p.out.Write(text)
}

// GoroutineError ends as a program does one of whose goroutines panicked.
func (p *printer) GoroutineError(e *engine.Error) {
	fmt.Fprintln(p.err, strings.Join(e.Traceback, "\n"))
	*p.code = 2
}
