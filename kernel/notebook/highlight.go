package notebook

import (
	"fmt"
	"go/scanner"
	"go/token"
	"html"
	"strings"
)

// highlight is Go source as HTML whose keywords, literals and comments are marked. Lines for the session (%time, !ls) count
// as comments.
func highlight(source string) string {
	var b strings.Builder
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, []byte(blankCommands(source)), func(token.Position, string) {}, scanner.ScanComments)
	last := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		class := classOf(tok)
		if class == "" || lit == "" {
			continue
		}
		at := file.Offset(pos)
		end := min(at+len(lit), len(source))
		if at < last {
			continue
		}
		fmt.Fprintf(&b, "%s<span class=\"%s\">%s</span>", html.EscapeString(source[last:at]), class, html.EscapeString(source[at:end]))
		last = end
	}
	b.WriteString(html.EscapeString(source[last:]))
	return b.String()
}

func classOf(tok token.Token) string {
	switch {
	case tok == token.COMMENT:
		return "comment"
	case tok.IsKeyword():
		return "keyword"
	case tok == token.STRING, tok == token.CHAR:
		return "string"
	case tok == token.INT, tok == token.FLOAT, tok == token.IMAG:
		return "number"
	}
	return ""
}

// blankCommands makes comments of the lines that are not Go, without moving anything.
func blankCommands(source string) string {
	lines := strings.Split(source, "\n")
	for i, l := range lines {
		if t := strings.TrimSpace(l); len(t) > 1 && strings.ContainsAny(t[:1], "%!?") {
			at := strings.Index(l, t)
			lines[i] = l[:at] + "//" + l[at+2:]
		}
	}
	return strings.Join(lines, "\n")
}
