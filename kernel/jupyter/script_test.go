package jupyter

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
	"github.com/msflow-go/msflow/kernel/protocol"
	"github.com/msflow-go/msflow/kernel/transport"
)

// script is an evaluator of a toy language, so that these tests decide exactly what a cell produces and when: each line is
// a verb and its argument.
type script struct {
	engine.Evaluator // nil: what is not below is not called

	mu        sync.Mutex
	interrupt context.CancelFunc
	release   chan struct{} // ends "hold"
	later     func()        // set by "background": a goroutine that outlives its cell
}

func (s *script) Eval(ctx context.Context, cell engine.Cell, sink engine.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.interrupt = cancel
	s.mu.Unlock()
	for line := range strings.Lines(cell.Code) {
		verb, arg, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if err := s.do(ctx, verb, arg, cell, sink); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) do(ctx context.Context, verb, arg string, cell engine.Cell, sink engine.Sink) error {
	switch verb {
	case "print":
		sink.Stream(engine.Stdout, []byte(arg+"\n"))
	case "bytes":
		sink.Stream(engine.Stdout, []byte(arg))
	case "warn":
		sink.Stream(engine.Stderr, []byte(arg+"\n"))
	case "lines":
		var n int
		fmt.Sscan(arg, &n)
		for i := range n {
			sink.Stream(engine.Stdout, fmt.Appendf(nil, "line %d\n", i))
		}
	case "value":
		if !cell.Silent {
			sink.Result([]any{arg})
		}
	case "fail":
		return &engine.Error{Kind: engine.KindPanic, Value: arg, Traceback: []string{"Panic: " + arg, "cell[1]:1", "  panic()", "  ^^^^^"}}
	case "crash":
		panic(arg)
	case "hold":
		select {
		case <-s.release:
		case <-ctx.Done():
			return &engine.Error{Kind: engine.KindInterrupted, Value: "interrupted", Traceback: []string{"Interrupted"}}
		}
	case "sleep":
		d, _ := time.ParseDuration(arg)
		time.Sleep(d)
	case "ask":
		in, err := sink.Input(ctx, arg, arg == "secret")
		if err != nil {
			return &engine.Error{Kind: engine.KindPanic, Value: err.Error(), Traceback: []string{err.Error()}}
		}
		sink.Stream(engine.Stdout, []byte("got "+in))
	case "show":
		sink.Display(engine.Display{Value: arg})
	case "handle", "update":
		id, v, _ := strings.Cut(arg, " ")
		sink.Display(engine.Display{Value: v, ID: id, Update: verb == "update", Metadata: map[string]any{"isolated": true}})
	case "clear":
		sink.Clear(arg == "wait")
	case "progress":
		for i := range 1001 {
			sink.Progress(engine.Progress{ID: "p", Done: float64(i), Total: 1000, Finished: i == 1000})
		}
	case "goroutine":
		sink.GoroutineError(&engine.Error{Kind: engine.KindPanic, Value: arg, Traceback: []string{"goroutine panic: " + arg}})
	case "page":
		sink.(*cellSink).Page(map[string]any{"text/plain": arg})
	case "background":
		s.later = func() { sink.Stream(engine.Stdout, []byte(arg)) }
	}
	return nil
}

func (s *script) Interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.interrupt != nil {
		s.interrupt()
	}
}

func (s *script) Complete(_ context.Context, code string, cursor int) engine.Completion {
	if code == "nothing" {
		return engine.Completion{Start: cursor, End: cursor}
	}
	return engine.Completion{Start: 1, End: cursor, Items: []engine.CompletionItem{{Text: "Println", Kind: "function", Signature: "(a ...any)"}}}
}

func (s *script) Inspect(_ context.Context, code string, cursor, detail int) engine.Inspection {
	return engine.Inspection{Found: code != "nothing", Plain: fmt.Sprint(cursor, detail), Markdown: "*m*", HTML: "<p>"}
}

// served is a running kernel and what tests want to look at.
type served struct {
	*Kernel
	script *script
	conn   *protocol.Connection
	log    lockedBuffer
	ended  chan bool // Serve's result
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts a kernel over tcp; change may alter its options.
func serve(t testing.TB, change ...func(*Options)) *served {
	t.Helper()
	s := &served{
		script: &script{release: make(chan struct{})},
		conn:   &protocol.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret"},
		ended:  make(chan bool, 1),
	}
	o := Options{Connection: s.conn, Evaluator: s.script, Log: &s.log, Version: "1.2.3", Limits: transport.Limits{Queue: 16 << 20}}
	for _, f := range change {
		f(&o)
	}
	k, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Kernel = k
	go func() { s.ended <- k.Serve(context.Background()) }()
	t.Cleanup(func() {
		k.Stop()
		select {
		case <-s.ended:
		case <-time.After(time.Minute):
			t.Error("Serve did not return")
		}
	})
	return s
}

func (s *served) client(t testing.TB) *jupyterclient.Client { return jupyterclient.New(t, s.conn) }

func withHistory(t testing.TB) func(*Options) {
	return func(o *Options) {
		l, err := history.Open(t.TempDir() + "/history")
		if err != nil {
			t.Fatal(err)
		}
		o.History = l
	}
}
