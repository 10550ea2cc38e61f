package yaegi

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// recorder keeps what a cell gives its sink.
type recorder struct {
	engine.Discard
	mu       sync.Mutex
	out, err strings.Builder
	all      strings.Builder // both
	values   []any
	shown    []any
	notices  []string
	panics   []*engine.Error
	lines    []string // for Input
}

func (r *recorder) Stream(s engine.Stream, text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.Write(text)
	if s == engine.Stderr {
		r.err.Write(text)
	} else {
		r.out.Write(text)
	}
}

func (r *recorder) Result(v []any) { r.values = v }

func (r *recorder) Display(d engine.Display) { r.shown = append(r.shown, d.Value) }

func (r *recorder) Notice(text string) { r.notices = append(r.notices, text) }

func (r *recorder) GoroutineError(e *engine.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = append(r.panics, e)
}

func (r *recorder) Input(context.Context, string, bool) (string, error) {
	if len(r.lines) == 0 {
		return "", engine.ErrNoInput
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	return line, nil
}

func (r *recorder) stdout() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

func (r *recorder) result() string {
	return strings.TrimSuffix(fmt.Sprintln(r.values...), "\n")
}

func newSession(t *testing.T) *Session {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func eval(s engine.Evaluator, code string) (*recorder, error) {
	r := &recorder{}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return r, s.Eval(ctx, engine.Cell{Code: code}, r)
}
