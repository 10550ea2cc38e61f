package notebook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// Tags that Run knows, as papermill and nbclient do.
const (
	ParametersTag = "parameters"          // parameters are set after this cell
	InjectedTag   = "injected-parameters" // the cell that sets them; made anew at every run
	RaisesTag     = "raises-exception"    // this cell may fail
	SkipTag       = "skip-execution"
)

// Run is an execution of a notebook's code cells from top to bottom.
type Run struct {
	Evaluator  engine.Evaluator
	Parameters []Parameter // set in a cell after the one tagged "parameters"

	// Begin and End are called around every code cell that is run, if set: k counts them from 1 to n.
	Begin func(k, n int, c *Cell)
	End   func(k, n int, c *Cell, took time.Duration, failure *engine.Error)
	// Output is told of every output when it comes, if set; of one that changes in place at its cell's end. Calls do not
	// overlap.
	Output func(Output)
	// Save is called after every cell from the parameters on, if set, so that what ran can be stored before the next cell
	// begins: no output changes meanwhile. Before the parameters are known to be right there is nothing worth storing.
	Save func()
}

// CellError is why a run ended early. It unwraps to the engine's error.
type CellError struct {
	Number    int // its execution count
	Cell      *Cell
	Err       *engine.Error
	Goroutine bool // it panicked in a goroutine of the cell, which itself did not fail
}

func (e *CellError) Error() string {
	what := e.Err.Error()
	if e.Err.Cell != e.Number { // its position does not name the cell
		what = fmt.Sprintf("cell[%d]: %s", e.Number, what)
	}
	if e.Goroutine {
		return "in a goroutine: " + what
	}
	return what
}

// Unwrap gives the engine's error.
func (e *CellError) Unwrap() error { return e.Err }

// Execute runs the notebook and leaves outputs and counts in its cells; those of earlier runs are gone. A cell that fails
// ends it with a *CellError, having got the error as an output; a goroutine that panics ends it after the cell that runs
// then, or has just ended. Errors with the parameters are a *ParameterError.
func (r Run) Execute(ctx context.Context, n *Notebook) error {
	if err := inject(n, r.Parameters); err != nil {
		return err
	}
	for _, c := range n.Cells {
		c.Count, c.Outputs = 0, nil
	}
	rec := &recorder{named: map[string][]place{}, echo: r.Output}
	defer rec.close()
	todo := n.runnable()
	ready := len(r.Parameters) == 0
	for i, c := range todo {
		c.Count = i + 1
		if c.Tagged(InjectedTag) {
			source, err := assignments(r.Parameters, declaredIn(i, r.Evaluator.Variables()))
			if err != nil {
				return err
			}
			c.Source, ready = source, true
		}
		failure := r.cell(ctx, rec, c, len(todo))
		if r.Save != nil && ready {
			rec.still(r.Save)
		}
		if err := ctx.Err(); err != nil {
			return &CellError{Number: c.Count, Cell: c, Err: failure}
		}
		if failure != nil && !c.Tagged(RaisesTag) {
			return &CellError{Number: c.Count, Cell: c, Err: failure}
		}
		if panicked := rec.panicked.Load(); panicked != nil {
			return panicked
		}
	}
	return nil
}

// runnable are the code cells with something to run.
func (n *Notebook) runnable() (cells []*Cell) {
	for _, c := range n.Cells {
		if c.Type == Code && !c.Tagged(SkipTag) && (strings.TrimSpace(c.Source) != "" || c.Tagged(InjectedTag)) {
			cells = append(cells, c)
		}
	}
	return cells
}

func (r Run) cell(ctx context.Context, rec *recorder, c *Cell, n int) *engine.Error {
	if r.Begin != nil {
		r.Begin(c.Count, n, c)
	}
	begin := time.Now()
	sink := &cellSink{r: rec, cell: c}
	err := r.Evaluator.Eval(ctx, engine.Cell{Code: c.Source, Count: c.Count}, sink)
	var failure *engine.Error
	if err != nil && !errors.As(err, &failure) {
		failure = &engine.Error{Kind: engine.KindInternal, Value: err.Error(), Traceback: []string{err.Error()}}
	}
	sink.end()
	if failure != nil {
		sink.failed(failure)
	}
	if r.End != nil {
		r.End(c.Count, n, c, time.Since(begin), failure)
	}
	return failure
}
