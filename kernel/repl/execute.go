package repl

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

// ExitError says that a cell called os.Exit.
type ExitError int

func (e ExitError) Error() string { return "exit" }

// execute runs an input and shows what comes of it. Keys that are typed meanwhile wait for the next prompt, but for Ctrl-C,
// which stops the cell. exit reports that the cell wants to leave.
func (r *REPL) execute(ctx context.Context, code string) (exit bool, err error) {
	r.count++
	r.past.add(code)
	if r.opts.History != nil {
		if err := r.opts.History.Add(r.count, code); err != nil {
			r.screen.print(faint.paint(err.Error(), r.colours) + "\n")
		}
	}
	r.screen.mark()
	out := &output{r: r, count: r.count}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- r.eval.Eval(ctx, engine.Cell{Code: code, Count: r.count}, out) }()
	evalErr := r.attend(done, cancel)
	if !interrupted(evalErr) { // a library call that has not stopped yet may still tell how it ended
		r.live.settle(unfinished)
	}
	r.screen.endLine()
	result, next := out.outcome()
	r.initial = next
	if result != "" && r.opts.History != nil {
		r.opts.History.AddOutput(r.count, result)
	}
	var e *engine.Error
	if errors.As(evalErr, &e) && e.Kind == engine.KindExit {
		return true, ExitError(e.ExitCode)
	}
	if evalErr != nil {
		r.screen.print(r.errorText(evalErr))
	}
	if rows := r.takePage(); rows != nil {
		r.page(rows)
	}
	r.screen.separate()
	return false, nil
}

// attend takes care of the keys while a cell runs.
func (r *REPL) attend(done <-chan error, cancel func()) error {
	var ahead []key
	defer func() { r.editor.pending = append(r.editor.pending, ahead...) }()
	for {
		select {
		case err := <-done:
			return err
		case q := <-r.asking:
			r.editor.pending = append(r.editor.pending, ahead...)
			ahead = nil
			r.answer(q, cancel)
		case k := <-r.term.keys:
			switch {
			case k == key{code: 'c', mods: ctrl}:
				ahead = nil // what was typed before is not meant any more
				cancel()
			case k == key{code: '\\', mods: ctrl}:
				r.quit()
			case k.code == keyResize:
				r.screen.resize(r.term.size())
				r.live.show()
			case k.code == keyEOF:
				cancel()
				ahead = append(ahead, k)
			case k.code != keyWake:
				ahead = append(ahead, k)
			}
		}
	}
}

func interrupted(err error) bool {
	var e *engine.Error
	return errors.As(err, &e) && e.Kind == engine.KindInterrupted
}

// errorText is how a cell's error is shown; of an interruption one word is enough.
func (r *REPL) errorText(err error) string {
	if interrupted(err) {
		return boldRed.paint("interrupted", r.colours) + "\n"
	}
	return errorText(err, r.colours)
}

// question is a running cell's wish for a line of input.
type question struct {
	ctx    context.Context
	prompt string
	secret bool
	answer chan answer
}

type answer struct {
	line string
	err  error
}

// ask passes a question to the goroutine that reads keys.
func (r *REPL) ask(ctx context.Context, prompt string, secret bool) (string, error) {
	q := &question{ctx, prompt, secret, make(chan answer, 1)}
	select {
	case r.asking <- q:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case a := <-q.answer:
		return a.line, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// answer reads a line behind what the program has printed last.
func (r *REPL) answer(q *question, cancel func()) {
	p := r.screen.takePartial() + q.prompt
	p = p[strings.LastIndexByte(p, '\n')+1:]
	r.editor.plain, r.editor.secret = true, q.secret
	line, err := r.editor.read(prompts{p, ""}, "")
	r.editor.plain, r.editor.secret = false, false
	switch {
	case errors.Is(err, errInterrupted):
		cancel()
		err = context.Canceled
	case errors.Is(err, io.EOF):
		err = io.EOF
	}
	q.answer <- answer{line, err}
}
