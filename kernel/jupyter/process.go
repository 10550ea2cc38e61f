package jupyter

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/magics"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// Process is the life of a kernel process: it serves the connection file, or one of its own when file is "", until a
// client, SIGTERM or the end of the Jupyter server that started it. An interrupt from the terminal stops the running cell
// only. start starts the evaluator of Go.
func Process(file, version string, start func() (engine.Evaluator, error), log io.Writer) error {
	own := file == ""
	conn, file, err := connection(file, log)
	if err != nil {
		return err
	}
	if own {
		defer os.RemoveAll(filepath.Dir(file))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	hist, err := history.Open(history.DefaultPath())
	if err != nil {
		fmt.Fprintf(log, "msflow kernel: %v; this session's history is kept in memory\n", err)
	}
	eval := newStarting()
	chosen := conn.Shell == 0
	died := whyDied(file)
	k, err := Listen(Options{Connection: conn, Evaluator: eval, History: hist, Version: version, Log: log, Greeting: died})
	if err != nil {
		return fmt.Errorf("connection file %s: %w", file, err)
	}
	if chosen {
		if err := conn.Write(file); err != nil {
			return err
		}
	}
	defer leaveNote(file)()
	eval.begin(func() (engine.Evaluator, error) { return newEvaluator(start, hist) })
	defer eval.Close()
	ctx, stop = withParent(ctx)
	defer stop()
	interruptOnSignal(ctx, eval)
	go func() {
		if !eval.started() {
			k.Stop()
		}
	}()
	k.Serve(ctx)
	<-eval.ready
	return eval.err
}

func newEvaluator(start func() (engine.Evaluator, error), hist *history.Log) (engine.Evaluator, error) {
	base, err := start()
	if err != nil {
		return nil, err
	}
	return magics.New(base, hist)
}

// connection reads the connection file, or makes one that has no ports yet.
func connection(file string, log io.Writer) (*protocol.Connection, string, error) {
	if file != "" {
		conn, err := protocol.ReadConnection(file)
		return conn, file, err
	}
	dir, err := os.MkdirTemp("", "msflow-kernel-")
	if err != nil {
		return nil, "", err
	}
	file = filepath.Join(dir, "connection.json")
	fmt.Fprintf(log, "jupyter console --existing %s\n", file)
	return &protocol.Connection{Transport: "tcp", IP: "127.0.0.1", Scheme: "hmac-sha256", Key: NewKey()}, file, nil
}

func interruptOnSignal(ctx context.Context, eval engine.Evaluator) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for {
			select {
			case <-interrupts:
				eval.Interrupt()
			case <-ctx.Done():
				return
			}
		}
	}()
}

// withParent ends the context when the Jupyter server that started us is gone: nobody else would end this process.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	if os.Getenv("JPY_PARENT_PID") == "" || runtime.GOOS == "windows" {
		return ctx, cancel
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if os.Getppid() != parent {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}
