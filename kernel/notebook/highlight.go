package notebook

import (
	"fmt"
	"go/token"
	"html"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// highlight is Go source as HTML whose keywords, literals and comments are marked. Lines for the session (%time, !ls) count
// as comments.
func highlight(source string) string {
	var b strings.Builder
	last := 0
	mark := func(from, to int, class string) {
		if class == "" || from < last || from == to {
			return
		}
		fmt.Fprintf(&b, "%s<span class=\"%s\">%s</span>", html.EscapeString(source[last:from]), class, html.EscapeString(source[from:to]))
		last = to
	}
	magics := cell.Magics(source)
	for t := range cell.Tokens(cell.MaskMagics(source)) {
		for len(magics) > 0 && magics[0].Start <= t.Start {
			mark(magics[0].Start, lineEnd(source, magics[0].Start), "comment")
			magics = magics[1:]
		}
		mark(t.Start, t.End, classOf(t.Token))
	}
	for _, m := range magics {
		mark(m.Start, lineEnd(source, m.Start), "comment")
	}
	b.WriteString(html.EscapeString(source[last:]))
	return b.String()
}

// lineEnd is where the line of an offset ends.
func lineEnd(s string, at int) int {
	if n := strings.IndexByte(s[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(s)
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
