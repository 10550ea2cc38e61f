package engine

import (
	"strings"
	"testing"
	"time"
)

// TestLibraryGoroutines has goroutines that an interpreted package starts.
func TestLibraryGoroutines(t *testing.T) {
	inModule(t, map[string]string{
		"go.mod": "module example.org/notes\n\ngo 1.26\n",
		"bg/bg.go": `package bg

import "runtime"

type T struct{ c chan int }

func (t *T) send(n int) { t.c <- n }

func Panic(what any)       { go func() { panic(what) }() }
func Send() int            { t := &T{make(chan int)}; go t.send(3); return <-t.c }
func Exit(done chan<- int) { go func() { defer close(done); runtime.Goexit() }() }
`,
	})
	s := newSession(t)
	if _, err := eval(s, `import "example.org/notes/bg"`); err != nil {
		t.Fatal(err)
	}
	if r, err := eval(s, `done := make(chan int); bg.Exit(done); <-done; bg.Send()`); err != nil || r.result() != "3" || len(r.panics) > 0 {
		t.Errorf("got %s, %v, %v", r.result(), err, r.panics)
	}
	r, err := eval(s, `bg.Panic("lost")`)
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		r.mu.Lock()
		n := len(r.panics)
		r.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.panics) != 1 || !strings.Contains(r.panics[0].Value, "lost") {
		t.Errorf("the package's goroutine reports %v", r.panics)
	}
}
