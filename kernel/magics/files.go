package magics

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/notebook"
	"github.com/msflow-go/msflow/lib/durable"
)

// NextInputer is a Sink that can put text into the user's next input.
type NextInputer interface {
	NextInput(text string, replace bool)
}

// load reads a file of Go, or the code of a notebook.
func (c *call) load() error {
	if len(c.args) != 1 {
		return errors.New("give the name of a file")
	}
	text, err := source(c.args[0])
	if err != nil {
		return err
	}
	if next, ok := c.sink.(NextInputer); ok {
		next.NextInput("// %load "+c.args[0]+"\n"+text, true)
		return nil
	}
	c.print("%s\n", text)
	return nil
}

func source(file string) (string, error) {
	if strings.HasSuffix(file, ".ipynb") {
		n, err := notebook.Read(file)
		if err != nil {
			return "", err
		}
		var code []string
		for _, cell := range n.Cells {
			if s := strings.TrimSpace(cell.Source); cell.Type == notebook.Code && s != "" {
				code = append(code, s)
			}
		}
		return strings.Join(code, "\n\n"), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%s is not text", file)
	}
	return strings.TrimRight(string(b), "\n"), nil
}

// save writes inputs of this session to a file: as a notebook, with their results, when its name ends in .ipynb, or else
// as Go source, cell by cell. Inputs that never ran, since they did not compile, are left out unless they are asked for by
// number.
func (c *call) save() error {
	if len(c.args) == 0 {
		return errors.New("give the name of a file")
	}
	file := c.args[0]
	wanted, err := parseLines(c.args[1:])
	if err != nil {
		return err
	}
	entries, err := c.history.Range(0, 0, 0)
	if err != nil {
		return err
	}
	all := len(c.args) == 1
	entries = slices.DeleteFunc(entries, func(e history.Entry) bool {
		return e.Line == c.cell.Count || !wanted(e.Line) || all && c.neverRan(e.Line) // not this command itself
	})
	if len(entries) == 0 {
		return errors.New("there are no such lines in this session's history")
	}
	return c.store(file, "wrote "+counted(len(entries))+" to "+file, func() error {
		if strings.HasSuffix(file, ".ipynb") {
			return c.asNotebook(entries).Write(file)
		}
		return durable.WriteBytes(file, 0o644, asGo(entries))
	})
}

func asGo(entries []history.Entry) (b []byte) {
	for _, e := range entries {
		b = fmt.Appendf(b, "// In[%d]\n%s\n\n", e.Line, strings.TrimRight(e.Input, "\n"))
	}
	return b
}

// asNotebook makes a cell of each input. One that failed while it ran is tagged so that a run of the notebook goes on
// after it.
func (c *call) asNotebook(entries []history.Entry) *notebook.Notebook {
	n := notebook.New()
	for _, e := range entries {
		cell := notebook.NewCode(strings.TrimRight(e.Input, "\n"))
		cell.Count = e.Line
		if e.Output != "" {
			cell.Outputs = []notebook.Output{{
				Type: notebook.ResultOutput, Count: e.Line, Data: map[string]any{display.MIMETypeText: e.Output}, Metadata: map[string]any{},
			}}
		}
		if kind := c.outcome(e.Line); kind != "" && kind != engine.KindInterrupted {
			cell.Metadata = map[string]any{"tags": []any{"raises-exception"}}
		}
		n.Cells = append(n.Cells, cell)
	}
	return n
}

// outcomes is how the session's cells ended, by number: the kind of their error.
func (e *Evaluator) note(count int, err error) {
	var own *engine.Error
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.outcomes == nil {
		e.outcomes = map[int]engine.ErrorKind{}
	}
	delete(e.outcomes, count)
	if errors.As(err, &own) {
		e.outcomes[count] = own.Kind
	}
}

func (e *Evaluator) outcome(count int) engine.ErrorKind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outcomes[count]
}

// neverRan reports whether a cell had no effect: it did not compile, or was a command that failed.
func (e *Evaluator) neverRan(count int) bool {
	switch e.outcome(count) {
	case engine.KindSyntax, engine.KindCompile, engine.KindMagic, engine.KindLimit:
		return true
	}
	return false
}

// parseLines understands 1-3 5 7-; nothing means all.
func parseLines(args []string) (func(int) bool, error) {
	var ranges [][2]int
	for _, a := range args {
		first, last, dash := strings.Cut(a, "-")
		lo, err := strconv.Atoi(first)
		hi := lo
		if dash {
			hi = int(^uint(0) >> 1)
		}
		if err == nil && last != "" {
			hi, err = strconv.Atoi(last)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a line or a range of lines such as 2-5", a)
		}
		ranges = append(ranges, [2]int{lo, hi})
	}
	return func(n int) bool {
		return len(ranges) == 0 || slices.ContainsFunc(ranges, func(r [2]int) bool { return r[0] <= n && n <= r[1] })
	}, nil
}

func counted(n int) string {
	if n == 1 {
		return "1 input"
	}
	return fmt.Sprintf("%d inputs", n)
}
