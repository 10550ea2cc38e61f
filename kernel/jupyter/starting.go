package jupyter

import (
	"context"
	"runtime/debug"
	"sync"

	"github.com/msflow-go/msflow/kernel/engine"
)

// starting is an evaluator that is being made. A kernel with one is on its ports at once: clients come to know it while
// the evaluator starts, and only what needs the evaluator waits.
type starting struct {
	ready chan struct{} // closed once eval or err is set
	eval  engine.Evaluator
	err   error

	mu     sync.Mutex
	cancel context.CancelFunc // of the cell that waits or runs
}

var _ engine.Evaluator = (*starting)(nil)

func newStarting() *starting {
	return &starting{ready: make(chan struct{}), cancel: func() {}}
}

// begin makes the evaluator, in the background.
func (s *starting) begin(newEvaluator func() (engine.Evaluator, error)) {
	go func() {
		defer close(s.ready)
		// What the start allocates stays: collecting it would only cost time.
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		s.eval, s.err = newEvaluator()
	}()
}

// started waits for the evaluator and reports whether there is one.
func (s *starting) started() bool {
	<-s.ready
	return s.err == nil
}

// Eval waits for the evaluator, which an interrupt ends, and runs the cell.
func (s *starting) Eval(ctx context.Context, cell engine.Cell, sink engine.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	select {
	case <-s.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.err != nil {
		return s.err
	}
	return s.eval.Eval(ctx, cell, sink)
}

func (s *starting) Interrupt() {
	select {
	case <-s.ready:
		if s.err == nil {
			s.eval.Interrupt()
		}
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancel()
	}
}

func (s *starting) Complete(ctx context.Context, code string, cursor int) engine.Completion {
	if !s.started() {
		return engine.Completion{Start: cursor, End: cursor}
	}
	return s.eval.Complete(ctx, code, cursor)
}

func (s *starting) Inspect(ctx context.Context, code string, cursor, detail int) engine.Inspection {
	if !s.started() {
		return engine.Inspection{}
	}
	return s.eval.Inspect(ctx, code, cursor, detail)
}

func (s *starting) Variables() []engine.Variable {
	if !s.started() {
		return nil
	}
	return s.eval.Variables()
}

func (s *starting) Reset() error {
	if !s.started() {
		return s.err
	}
	return s.eval.Reset()
}

func (s *starting) Close() error {
	if !s.started() {
		return nil
	}
	return s.eval.Close()
}
