package engine

import (
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// IsComplete says whether Enter should run the code or open a new line.
func (s *Session) IsComplete(code string) Completeness {
	code = maskMagics(code)
	more := Completeness{Status: Incomplete, Indent: indentAfter(code)}
	if kind, from := tokenUnder(code, len(code)); kind == token.STRING && code[from] == '`' || kind == token.COMMENT && strings.HasPrefix(code[from:], "/*") {
		return Completeness{Status: Incomplete}
	}
	brackets, excess := open(code)
	if excess {
		return Completeness{Status: Invalid}
	}
	if len(brackets) > 0 {
		return more
	}
	for _, c := range split(code) {
		switch status := chunkStatus(c); status {
		case Complete:
		case Incomplete:
			return more
		default:
			return Completeness{Status: status}
		}
	}
	return Completeness{Status: Complete}
}

// chunkStatus parses a chunk: an error at its very end means that more must come.
func chunkStatus(c chunk) Status {
	if c.kind == packageClause {
		return Complete
	}
	head := "package p;"
	if c.kind == statement {
		head += "func _() {"
	}
	text := head + c.text
	src := text + "\n"
	if c.kind == statement {
		src += "}"
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	var list scanner.ErrorList
	switch {
	case err == nil && !c.semicolon && endsInLabel(c.text):
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
	if brackets, _ := open(last); len(brackets) > 0 {
		if strings.HasPrefix(indent, " ") {
			return indent + "    "
		}
		return indent + "\t"
	}
	return indent
}
