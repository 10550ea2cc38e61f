package cell

import (
	"go/token"
	"slices"
	"strings"
)

// A MagicLine is a line of a cell that is a command rather than Go, a magic.
type MagicLine struct {
	Name       string // with its sign: "%time", "%%bash", "!" or "?"
	Arg        string // what stands after the name; of ? the whole line, as the sign may stand at either end
	Body       string // of %%name, all that follows in the cell
	Line       int    // 1-based
	Start, End int    // where the name stands in the cell, in bytes; of ? the whole line
}

// goMagics are the magics whose argument, or the rest of the cell below them, is Go.
var goMagics = []string{"%time", "%timeit", "%page", "%%", "%%time", "%%capture"}

// TakesGo reports whether the magic's argument, or of %%name the rest of the cell, is Go.
func (m *MagicLine) TakesGo() bool { return slices.Contains(goMagics, m.Name) }

// TakesRest reports whether the magic takes all that follows in the cell.
func (m *MagicLine) TakesRest() bool { return strings.HasPrefix(m.Name, "%%") }

// Segment is a stretch of a cell: lines of Go, or a magic.
type Segment struct {
	Start int        // byte offset in the cell
	Text  string     // of the cell
	Magic *MagicLine // nil for Go
}

// Segments cuts a cell at its magics, which stand where a statement could start. A session evaluates the segments one after
// the other, each stretch of Go as if it were a cell.
func Segments(code string) (list []Segment) {
	from, at, line := 0, 0, 0
	flush := func() {
		if at > from {
			list = append(list, Segment{Start: from, Text: code[from:at]})
		}
	}
	place := newPlace(code)
	for text := range strings.Lines(code) {
		line++
		m := magicOf(text)
		if m == nil || !place.atStatement(at-from) {
			at += len(text)
			continue
		}
		flush()
		m.Line, m.Start, m.End = line, m.Start+at, m.End+at
		if m.TakesRest() {
			m.Body = code[at+len(text):]
			return append(list, Segment{Start: at, Text: code[at:], Magic: m})
		}
		list = append(list, Segment{Start: at, Text: text, Magic: m})
		at += len(text)
		from = at
		place = newPlace(code[from:])
	}
	flush()
	return list
}

// Magics are all magics of a cell, also those between the Go that a %%name takes.
func Magics(code string) (list []MagicLine) {
	for _, seg := range Segments(code) {
		if seg.Magic == nil {
			continue
		}
		list = append(list, *seg.Magic)
		if !seg.Magic.TakesRest() || !seg.Magic.TakesGo() {
			continue
		}
		body := len(code) - len(seg.Magic.Body)
		for _, m := range Magics(seg.Magic.Body) {
			m.Line, m.Start, m.End = m.Line+seg.Magic.Line, m.Start+body, m.End+body
			list = append(list, m)
		}
	}
	return list
}

// MaskMagics blanks out what is not Go, keeping all offsets: the lines of magics, and the rest of the cell where it is
// another language's.
func MaskMagics(code string) string {
	var b strings.Builder
	for _, seg := range Segments(code) {
		switch {
		case seg.Magic == nil:
			b.WriteString(seg.Text)
		case seg.Magic.TakesGo():
			b.WriteString(blank(strings.TrimSuffix(seg.Text, seg.Magic.Body)) + MaskMagics(seg.Magic.Body))
		default:
			b.WriteString(blank(seg.Text))
		}
	}
	return b.String()
}

// blank is text of blanks with the same lines.
func blank(text string) string {
	b := []byte(text)
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	return string(b)
}

// EndsInRest reports whether a cell ends in a magic that takes all that may follow.
func EndsInRest(code string) bool {
	list := Segments(code)
	return len(list) > 0 && list[len(list)-1].Magic != nil && list[len(list)-1].Magic.TakesRest()
}

// magicOf is the magic that a line is, or nil.
func magicOf(line string) *MagicLine {
	text := strings.TrimSpace(line)
	if text == "" {
		return nil
	}
	start := strings.Index(line, text)
	m := &MagicLine{Start: start, End: start + len(text)}
	switch {
	case text[0] == '!':
		m.Name, m.Arg, m.End = "!", text[1:], start+1
	case text[0] == '?', strings.HasSuffix(text, "?") && !inText(text, len(text)-1):
		m.Name, m.Arg = "?", text
	case text[0] == '%':
		end := strings.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		m.Name, m.Arg, m.End = text[:end], strings.TrimSpace(text[end:]), start+end
	default:
		return nil
	}
	return m
}

// inText reports whether an offset is in a string or a comment.
func inText(code string, at int) bool {
	kind, _ := TokenUnder(code, at)
	return kind == token.STRING || kind == token.COMMENT
}

// place moves forward through source and knows what it is in.
type place struct {
	z    *tokenizer
	next Token       // the first that is not before the place
	text Token       // the last string or comment before it
	last token.Token // the last before it that is no comment
	open int         // brackets
}

func newPlace(src string) *place {
	p := &place{z: newTokenizer(src), last: token.SEMICOLON}
	p.next = p.z.next()
	return p
}

// atStatement reports whether a statement could start at an offset, which is not before the one of an earlier call.
func (p *place) atStatement(at int) bool {
	for ; p.next.Token != token.EOF && p.next.Start < at; p.next = p.z.next() {
		switch p.next.Token {
		case token.COMMENT:
			p.text = p.next
			continue
		case token.STRING:
			p.text = p.next
		case token.LPAREN, token.LBRACK, token.LBRACE:
			p.open++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			p.open = max(0, p.open-1)
		}
		p.last = p.next.Token
	}
	return p.last == token.SEMICOLON && p.open == 0 && !p.text.covers(at)
}
