package magics

import (
	"cmp"
	"strings"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// Pager is a Sink that can show a long text a screenful at a time.
type Pager interface{ Page(text string) }

// valued keeps a result instead of showing it.
type valued struct {
	engine.Sink
	values []any
}

func (s *valued) Result(values []any) { s.values = values }

// page shows a value in full: that of an expression, or the last one.
func (c *call) page() error {
	shown := c.part(cmp.Or(c.Arg, "_"))
	into := &valued{Sink: c.sink}
	if err := c.Evaluator.Evaluator.Eval(c.ctx, shown, into); err != nil || len(into.values) == 0 {
		return err
	}
	text := fullText(into.values[0])
	if p, ok := c.sink.(Pager); ok {
		p.Page(text)
		return nil
	}
	c.print("%s\n", strings.TrimRight(text, "\n"))
	return nil
}

// fullText is all of a value: a string as it is, what shows itself in a form of its own in that form.
func fullText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if s, ok := display.Of(v).Data[display.MIMETypeText].(string); ok && s != display.Text(v) {
		return s
	}
	return display.FullText(v)
}
