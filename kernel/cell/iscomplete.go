package cell

import (
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// Completeness is the verdict on unfinished input.
type Completeness struct {
	Status Status
	Indent string // for Incomplete: what to put in front of the next line
}

// Status is a Completeness verdict, in Jupyter's words.
type Status string

// The verdicts.
const (
	Complete   Status = "complete"
	Incomplete Status = "incomplete"
	Invalid    Status = "invalid"
)

// IsComplete says whether Enter should run the code or open a new line.
func IsComplete(code string) Completeness {
	code = MaskMagics(code)
	more := Completeness{Status: Incomplete, Indent: indentAfter(code)}
	if kind, from := TokenUnder(code, len(code)); kind == token.STRING && code[from] == '`' || kind == token.COMMENT && strings.HasPrefix(code[from:], "/*") {
		return Completeness{Status: Incomplete}
	}
	brackets, excess := OpenBrackets(code)
	if excess {
		return Completeness{Status: Invalid}
	}
	if len(brackets) > 0 {
		return more
	}
	for _, p := range Split(code) {
		switch status := partStatus(p); status {
		case Complete:
		case Incomplete:
			return more
		default:
			return Completeness{Status: status}
		}
	}
	return Completeness{Status: Complete}
}

// partStatus parses a part: an error at its very end means that more must come.
func partStatus(p Part) Status {
	if p.Kind == Package {
		return Complete
	}
	before, after := Wrapping(p.Kind)
	text := before + p.Text
	_, err := parser.ParseFile(token.NewFileSet(), "", text+after, parser.SkipObjectResolution)
	var list scanner.ErrorList
	switch {
	case err == nil && !p.Semicolon && endsInLabel(p.Text):
		return Incomplete
	case err == nil:
		return Complete
	case errors.As(err, &list) && len(list) > 0 && list[0].Pos.Offset >= len(text):
		return Incomplete
	}
	return Invalid
}

func endsInLabel(text string) bool { return strings.HasSuffix(strings.TrimSpace(text), ":") }

// indentAfter is the indentation of the line that follows: that of the last
// line, one tab more when it opened more brackets than it closed.
func indentAfter(code string) string {
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	last := lines[len(lines)-1]
	indent := last[:len(last)-len(strings.TrimLeft(last, " \t"))]
	if brackets, _ := OpenBrackets(last); len(brackets) > 0 {
		if strings.HasPrefix(indent, " ") {
			return indent + "    "
		}
		return indent + "\t"
	}
	return indent
}
