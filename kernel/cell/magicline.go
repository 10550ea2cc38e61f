package cell

import (
	"go/scanner"
	"go/token"
	"strings"
)

// A MagicLine is a line of a cell that is a command rather than Go, a magic.
type MagicLine struct {
	Name string // with its sign: "%time", "%%bash", "!" or "?"
	Arg  string // what stands after the name; of ? the whole line, as the sign may stand at either end
	Body string // of %%name, all that follows in the cell
	Line int    // 1-based
}

// Segment is a stretch of a cell: lines of Go, or a magic.
type Segment struct {
	Start int        // byte offset in the cell
	Text  string     // of the cell
	Magic *MagicLine // nil for Go
}

// Segments cuts a cell at its magics. They stand where a statement could start.
func Segments(code string) (list []Segment) {
	from, at, line := 0, 0, 0
	flush := func() {
		if at > from {
			list = append(list, Segment{Start: from, Text: code[from:at]})
		}
	}
	for text := range strings.Lines(code) {
		line++
		name, arg := magicOf(text)
		if name == "" || !AtStatement(code[from:at]) {
			at += len(text)
			continue
		}
		flush()
		m := &MagicLine{Name: name, Arg: arg, Line: line}
		if strings.HasPrefix(name, "%%") {
			m.Body = code[at+len(text):]
			return append(list, Segment{Start: at, Text: code[at:], Magic: m})
		}
		list = append(list, Segment{Start: at, Text: text, Magic: m})
		at += len(text)
		from = at
	}
	flush()
	return list
}

// Parts cuts a cell into its parts, magics among them.
func Parts(code string) (parts []Part) {
	line := 0
	for _, seg := range Segments(code) {
		if seg.Magic != nil {
			text := seg.Text
			if seg.Magic.Body == "" {
				text = strings.TrimRight(text, "\n")
			}
			parts = append(parts, Part{Kind: Magic, Start: seg.Start, Text: text, Line: line + 1, Col: 1})
		} else {
			for _, p := range Split(seg.Text) {
				p.Start += seg.Start
				p.Line += line
				parts = append(parts, p)
			}
		}
		line += strings.Count(seg.Text, "\n")
	}
	return parts
}

// MaskMagics blanks the lines of magics out, keeping all offsets. What follows %%name stays.
func MaskMagics(code string) string {
	var b strings.Builder
	for _, seg := range Segments(code) {
		if seg.Magic == nil {
			b.WriteString(seg.Text)
			continue
		}
		line, rest, more := strings.Cut(seg.Text, "\n")
		b.WriteString(strings.Repeat(" ", len(line)))
		if more {
			b.WriteString("\n" + MaskMagics(rest))
		}
	}
	return b.String()
}

// magicOf is the name and the argument of the magic that a line is, if it is one.
func magicOf(line string) (name, arg string) {
	line = strings.TrimSpace(line)
	switch {
	case line == "":
		return "", ""
	case line[0] == '!':
		return "!", line[1:]
	case line[0] == '?', strings.HasSuffix(line, "?") && !strings.HasPrefix(line, "//") && !strings.ContainsAny(line, "\"`'"):
		return "?", line
	case line[0] == '%':
		name, arg, _ = strings.Cut(line, " ")
		return name, strings.TrimSpace(arg)
	}
	return "", ""
}

// AtStatement reports whether a statement could start after the code: its brackets are closed and its last line is finished.
func AtStatement(code string) bool {
	if kind, _ := TokenUnder(code, len(code)); kind == token.STRING {
		return false
	}
	if brackets, _ := OpenBrackets(code); len(brackets) > 0 {
		return false
	}
	return lastToken(code) == token.SEMICOLON
}

func lastToken(code string) token.Token {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(code))
	var sc scanner.Scanner
	sc.Init(f, []byte(code), func(token.Position, string) {}, 0)
	last := token.SEMICOLON
	for {
		_, tok, _ := sc.Scan()
		if tok == token.EOF {
			return last
		}
		last = tok
	}
}
