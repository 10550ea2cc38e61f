package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is a Sink that keeps what a cell produced.
type recorder struct {
	Discard
	mu       sync.Mutex
	out, err strings.Builder
	values   []any
	panics   []*Error
	notices  []string
	displays []Display
	inputs   []string
}

func (r *recorder) Stream(s Stream, b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s == Stdout {
		r.out.Write(b)
	} else {
		r.err.Write(b)
	}
}

func (r *recorder) Result(v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values = v
}

func (r *recorder) Display(d Display) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.displays = append(r.displays, d)
}

func (r *recorder) Notice(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, s)
}

func (r *recorder) GoroutineError(e *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = append(r.panics, e)
}

func (r *recorder) Input(context.Context, string, bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.inputs) == 0 {
		return "", ErrNoInput
	}
	line := r.inputs[0]
	r.inputs = r.inputs[1:]
	return line, nil
}

func (r *recorder) result() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		return "-"
	}
	return strings.TrimSuffix(fmt.Sprintln(r.values...), "\n")
}

func (r *recorder) stdout() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

func newSession(t testing.TB) *Session {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func eval(s *Session, src string) (*recorder, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r := &recorder{}
	return r, s.Eval(ctx, Cell{Code: src}, r)
}

func TestFirstSteps(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`x := 1`, "-"},
		{`x + 1`, "2"},
		{`import "fmt"; fmt.Println("hello", x)`, "-"},
		{`strings.ToUpper("abc")`, "ABC"},
	} {
		r, err := eval(s, c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if got := r.result(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.src, got, c.want)
		}
	}
}
