package engine

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// overrides are library functions that interpreted code gets in another form: those that block become stoppable, and
// printing names its cell. Calls from compiled code are not affected. For those that would end the process see ends.go.
func (s *Session) overrides() map[string]any {
	return map[string]any{
		"time.Sleep":             func(d time.Duration) { current(s).sleep(d) },
		"(*sync.WaitGroup).Wait": func(wg *sync.WaitGroup) { current(s).await(wg.Wait) },
		"(*sync.Mutex).Lock":     func(m *sync.Mutex) { current(s).lock(m.TryLock) },
		"(*sync.RWMutex).Lock":   func(m *sync.RWMutex) { current(s).lock(m.TryLock) },
		"(*sync.RWMutex).RLock":  func(m *sync.RWMutex) { current(s).lock(m.TryRLock) },

		"iter.pullany":        s.pull,
		"iter.pullany2":       s.pull2,
		"log.Fatal":           func(v ...any) { log.Output(2, fmt.Sprint(s.printable(v)...)); current(s).exit(1) },
		"log.Fatalf":          func(f string, v ...any) { log.Output(2, fmt.Sprintf(f, s.printable(v)...)); current(s).exit(1) },
		"log.Fatalln":         func(v ...any) { log.Output(2, fmt.Sprintln(s.printable(v)...)); current(s).exit(1) },
		"(*log.Logger).Fatal": func(l *log.Logger, v ...any) { l.Output(2, fmt.Sprint(s.printable(v)...)); current(s).exit(1) },
		"(*log.Logger).Fatalf": func(l *log.Logger, f string, v ...any) {
			l.Output(2, fmt.Sprintf(f, s.printable(v)...))
			current(s).exit(1)
		},
		"(*log.Logger).Fatalln": func(l *log.Logger, v ...any) { l.Output(2, fmt.Sprintln(s.printable(v)...)); current(s).exit(1) },
		"os/exec.Command": func(name string, args ...string) *exec.Cmd {
			return current(s).command(context.Background(), name, args)
		},
		"os/exec.CommandContext": func(ctx context.Context, name string, args ...string) *exec.Cmd {
			return current(s).command(ctx, name, args)
		},
		"runtime/debug.SetMaxStack": func(n int) int { return int(s.maxStack.Swap(int64(n))) },
		"fmt.Print":                 func(v ...any) (int, error) { return s.write(os.Stdout, fmt.Append(nil, s.printable(v)...)) },
		"fmt.Println":               func(v ...any) (int, error) { return s.write(os.Stdout, fmt.Appendln(nil, s.printable(v)...)) },
		"fmt.Printf": func(f string, v ...any) (int, error) {
			return s.write(os.Stdout, fmt.Appendf(nil, f, s.printable(v)...))
		},
		"fmt.Fprint":   func(w io.Writer, v ...any) (int, error) { return s.write(w, fmt.Append(nil, s.printable(v)...)) },
		"fmt.Fprintln": func(w io.Writer, v ...any) (int, error) { return s.write(w, fmt.Appendln(nil, s.printable(v)...)) },
		"fmt.Fprintf": func(w io.Writer, f string, v ...any) (int, error) {
			return s.write(w, fmt.Appendf(nil, f, s.printable(v)...))
		},
		"fmt.Sprint":             func(v ...any) string { return fmt.Sprint(s.printable(v)...) },
		"fmt.Sprintln":           func(v ...any) string { return fmt.Sprintln(s.printable(v)...) },
		"fmt.Sprintf":            func(f string, v ...any) string { return fmt.Sprintf(f, s.printable(v)...) },
		"fmt.Append":             func(b []byte, v ...any) []byte { return fmt.Append(b, s.printable(v)...) },
		"fmt.Appendln":           func(b []byte, v ...any) []byte { return fmt.Appendln(b, s.printable(v)...) },
		"fmt.Appendf":            func(b []byte, f string, v ...any) []byte { return fmt.Appendf(b, f, s.printable(v)...) },
		"fmt.Errorf":             func(f string, v ...any) error { return fmt.Errorf(f, s.printable(v)...) },
		"log.Print":              func(v ...any) { log.Output(2, fmt.Sprint(s.printable(v)...)) },
		"log.Println":            func(v ...any) { log.Output(2, fmt.Sprintln(s.printable(v)...)) },
		"log.Printf":             func(f string, v ...any) { log.Output(2, fmt.Sprintf(f, s.printable(v)...)) },
		"io.WriteString":         func(w io.Writer, t string) (int, error) { return s.writeString(w, t) },
		"(*os.File).Write":       func(f *os.File, b []byte) (int, error) { return s.write(f, b) },
		"(*os.File).WriteString": func(f *os.File, t string) (int, error) { return s.write(f, []byte(t)) },
	}
}

func (s *Session) write(w io.Writer, text []byte) (int, error) {
	if f, ok := w.(*os.File); ok && f != nil {
		switch f {
		case streams.WriteEnd(Stdout):
			return current(s).write(Stdout, text)
		case streams.WriteEnd(Stderr):
			return current(s).write(Stderr, text)
		}
	}
	return w.Write(text)
}

func (s *Session) writeString(w io.Writer, text string) (int, error) {
	if _, ok := w.(*os.File); ok {
		return s.write(w, []byte(text))
	}
	return io.WriteString(w, text)
}

func (r *run) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.until():
		r.s.stopper.Panics()
		panic(interrupted{})
	}
}

// await calls a function that blocks, and leaves it behind when the cell is stopped.
func (r *run) await(f func()) {
	c := make(chan struct{})
	go func() {
		f()
		close(c)
	}()
	select {
	case <-c:
	case <-r.until():
		r.s.stopper.Panics()
		panic(interrupted{})
	}
}

// lock takes a lock by trying, so that a stopped cell does not take it later.
func (r *run) lock(try func() bool) {
	for i := 0; !try(); i++ {
		if i < 20 {
			runtime.Gosched()
			r.check()
			continue
		}
		r.sleep(min(time.Duration(i)*time.Microsecond, time.Millisecond))
	}
}
