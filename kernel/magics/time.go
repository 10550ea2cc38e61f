package magics

import (
	"context"
	"errors"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

func (c *call) time() error     { return c.timed(c.Arg) }
func (c *call) timeBody() error { return c.timed("\n" + c.Body) }

// timed runs code, whose first stretch of Go may take time to compile.
func (c *call) timed(code string) error {
	part := c.part(code)
	start := time.Now()
	var compiled time.Time
	part.Compiled = func() {
		if compiled.IsZero() {
			compiled = time.Now()
		}
	}
	err := c.eval(c.ctx, part, c.sink)
	switch {
	case !compiled.IsZero():
		c.print("compiled in %v, ran in %v\n", round(compiled.Sub(start)), round(time.Since(compiled)))
	case err == nil:
		c.print("ran in %v\n", round(time.Since(start)))
	}
	return err
}

// timer is an evaluator that can run a statement many times.
type timer interface {
	TimeIt(ctx context.Context, c engine.Cell, sink engine.Sink) (engine.Timing, error)
}

func (c *call) timeit() error {
	t, ok := c.Evaluator.Evaluator.(timer)
	switch {
	case !ok:
		return errors.New("this evaluator cannot")
	case c.Arg == "":
		return errors.New("give a statement")
	}
	m, err := t.TimeIt(c.ctx, c.part(c.Arg), c.sink)
	if err != nil {
		return err
	}
	c.print("%v ± %v per loop (%d runs of %d loops; best %v)\n", round(m.Mean), round(m.Std), m.Runs, m.Loops, round(m.Best))
	return nil
}

// round leaves three digits.
func round(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}
