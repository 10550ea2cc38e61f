package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

// PlainOptions are what a session without control sequences needs.
type PlainOptions struct {
	Evaluator engine.Evaluator
	History   *history.Log // nil for none
	Startup   string
	In        io.Reader
	Out       io.Writer // what cells print, and values
	Prompts   io.Writer // prompts, errors and remarks
}

// Plain is a session on a terminal that understands no control sequences, or whose output goes to a file: lines in, lines
// out. Enter still waits until the input is complete.
func Plain(ctx context.Context, o PlainOptions) error {
	p := &plainSession{PlainOptions: o, lines: make(chan string)}
	go p.read()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	p.interrupts = interrupts
	if err := startup(o.Evaluator, o.Startup, p.sink(0)); err != nil {
		fmt.Fprint(o.Prompts, startupError(err, o.Startup, false))
	}
	return p.loop(ctx)
}

type plainSession struct {
	PlainOptions
	lines      chan string
	interrupts <-chan os.Signal
	count      int
}

func (p *plainSession) read() {
	defer close(p.lines)
	r := bufio.NewReader(p.In)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			p.lines <- strings.TrimRight(line, "\r\n")
		}
		if err != nil {
			return
		}
	}
}

func (p *plainSession) loop(ctx context.Context) error {
	for {
		code, err := p.input()
		switch {
		case errors.Is(err, io.EOF):
			fmt.Fprintln(p.Prompts)
			return nil
		case err != nil, strings.TrimSpace(code) == "":
			continue
		}
		if leaves(code, func() engine.Evaluator { return p.Evaluator }) {
			return nil
		}
		if err := p.execute(ctx, code); err != nil {
			return err
		}
	}
}

// input reads lines until they are complete.
func (p *plainSession) input() (string, error) {
	var code strings.Builder
	prompt := fmt.Sprintf("In [%d]: ", p.count+1)
	for {
		line, err := p.line(context.Background(), prompt)
		if err != nil {
			return "", err
		}
		code.WriteString(line)
		text := code.String()
		if finished(text) {
			return text, nil
		}
		code.WriteByte('\n')
		prompt = fmt.Sprintf("%*s...: ", len(fmt.Sprint(p.count+1))+2, "")
	}
}

// line asks for a line. The error is io.EOF or errInterrupted.
func (p *plainSession) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(p.Prompts, prompt)
	select {
	case line, ok := <-p.lines:
		if !ok {
			return "", io.EOF
		}
		return line, nil
	case <-p.interrupts:
		fmt.Fprintln(p.Prompts)
		return "", errInterrupted
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *plainSession) execute(ctx context.Context, code string) error {
	p.count++
	if p.History != nil {
		p.History.Add(p.count, code) // a session without a history is a session all the same
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.Evaluator.Eval(ctx, engine.Cell{Code: code, Count: p.count}, p.sink(p.count)) }()
	for {
		select {
		case err := <-done:
			var e *engine.Error
			if errors.As(err, &e) && e.Kind == engine.KindExit {
				return ExitError(e.ExitCode)
			}
			if err != nil {
				fmt.Fprint(p.Prompts, errorText(err, false))
			}
			return nil
		case <-p.interrupts:
			cancel()
		}
	}
}

func (p *plainSession) sink(count int) *plainSink {
	return &plainSink{scriptSink: scriptSink{out: p.Out, err: p.Prompts}, p: p, count: count}
}

// plainSink is a scriptSink with numbers before values, and with somebody to ask.
type plainSink struct {
	scriptSink
	p     *plainSession
	count int
}

func (s *plainSink) Result(values []any) {
	fmt.Fprintf(s.out, "Out[%d]: ", s.count)
	s.scriptSink.Result(values)
}

func (s *plainSink) GoroutineError(e *engine.Error) {
	fmt.Fprintf(s.err, "in a goroutine of cell %d:\n%s", s.count, errorText(e, false))
}

func (s *plainSink) Input(ctx context.Context, prompt string, _ bool) (string, error) {
	return s.p.line(ctx, prompt)
}
