package magics

import (
	"cmp"
	"slices"
	"strings"
)

const keys = `
Tab completes, Shift-Tab describes the name at the cursor. The last expression of
a cell is its result; a ; after it keeps it from being shown. _ is the last result,
Out[3] that of cell 3.
`

// Keyed is a Sink of a front end with keys of its own, to explain at the end of %help.
type Keyed interface{ Keys() string }

// help lists all magics.
func (c *call) help() error {
	var rows [][2]string
	for _, m := range magics {
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
