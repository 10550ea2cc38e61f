package repl

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// tabWidth is how wide a tab is shown in what is typed.
const tabWidth = 4

// columns is how many columns s takes, without its control sequences.
func columns(s string) int {
	n := 0
	for s != "" {
		skip, w := step(s)
		n += w
		s = s[skip:]
	}
	return n
}

// step is the length and the width of the first character or control sequence of s.
func step(s string) (length, width int) {
	switch c := s[0]; {
	case c == 0x1b:
		return escapeLength(s), 0
	case c < 0x20 || c == 0x7f:
		return 1, 0
	case c < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf):
		return 1, 1
	}
	cluster, _, width, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(cluster), width
}

// escapeLength is the length of the control sequence that s begins with.
func escapeLength(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
		}
		return len(s)
	case ']', '_', 'P':
		if i := strings.Index(s, "\x1b\\"); i > 0 {
			return i + 2
		}
		if i := strings.IndexByte(s, 7); i > 0 {
			return i + 1
		}
		return len(s)
	}
	return 2
}

// wrap cuts a line into rows of at most width columns. Control sequences stay; tabs become blanks.
func wrap(line string, width int) []string {
	width = max(width, 1)
	var rows []string
	var row strings.Builder
	used := 0
	for line != "" {
		n, w := step(line)
		piece := line[:n]
		if piece == "\t" {
			w = 8 - used%8
			piece = strings.Repeat(" ", w)
		}
		if used+w > width && used > 0 {
			rows = append(rows, row.String())
			row.Reset()
			used = 0
		}
		row.WriteString(piece)
		used += w
		line = line[n:]
	}
	return append(rows, row.String())
}

// clip cuts s to at most width columns, with … for what is left out.
func clip(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	var b strings.Builder
	used := 0
	coloured := false
	for s != "" {
		n, w := step(s)
		if used+w > width-1 {
			break
		}
		coloured = coloured || s[0] == 0x1b
		b.WriteString(s[:n])
		used += w
		s = s[n:]
	}
	b.WriteString("…")
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// pad is s with blanks up to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}
