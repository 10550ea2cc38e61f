package magics

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

const keys = `
Tab completes, Shift-Tab describes the name at the cursor. The last expression of
a cell is its result; a ; after it keeps it from being shown. _ is the last result,
Out[3] that of cell 3.
`

// Keyed is a Sink of a front end with keys of its own, to explain at the end of %help.
type Keyed interface{ Keys() string }

// help lists the engine's commands and these.
func (c *call) help() error {
	rows := [][2]string{}
	for _, m := range engine.Magics() {
		if find(m.Name) == nil {
			rows = append(rows, [2]string{strings.TrimSpace(m.Name + " " + m.Args), m.Help})
		}
	}
	for _, m := range commands {
		rows = append(rows, [2]string{strings.TrimSpace(m.name + " " + m.args), m.help})
	}
	slices.SortFunc(rows, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(strings.Trim(a[0], "%"), strings.Trim(b[0], "%")), cmp.Compare(a[0], b[0]))
	})
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	for _, r := range rows {
		c.print("%-*s  %s\n", width, r[0], r[1])
	}
	if k, ok := c.sink.(Keyed); ok {
		c.print("%s", k.Keys())
		return nil
	}
	c.print("%s", keys)
	return nil
}

func (c *call) listHistory() error {
	n, global, pattern := 0, false, []string{}
	for args := c.args; len(args) > 0; args = args[1:] {
		switch {
		case args[0] == "-g":
			global = true
		case args[0] == "-n" && len(args) > 1:
			k, err := strconv.Atoi(args[1])
			if err != nil {
				return fmt.Errorf("-n %s: not a number", args[1])
			}
			n, args = k, args[1:]
		default:
			pattern = append(pattern, args[0])
		}
	}
	entries, err := c.entries(global, strings.Join(pattern, " "))
	if err != nil {
		return err
	}
	if n > 0 {
		entries = entries[max(0, len(entries)-n):]
	}
	for _, e := range entries {
		place := strconv.Itoa(e.Line)
		if global {
			place = fmt.Sprintf("%d/%d", e.Session, e.Line)
		}
		c.print("%s: %s\n", place, strings.ReplaceAll(e.Input, "\n", "\n"+strings.Repeat(" ", len(place)+2)))
	}
	return nil
}

// entries are the inputs that match, without this command itself.
func (c *call) entries(global bool, pattern string) ([]history.Entry, error) {
	if !strings.ContainsAny(pattern, "*?") {
		pattern = "*" + pattern + "*"
	}
	if global {
		return c.history.Search(pattern, 0, false)
	}
	entries, err := c.history.Range(0, 0, 0)
	return slices.DeleteFunc(entries, func(e history.Entry) bool {
		return e.Line == c.cell.Count || !history.Match(pattern, e.Input)
	}), err
}

// captured keeps what is printed and passes on the rest.
type captured struct {
	engine.Sink
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *captured) Stream(_ engine.Stream, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(text)
}

func (s *captured) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (c *call) capture() error {
	if len(c.args) != 1 {
		return errors.New("give the name of a variable")
	}
	into := &captured{Sink: c.sink}
	cell := c.cell
	cell.Code = c.body
	runErr := c.Eval(c.ctx, cell, into)
	cell.Code, cell.Silent = fmt.Sprintf("%s := %q", c.args[0], into.String()), true
	return cmp.Or(runErr, c.Evaluator.Evaluator.Eval(c.ctx, cell, c.sink))
}
