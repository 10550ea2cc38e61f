package repl

import (
	"context"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

type pictures struct{ caps capabilities }

type capabilities struct{}

func (c *capabilities) answer(string) {}

func (r *REPL) picture(d display.Data) string { return "" }

func (r *REPL) shorten(s string) string { return s }

func (r *REPL) showInspection(in engine.Inspection) {
	width, _ := r.screen.size()
	for _, row := range inspectionRows(in.Plain, width-1, r.colours) {
		r.screen.print(row + "\n")
	}
}

func (r *REPL) own(code string) (func(context.Context) error, bool) { return nil, false }
