package magics

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

// asking is how a command gets its standard input.
type asking int

const (
	nobody   asking = iota // it is empty
	lines                  // the user gives one line after the other
	password               // the user gives one line that is not shown
)

func (c *call) withInputs() error   { c.asks = lines; return nil }
func (c *call) withPassword() error { c.asks = password; return nil }

// input gives a command the standard input that the line before it asked for, until ctx ends.
func (c *call) input(ctx context.Context, cmd *exec.Cmd) error {
	how := c.asks
	c.asks = nobody
	if how == nobody {
		return nil
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		defer in.Close()
		for {
			line, err := c.sink.Input(ctx, "", how == password)
			if err != nil {
				return
			}
			if _, err := io.WriteString(in, strings.TrimSuffix(line, "\n")+"\n"); err != nil || how == password {
				return
			}
		}
	}()
	return nil
}

// braced is what may be Go in a shell's line; ${x} is the shell's own.
var braced = regexp.MustCompile(`(^|[^$\\])\{([^{}]+)\}`)

// withValues is a shell's line with Go's values in the place of expressions in braces whose names cells have declared. Other
// braces, as of awk, are the shell's.
func (c *call) withValues(line string) (string, error) {
	var failed error
	known := c.Variables()
	replaced := braced.ReplaceAllStringFunc(line, func(match string) string {
		before, code, _ := strings.Cut(match, "{")
		code = strings.TrimSuffix(code, "}")
		if !isGo(code, known) || failed != nil {
			return match
		}
		value := &valueSink{Sink: c.sink}
		if failed = c.Evaluator.Evaluator.Eval(c.ctx, c.part(code), value); failed != nil {
			return match
		}
		return before + strings.TrimSuffix(fmt.Sprintln(value.values...), "\n")
	})
	return replaced, failed
}

// isGo tells whether text is an expression that mentions what a cell has declared.
func isGo(text string, known []engine.Variable) (is bool) {
	x, err := parser.ParseExpr(text)
	if err != nil {
		return false
	}
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			is = is || slices.ContainsFunc(known, func(v engine.Variable) bool { return v.Name == id.Name })
		}
		return true
	})
	return is
}

// valueSink keeps a result.
type valueSink struct {
	engine.Sink
	values []any
}

// Result keeps the values.
func (s *valueSink) Result(values []any) { s.values = values }
