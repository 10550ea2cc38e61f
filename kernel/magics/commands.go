package magics

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

const keys = `
Tab completes, Shift-Tab describes the name at the cursor. The last expression of
a cell is its result; a ; after it keeps it from being shown.
`

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
	c.print("%s", keys)
	return nil
}

// NextInputer is a Sink that can put text into the user's next input.
type NextInputer interface {
	NextInput(text string, replace bool)
}

func (c *call) load() error {
	if len(c.args) != 1 {
		return errors.New("give the name of a file")
	}
	b, err := os.ReadFile(c.args[0])
	if err != nil {
		return err
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%s is not text", c.args[0])
	}
	text := strings.TrimRight(string(b), "\n")
	if next, ok := c.sink.(NextInputer); ok {
		next.NextInput("// %load "+c.args[0]+"\n"+text, true)
		return nil
	}
	c.print("%s\n", text)
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

func (c *call) save() error {
	if len(c.args) == 0 {
		return errors.New("give the name of a file")
	}
	wanted, err := parseLines(c.args[1:])
	if err != nil {
		return err
	}
	entries, err := c.history.Range(0, 0, 0)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	n := 0
	for _, e := range entries {
		if e.Line == c.cell.Count || !wanted(e.Line) { // not this command itself
			continue
		}
		fmt.Fprintf(&b, "// In[%d]\n%s\n\n", e.Line, strings.TrimRight(e.Input, "\n"))
		n++
	}
	if n == 0 {
		return errors.New("there are no such lines in this session's history")
	}
	if err := os.WriteFile(c.args[0], b.Bytes(), 0o644); err != nil {
		return err
	}
	c.print("wrote %d inputs to %s\n", n, c.args[0])
	return nil
}

// parseLines understands 1-3 5 7-; nothing means all.
func parseLines(args []string) (func(int) bool, error) {
	var ranges [][2]int
	for _, a := range args {
		first, last, dash := strings.Cut(a, "-")
		lo, err := strconv.Atoi(first)
		hi := lo
		if dash {
			hi = int(^uint(0) >> 1)
		}
		if err == nil && last != "" {
			hi, err = strconv.Atoi(last)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a line or a range of lines such as 2-5", a)
		}
		ranges = append(ranges, [2]int{lo, hi})
	}
	return func(n int) bool {
		return len(ranges) == 0 || slices.ContainsFunc(ranges, func(r [2]int) bool { return r[0] <= n && n <= r[1] })
	}, nil
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
