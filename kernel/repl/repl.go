// Package repl is Go in a terminal: the notebook's engine and commands behind a prompt with colours, completion and a
// history. It is a guest of the engine as the notebook is, and knows nothing of messages and sockets.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

// Options are what a REPL needs.
type Options struct {
	// Start makes the evaluator. It runs in the background, so that the prompt does not wait for it. Required.
	Start   func() (engine.Evaluator, error)
	History *history.Log // of inputs; nil for none
	Startup string       // a Go file to run first; one that does not exist is nothing to run
	Version string
	Colours bool
	In, Out *os.File // the terminal; required, and taken before the engine replaces os.Stdout
}

// REPL is a session in a terminal.
type REPL struct {
	opts    Options
	colours bool
	term    *terminal
	screen  *screen
	editor  *editor
	live    liveOutputs
	past    *recall

	ready   chan struct{} // closed when eval is there, or startErr
	eval    engine.Evaluator
	failed  error
	count   int // of inputs
	initial string

	pictures
	toPage []string // rows for the pager, once the cell has ended
	pageMu sync.Mutex

	asking chan *question // from running cells
}

// Run reads and evaluates until Ctrl-D, exit or the end of ctx. The error says why there is no session at all.
func Run(ctx context.Context, o Options) error {
	r := &REPL{opts: o, colours: o.Colours, ready: make(chan struct{}), asking: make(chan *question)}
	t, err := openTerminal(o.In, o.Out)
	if err != nil {
		return fmt.Errorf("the terminal: %w", err)
	}
	r.term = t
	defer t.restore()
	width, height := t.size()
	r.screen = newScreen(o.Out, width, height)
	r.live.r = r
	r.past = newRecall(o.History)
	r.editor = &editor{
		screen: r.screen, keys: t.keys, wake: t.wake, size: t.size, suspend: t.suspend, quit: r.quit,
		asks: r.assistant, colours: o.Colours, past: r.past,
		leaving: func() { r.live.settle((*liveItem).underWay) },
	}
	go r.start()
	r.watchSignals()
	r.greet()
	return r.loop(ctx)
}

// start makes the evaluator and runs the startup file.
func (r *REPL) start() {
	defer close(r.ready)
	r.eval, r.failed = r.opts.Start()
	if r.failed != nil {
		r.screen.print(boldRed.paint("the engine does not start: "+r.failed.Error(), r.colours) + "\n")
		return
	}
	if err := startup(r.eval, r.opts.Startup, &output{r: r}); err != nil {
		r.screen.print(startupError(err, r.opts.Startup, r.colours))
	}
}

// startup runs the file of declarations that every session begins with.
func startup(eval engine.Evaluator, file string, sink engine.Sink) error {
	if file == "" {
		return nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return eval.Eval(context.Background(), engine.Cell{Code: string(b), Count: startupCount, Silent: true}, sink)
}

// startupError is what is wrong with the startup file.
func startupError(err error, file string, colours bool) string {
	text := strings.ReplaceAll(errorText(err, colours), fmt.Sprintf("cell[%d]", startupCount), filepath.Base(file))
	return boldRed.paint("the startup file "+file+" failed:", colours) + "\n" + text
}

// startupCount is the cell number of the startup file: not one that an input has.
const startupCount = -2

// evaluator waits for the engine.
func (r *REPL) evaluator() engine.Evaluator {
	<-r.ready
	return r.eval
}

func (r *REPL) assistant() assistant {
	if eval := r.evaluator(); eval != nil {
		return eval
	}
	return ignorant{}
}

// ignorant stands in for an engine that did not start.
type ignorant struct{}

func (ignorant) Complete(context.Context, string, int) (c engine.Completion)     { return c }
func (ignorant) Inspect(context.Context, string, int, int) (i engine.Inspection) { return i }

func (r *REPL) greet() {
	width, _ := r.screen.size()
	line := bold.paint("MSFlow for Go", r.colours) + " " + r.opts.Version + faint.paint("  Tab completes · ?name describes · %help lists commands · Ctrl-D leaves", r.colours)
	r.screen.print(clip(line, width-1) + "\n")
}

func (r *REPL) prompts() prompts {
	n := fmt.Sprint(r.count + 1)
	return prompts{
		first: green.paint("In [", r.colours) + boldGreen.paint(n, r.colours) + green.paint("]: ", r.colours),
		next:  faint.paint(strings.Repeat(" ", len(n)+2)+"...: ", r.colours),
	}
}

func (r *REPL) loop(ctx context.Context) error {
	for {
		r.screen.endLine()
		code, err := r.editor.read(r.prompts(), r.initial)
		r.initial = ""
		switch {
		case errors.Is(err, io.EOF):
			r.leave()
			return nil
		case errors.Is(err, errInterrupted), strings.TrimSpace(code) == "":
			continue
		case leaves(code, r.evaluator):
			r.leave()
			return nil
		}
		if r.evaluator() == nil {
			return fmt.Errorf("the engine does not start: %w", r.failed)
		}
		exit, err := r.execute(ctx, code)
		if exit {
			r.leave()
			return err
		}
	}
}

// leaves recognises the words that people leave with, unless they are names of their own.
func leaves(code string, eval func() engine.Evaluator) bool {
	switch word := strings.TrimSpace(code); word {
	case "%exit", "%quit":
		return true
	case "exit", "quit", "exit()", "quit()":
		e := eval()
		return e == nil || !slices.ContainsFunc(e.Variables(), func(v engine.Variable) bool { return v.Name == strings.TrimSuffix(word, "()") })
	}
	return false
}

func (r *REPL) leave() {
	r.live.settle(none)
	r.screen.endLine()
}

// quit leaves at once, whatever runs: the way out of a cell that hangs in compiled code.
func (r *REPL) quit() {
	r.screen.print("\n")
	r.term.restore()
	os.Exit(131)
}

// watchSignals interrupts the running cell on SIGINT and gives the terminal back on the signals that end a process.
func (r *REPL) watchSignals() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-interrupts:
				select {
				case <-r.ready:
					if r.eval != nil {
						r.eval.Interrupt()
					}
				default:
				}
			case <-ends:
				r.term.restore()
				os.Exit(143)
			}
		}
	}()
}

func (r *REPL) setPage(rows []string) {
	r.pageMu.Lock()
	defer r.pageMu.Unlock()
	r.toPage = rows
}

func (r *REPL) takePage() []string {
	r.pageMu.Lock()
	defer r.pageMu.Unlock()
	rows := r.toPage
	r.toPage = nil
	return rows
}
