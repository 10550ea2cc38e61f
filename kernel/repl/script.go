package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// Script runs Go that comes from a pipe or file: piece by piece as at a prompt, but with nothing printed save what the
// program prints and the values of its expressions. It ends at the first error, which it returns, an *engine.Error or
// ExitError. A goroutine that panics ends it before the next piece, with the exit code 2 as in Go.
func Script(ctx context.Context, eval engine.Evaluator, in io.Reader, out, errs io.Writer) error {
	src, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading the script: %w", err)
	}
	code := strings.ReplaceAll(string(src), "\r\n", "\n")
	if rest, ok := strings.CutPrefix(code, "#!"); ok {
		_, code, _ = strings.Cut(rest, "\n")
		code = "\n" + code
	}
	var panicked atomic.Bool
	for i, piece := range pieces(code) {
		err := eval.Eval(ctx, engine.Cell{Code: piece, Count: i + 1}, &scriptSink{out: out, err: errs, panicked: &panicked})
		var e *engine.Error
		if errors.As(err, &e) && e.Kind == engine.KindExit {
			return ExitError(e.ExitCode)
		}
		if err != nil {
			return err
		}
		if panicked.Load() {
			return ExitError(2)
		}
	}
	return nil
}

// pieces cuts a script into cells: each as short as it is complete, but declarations that follow each other together,
// since they may refer to one another in any order. A program with a package clause, and what follows a %% command, is one
// cell. Blank lines in front keep the numbers of lines.
func pieces(code string) (list []string) {
	var piece strings.Builder
	declares := false
	from := 0 // lines before the piece
	flush := func() {
		if strings.TrimSpace(piece.String()) != "" {
			list = append(list, strings.Repeat("\n", from)+piece.String()) // so that positions are those in the script
		}
		from += strings.Count(piece.String(), "\n")
		piece.Reset()
	}
	var open strings.Builder // lines that are no complete piece yet
	for line := range strings.Lines(code) {
		open.WriteString(line)
		text := open.String()
		if cell.IsEmpty(text) || isWhole(text) || cell.IsComplete(text).Status == cell.Incomplete {
			continue
		}
		if d := cell.AnyOrder(text); d != declares || !d {
			flush()
			declares = d
		}
		piece.WriteString(text)
		open.Reset()
	}
	if isWhole(open.String()) {
		flush()
	}
	piece.WriteString(open.String())
	flush()
	return list
}

// isWhole reports whether everything that follows belongs to the piece.
func isWhole(s string) bool { return cell.EndsInRest(s) || cell.IsProgram(s) }

// scriptSink writes what a script produces to the standard streams.
type scriptSink struct {
	engine.Discard
	out, err io.Writer
	panicked *atomic.Bool // a goroutine has; nil where that ends nothing
}

func (s *scriptSink) Stream(name engine.Stream, text []byte) {
	if name == engine.Stderr {
		s.err.Write(text)
		return
	}
	s.out.Write(text)
}

func (s *scriptSink) Result(values []any) {
	fmt.Fprintln(s.out, plainText(display.OfResult(values)))
}

func (s *scriptSink) Display(d engine.Display) {
	if in, ok := d.Value.(engine.Inspection); ok {
		fmt.Fprintln(s.out, strings.TrimRight(in.Plain, "\n"))
		return
	}
	if !d.Update {
		fmt.Fprintln(s.out, plainText(display.Of(d.Value)))
	}
}

func (s *scriptSink) Notice(text string) { fmt.Fprintln(s.err, "note: "+text) }

func (s *scriptSink) GoroutineError(e *engine.Error) {
	if s.panicked != nil {
		s.panicked.Store(true)
	}
	fmt.Fprint(s.err, "in a goroutine: "+ErrorText(e))
}

// cellName is how the engine calls the source of a cell.
var cellName = regexp.MustCompile(`\bcell\[\d+\]:`)

// ErrorText is the error of a script as it is printed: the message, and where in standard input it is.
func ErrorText(err error) string { return cellName.ReplaceAllString(errorText(err, false), "stdin:") }
