// Package magics adds to an evaluator of Go the lines of cells that are commands: %time, !ls, ?name and the like, and the
// names that every cell sees without an import. Notebook and terminal share it.
package magics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

// Evaluator is an engine.Evaluator whose cells can hold magics.
type Evaluator struct {
	engine.Evaluator
	history *history.Log

	evaluating sync.Mutex // one cell at a time
	cells      int        // the count of a cell without one
	asks       asking     // how the next command of the cell gets its input

	mu       sync.Mutex
	cancel   context.CancelFunc       // of the running cell
	outcomes map[int]engine.ErrorKind // how cells ended, by number; see neverRan
}

// prelude makes display known to every cell, and Display as gophernotes has it. The interpreter's loader leaves a package
// empty that it first meets inside another one's types, as it may meet image inside display: image goes first.
const prelude = `import _ "image"
import "github.com/msflow-go/msflow/kernel/display"
func Display(v any) error { return display.Display(v) }`

// New adds the magics to base. The history is where %history and %save look.
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

// Interrupt stops the running cell.
func (e *Evaluator) Interrupt() {
	e.mu.Lock()
	cancel := e.cancel
	e.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	e.Evaluator.Interrupt()
}

// Eval runs a cell: its Go and its magics in the order written.
func (e *Evaluator) Eval(ctx context.Context, c engine.Cell, sink engine.Sink) error {
	e.evaluating.Lock()
	defer e.evaluating.Unlock()
	e.cells++
	if c.Count == 0 {
		c.Count = e.cells
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	e.cancel = cancel
	e.mu.Unlock()
	err := e.eval(ctx, c, sink)
	e.note(c.Count, err)
	return err
}

func (e *Evaluator) eval(ctx context.Context, c engine.Cell, sink engine.Sink) error {
	if c.Source == "" {
		c.Source = c.Code
	}
	e.asks = nobody
	for _, seg := range cell.Segments(c.Code) {
		var err error
		if seg.Magic != nil {
			err = e.run(&call{Evaluator: e, ctx: ctx, cell: c, sink: sink, MagicLine: seg.Magic, args: strings.Fields(seg.Magic.Arg)})
		} else if strings.TrimSpace(seg.Text) != "" {
			part := c
			part.Code = linesBefore(strings.Count(c.Code[:seg.Start], "\n")) + seg.Text
			err = e.Evaluator.Eval(ctx, part, sink)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// linesBefore makes the code after them keep the numbers of its lines.
func linesBefore(n int) string { return strings.Repeat("\n", n) }

// call is a magic being run.
type call struct {
	*Evaluator
	*cell.MagicLine
	ctx  context.Context
	cell engine.Cell
	sink engine.Sink
	args []string // Arg's words
}

// run runs a magic. Its error is one of the cell.
func (e *Evaluator) run(c *call) error {
	m := find(c.Name)
	if m == nil {
		if ok, err := c.fromGoNB(); ok {
			return c.failed(err)
		}
		return c.failed(errors.New("there is no such command; %help lists them"))
	}
	return c.failed(m.run(c))
}

// failed is a magic's error as the cell's.
func (c *call) failed(err error) error {
	var own *engine.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case c.ctx.Err() != nil:
		return engine.Interrupted()
	}
	e := &engine.Error{Kind: engine.KindMagic, Value: fmt.Sprintf("%s: %v", c.Name, err), Cell: c.cell.Count, Line: c.Line}
	e.Traceback = []string{e.Error()}
	return e
}

func (c *call) print(format string, args ...any) {
	c.sink.Stream(engine.Stdout, fmt.Appendf(nil, format, args...))
}

// part is Go code of the cell that begins on the magic's line.
func (c *call) part(code string) engine.Cell {
	part := c.cell
	part.Code = linesBefore(c.Line-1) + code
	return part
}
