package repl

import (
	"strings"
	"unicode/utf8"
)

// layout is typed text as rows of a terminal.
type layout struct {
	rows     []string
	row, col int // of the cursor
}

// prompts are what stands before the first line and before the lines after it; equally wide.
type prompts struct{ first, next string }

// lay lays a text out: prompts before its lines, styles, tabs as blanks, long lines wrapped at width. cursor is a byte
// offset. Without spans the text is not coloured.
func lay(src string, cursor int, p prompts, spans []span, width int) layout {
	l := &layouter{src: src, cursor: cursor, width: max(width-1, columns(p.first)+8), spans: spans}
	l.indent = columns(p.next)
	l.row.WriteString(p.first)
	l.used = columns(p.first)
	for i := 0; i < len(src); {
		l.styleAt(i)
		if i == cursor {
			l.mark()
		}
		if src[i] == '\n' {
			l.endRow()
			l.row.WriteString(p.next)
			l.used = l.indent
			i++
			continue
		}
		i += l.put(i)
	}
	l.setStyle(plain)
	if cursor >= len(src) {
		if l.used >= l.width {
			l.fold()
		}
		l.mark()
	}
	l.endRow()
	return l.out
}

type layouter struct {
	src    string
	cursor int
	width  int
	indent int
	spans  []span
	style  style
	row    strings.Builder
	used   int // columns of the row
	out    layout
}

func (l *layouter) mark() { l.out.row, l.out.col = len(l.out.rows), l.used }

func (l *layouter) endRow() {
	st := l.style
	l.setStyle(plain)
	l.out.rows = append(l.out.rows, l.row.String())
	l.row.Reset()
	l.used = 0
	l.setStyle(st)
}

// fold goes on in a new row, under the text of the one before.
func (l *layouter) fold() {
	l.endRow()
	l.row.WriteString(strings.Repeat(" ", l.indent))
	l.used = l.indent
}

// put writes the character at i and returns its length.
func (l *layouter) put(i int) int {
	n, w := 1, 1
	piece := l.src[i : i+1]
	switch c := l.src[i]; {
	case c == '\t':
		w = tabWidth - (l.used-l.indent)%tabWidth
		piece = strings.Repeat(" ", w)
	case c < 0x20 || c == 0x7f: // shown as ^A
		w, piece = 2, "^"+string(rune(c^0x40))
	case c >= utf8.RuneSelf || i+1 < len(l.src) && l.src[i+1] >= utf8.RuneSelf:
		n, w = step(l.src[i:])
		piece = l.src[i : i+n]
	}
	if l.used+w > l.width {
		l.fold()
		if i == l.cursor {
			l.mark()
		}
	}
	l.row.WriteString(piece)
	l.used += w
	return n
}

// styleAt is called for every character in order.
func (l *layouter) styleAt(i int) {
	for len(l.spans) > 0 && i >= l.spans[0].end {
		l.spans = l.spans[1:]
	}
	st := plain
	if len(l.spans) > 0 && i >= l.spans[0].start {
		st = l.spans[0].style
	}
	l.setStyle(st)
}

func (l *layouter) setStyle(st style) {
	if st == l.style {
		return
	}
	if l.style != plain {
		l.row.WriteString("\x1b[0m")
	}
	if st != plain {
		l.row.WriteString("\x1b[" + string(st) + "m")
	}
	l.style = st
}

// window chooses which of n rows to show in a room of so many, near where they were shown before.
func window(n, room, top, row int) int {
	room = max(room, 1)
	top = min(top, max(0, n-room))
	top = min(top, row)
	if row >= top+room {
		top = row - room + 1
	}
	return max(0, top)
}
