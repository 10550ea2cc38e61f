package magics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

func (c *call) who() error {
	var names []string
	for _, v := range c.Variables() {
		names = append(names, v.Name)
	}
	c.print("%s\n", cmp.Or(strings.Join(names, "  "), "nothing is declared"))
	return nil
}

func (c *call) whos() error {
	rows := [][]string{{"NAME", "KIND", "TYPE", "SHAPE", "BYTES", "VALUE"}}
	for _, v := range c.Variables() {
		row := []string{v.Name, v.Kind, v.Type, "", "", v.Value}
		if v.Shape != nil {
			row[3] = strings.Trim(strings.ReplaceAll(fmt.Sprint(v.Shape), " ", "×"), "[]")
		}
		if v.Bytes > 0 {
			row[4] = fmt.Sprint(v.Bytes)
		}
		rows = append(rows, row)
	}
	c.print("%s", table(rows))
	return nil
}

// table aligns columns.
func table(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := ""
		for i, c := range r {
			line += c + strings.Repeat(" ", width[i]-len([]rune(c))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func (c *call) reset() error { return c.Reset() }

// getter is an evaluator that can fetch modules.
type getter interface {
	Get(ctx context.Context, module string, sink engine.Sink) (where string, err error)
}

func (c *call) get() error {
	g, ok := c.Evaluator.Evaluator.(getter)
	switch {
	case !ok:
		return errors.New("this evaluator cannot")
	case c.Arg == "":
		return errors.New("give a module or package, with @version if need be")
	}
	where, err := g.Get(c.ctx, c.Arg, c.sink)
	if err != nil {
		return err
	}
	c.print("added %s to %s\n", c.Arg, where)
	return nil
}

func (c *call) describe() error {
	name := strings.Trim(c.Arg, "? ")
	detail := 0
	if strings.HasPrefix(c.Arg, "??") || strings.HasSuffix(c.Arg, "??") {
		detail = 1
	}
	in := c.Evaluator.Evaluator.Inspect(c.ctx, name, len([]rune(name)), detail)
	if !in.Found {
		return fmt.Errorf("nothing is known of %q", name)
	}
	c.sink.Display(engine.Display{Value: in})
	return nil
}
