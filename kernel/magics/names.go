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

// engine says who evaluates, and how to get the other one.
func (c *call) engine() error {
	named, ok := c.Evaluator.Evaluator.(interface{ Engine() string })
	if !ok {
		return errors.New("this evaluator has no name")
	}
	c.print("%s (--engine of msflow repl, run and kernel start and install chooses: ixgo or yaegi)\n", named.Engine())
	return nil
}

func (c *call) reset() error { return c.Reset() }

// remover is an evaluator that can forget one name.
type remover interface{ Remove(name string) error }

func (c *call) remove() error {
	r, ok := c.Evaluator.Evaluator.(remover)
	switch {
	case !ok:
		return errors.New("this evaluator cannot")
	case len(c.args) == 0:
		return errors.New("give the names to forget")
	}
	for _, name := range c.args {
		if err := r.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// arguments sets what cells see as os.Args.
func (c *call) arguments() error {
	part := c.part(fmt.Sprintf("os.Args = append(os.Args[:1:1], %#v...)", append([]string{}, c.args...)))
	part.Silent = true
	return c.Evaluator.Evaluator.Eval(c.ctx, part, c.sink)
}

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
