package magics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/history"
)

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
