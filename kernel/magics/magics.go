// Package magics adds to an evaluator what belongs to a person's session rather
// than to the language: the commands that look things up in the history, save
// and load source, capture output and give help, and the names that every cell
// sees without an import. Notebook and terminal share it.
package magics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

// Evaluator is an engine.Evaluator with more commands.
type Evaluator struct {
	engine.Evaluator
	history *history.Log

	mu       sync.Mutex
	outcomes map[int]engine.ErrorKind // how cells ended, by number; see neverRan
}

// command is a magic of this package.
type command struct {
	name, args, help string
	run              func(*call) error
}

// call is a command being run.
type call struct {
	*Evaluator
	ctx  context.Context
	cell engine.Cell
	sink engine.Sink
	args []string
	body string // of %%capture: the lines below
}

var commands []command

func init() {
	commands = []command{
		{"%help", "", "list all commands and keys", (*call).help},
		{"%lsmagic", "", "list all commands", (*call).help},
		{"%history", "[-g] [-n N] [PATTERN]", "list this session's inputs, or with -g those of all sessions", (*call).listHistory},
		{"%save", "FILE [LINES]", "write inputs, all or those of lines 1-3 5, to a notebook or Go file", (*call).save},
		{"%load", "FILE", "put a Go file, or a notebook's code, into the cell", (*call).load},
		{"%page", "[EXPRESSION]", "show a long value, or the last one, a screenful at a time", (*call).page},
		{"%%capture", "NAME", "run the rest of the cell and keep what it prints in a string", (*call).capture},
	}
}

// prelude makes display known to every cell, and Display as gophernotes has it.
// The interpreter's loader leaves a package empty that it first meets inside
// another one's types, as it may meet image inside display: image goes first.
const prelude = `import _ "image"
import "github.com/msflow-go/msflow/kernel/display"
func Display(v any) error { return display.Display(v) }`

// New adds the commands to base. The history is where %history and %save look.
func New(base engine.Evaluator, h *history.Log) (*Evaluator, error) {
	e := &Evaluator{Evaluator: base, history: h}
	return e, e.predeclare()
}

func (e *Evaluator) predeclare() error {
	err := e.Evaluator.Eval(context.Background(), engine.Cell{Code: prelude, Count: -1, Silent: true}, engine.Discard{})
	if err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	return nil
}

// Reset forgets the session's declarations but not the predeclared names.
func (e *Evaluator) Reset() error {
	if err := e.Evaluator.Reset(); err != nil {
		return err
	}
	return e.predeclare()
}

// Eval runs a cell. Commands of this package stand in its first lines.
func (e *Evaluator) Eval(ctx context.Context, cell engine.Cell, sink engine.Sink) error {
	err := e.eval(ctx, cell, sink)
	e.note(cell.Count, err)
	return err
}

func (e *Evaluator) eval(ctx context.Context, cell engine.Cell, sink engine.Sink) error {
	code := cell.Code
	for {
		before, line, rest := firstLine(code)
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		cmd := find(name)
		if cmd == nil {
			break
		}
		c := &call{Evaluator: e, ctx: ctx, cell: cell, sink: sink, args: strings.Fields(args)}
		code = before + "\n" + rest // later lines keep their numbers
		if strings.HasPrefix(name, "%%") {
			c.body, code = code, ""
		}
		if err := cmd.run(c); err != nil {
			return c.failed(name, strings.Count(before, "\n")+1, err)
		}
	}
	if strings.TrimSpace(code) == "" && code != cell.Code {
		return nil
	}
	cell.Code = code
	err := e.Evaluator.Eval(ctx, cell, sink)
	if strings.Contains(code, "%reset") {
		err = errors.Join(err, e.predeclare())
	}
	return err
}

// firstLine is the first line with something on it, and the text around it.
func firstLine(code string) (before, line, rest string) {
	for code != "" {
		line, rest, _ = strings.Cut(code, "\n")
		if strings.TrimSpace(line) != "" {
			return before, line, rest
		}
		before, code = before+"\n", rest
	}
	return before, "", ""
}

func find(name string) *command {
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &commands[i]
}

// failed is a command's error as the cell's.
func (c *call) failed(name string, line int, err error) error {
	var own *engine.Error
	if errors.As(err, &own) {
		return own
	}
	e := &engine.Error{Kind: engine.KindMagic, Value: fmt.Sprintf("%s: %v", name, err), Cell: c.cell.Count, Line: line}
	e.Traceback = []string{e.Error()}
	return e
}

func (c *call) print(format string, args ...any) {
	c.sink.Stream(engine.Stdout, fmt.Appendf(nil, format, args...))
}

// Complete adds this package's commands to the others.
func (e *Evaluator) Complete(ctx context.Context, code string, cursor int) engine.Completion {
	done := e.Evaluator.Complete(ctx, code, cursor)
	head := string([]rune(code)[:min(cursor, len([]rune(code)))])
	word := strings.TrimLeft(head[strings.LastIndex(head, "\n")+1:], " \t")
	if !strings.HasPrefix(word, "%") || strings.Contains(word, " ") {
		return done
	}
	if len(done.Items) == 0 {
		done.Start, done.End = cursor-len([]rune(word)), cursor
	}
	for _, c := range commands {
		has := slices.ContainsFunc(done.Items, func(i engine.CompletionItem) bool { return i.Text == c.name })
		if strings.HasPrefix(c.name, word) && !has {
			done.Items = append(done.Items, engine.CompletionItem{Text: c.name, Kind: "magic", Signature: c.args})
		}
	}
	slices.SortFunc(done.Items, func(a, b engine.CompletionItem) int { return strings.Compare(a.Text, b.Text) })
	return done
}
