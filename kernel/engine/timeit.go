package engine

import (
	"context"
	"go/ast"
	"go/parser"
	"math"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/engine/streams"

	"github.com/msflow-go/msflow/kernel/cell"
)

// timeitRuns are measured after the number of loops is found for which one run takes about timeitTarget.
const (
	timeitRuns   = 7
	timeitTarget = 100 * time.Millisecond
)

// TimeIt runs a statement many times. Nothing it declares stays.
func (s *Session) TimeIt(ctx context.Context, c Cell, sink Sink) (Timing, error) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	r := s.begin(&c, sink)
	defer r.end()
	defer streams.Flush()
	c.Code = timedFunc(c.Code)
	return s.timeIt(ctx, r, c)
}

const timedName = cell.Hidden + "timed"

// timedFunc is the source of a function that runs the statement n times. A value that is not a call's is assigned to
// nothing, as Go does not accept it alone.
func timedFunc(code string) string {
	statement := strings.TrimLeft(code, "\n")
	above := code[:len(code)-len(statement)]
	if e, err := parser.ParseExpr(statement); err == nil {
		if _, isCall := ast.Unparen(e).(*ast.CallExpr); !isCall {
			statement = "_ = " + statement
		}
	}
	return above + "func " + timedName + "(n int) { for range n { " + statement + "\n} }"
}

func (s *Session) timeIt(ctx context.Context, r *run, cell Cell) (Timing, error) {
	u, err := s.compileCell(cell)
	if err != nil {
		return Timing{}, s.compileError(err)
	}
	defer u.release()
	running := *u // as in evalGo
	measure := func(n int) (time.Duration, error) {
		start := time.Now()
		if e := r.execute(ctx, func() *Error { return r.runFunc(&running, timedName, n) }); e != nil {
			return 0, e
		}
		return time.Since(start), nil
	}
	t := Timing{Loops: 1, Runs: timeitRuns}
	for {
		d, err := measure(t.Loops)
		if err != nil {
			return t, err
		}
		if d >= timeitTarget/10 || t.Loops >= 1e8 {
			t.Loops = max(1, int(float64(t.Loops)*float64(timeitTarget)/float64(max(d, 1))))
			break
		}
		t.Loops *= 10
	}
	var sum, squares float64
	t.Best = math.MaxInt64
	for range timeitRuns {
		d, err := measure(t.Loops)
		if err != nil {
			return t, err
		}
		one := float64(d) / float64(t.Loops)
		sum += one
		squares += one * one
		t.Best = min(t.Best, time.Duration(one))
	}
	mean := sum / timeitRuns
	t.Mean, t.Std = time.Duration(mean), time.Duration(math.Sqrt(max(0, squares/timeitRuns-mean*mean)))
	return t, nil
}
