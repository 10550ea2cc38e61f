package display

import (
	"strings"
	"unicode/utf8"
)

// doc is a value on its way to text: a leaf, or items between open and close that go on one line when they fit.
type doc struct {
	open  string
	items []doc
	close string
	fill  bool // over several lines, put as many items on each as fit
}

func leaf(s string) doc { return doc{open: s} }

// layout is d starting at the given level of indentation.
func layout(d doc, level int) string {
	if len(d.items) == 0 {
		return d.open + d.close
	}
	if line, ok := d.flat(lineWidth - 2*level); ok {
		return line
	}
	indent := strings.Repeat("  ", level+1)
	var b strings.Builder
	b.WriteString(d.open + "\n")
	column := 0
	for _, item := range d.items {
		text := layout(item, level+1) + ","
		width := utf8.RuneCountInString(text)
		switch {
		case column == 0:
			b.WriteString(indent)
		case d.fill && column+1+width <= lineWidth-2*level:
			b.WriteString(" ")
		default:
			b.WriteString("\n" + indent)
			column = 0
		}
		b.WriteString(text)
		column += width + 1
	}
	b.WriteString("\n" + strings.Repeat("  ", level) + d.close)
	return b.String()
}

// flat is d on one line, if that takes at most width characters.
func (d doc) flat(width int) (string, bool) {
	var b strings.Builder
	ok := d.writeFlat(&b, width*utf8.UTFMax) && utf8.RuneCountInString(b.String()) <= width
	return b.String(), ok
}

func (d doc) writeFlat(b *strings.Builder, limit int) bool {
	b.WriteString(d.open)
	for i, item := range d.items {
		if i > 0 {
			b.WriteString(", ")
		}
		if !item.writeFlat(b, limit) {
			return false
		}
	}
	b.WriteString(d.close)
	return b.Len() <= limit && !(len(d.items) > 0 && strings.Contains(b.String(), "\n"))
}
