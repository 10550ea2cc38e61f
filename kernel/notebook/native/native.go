// Package native is what programs made of notebooks call: it shows on standard output what a notebook shows in its cells,
// as text.
package native

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// out is where the program's results go.
var out = &printer{w: os.Stdout}

// Run calls the cells in turn.
func Run(cells ...func()) {
	engine.OutputTo(out)
	for _, cell := range cells {
		cell()
		out.endCell()
	}
}

// Show prints the value of a cell's last expression, or its values.
func Show(values ...any) {
	out.print(display.OfResult(values))
}

// ShowChecked is Show for values of which the last is an error; a nil one is not printed.
func ShowChecked(values ...any) {
	if n := len(values); n > 0 && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) > 0 {
		Show(values...)
	}
}

// Check ends the program with the error, if there is one.
func Check(err error) {
	if err == nil {
		return
	}
	out.endCell()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Context ends when the user interrupts the program.
func Context() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	return ctx
}

// printer is a Sink that prints. An output that changes in place is printed at the end of its cell, as it is then.
type printer struct {
	engine.Discard
	w io.Writer

	mu      sync.Mutex
	waiting []changing
}

// changing is an output with an ID.
type changing struct {
	id   string
	data display.Data
}

// Display prints a value, or keeps one that may change.
func (p *printer) Display(d engine.Display) {
	data := display.Of(d.Value)
	if d.ID == "" {
		p.print(data)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !d.Update {
		p.waiting = append(p.waiting, changing{d.ID, data})
		return
	}
	for i := range p.waiting {
		if p.waiting[i].id == d.ID {
			p.waiting[i].data = data
		}
	}
}

// Stream prints text of the program's own.
func (p *printer) Stream(s engine.Stream, text []byte) {
	if s == engine.Stderr {
		os.Stderr.Write(text)
		return
	}
	p.w.Write(text)
}

func (p *printer) print(d display.Data) {
	if text, ok := d.Data[display.MIMETypeText].(string); ok {
		fmt.Fprintln(p.w, strings.TrimSuffix(text, "\n"))
	}
}

func (p *printer) endCell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.waiting {
		p.print(c.data)
	}
	p.waiting = nil
}
