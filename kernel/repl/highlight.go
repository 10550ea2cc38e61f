package repl

import (
	"go/token"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/cell"
)

// span is a part of a text with a style.
type span struct {
	start, end int // bytes
	style      style
}

// predeclared names are coloured as what they are.
var predeclared = map[string]style{}

func init() {
	for _, n := range strings.Fields("any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr") {
		predeclared[n] = typeColour
	}
	for _, n := range strings.Fields("append cap clear close complex copy delete imag len make max min new panic print println real recover must") {
		predeclared[n] = cyan
	}
	for _, n := range strings.Fields("true false nil iota") {
		predeclared[n] = magenta
	}
}

// highlight finds the styles of Go source and of the commands in it. Go's own scanner is exact and takes a fraction of a
// millisecond for hundreds of lines.
func highlight(src string) (spans []span) {
	for _, m := range cell.Magics(src) {
		spans = append(spans, span{m.Start, m.End, magenta})
	}
	var prev token.Token
	for t := range cell.Tokens(cell.MaskMagics(src)) {
		if t.Start == t.End { // a semicolon that is not written
			continue
		}
		if st := styleOf(t.Token, t.Lit, prev, src[t.End:]); st != plain {
			spans = append(spans, span{t.Start, t.End, st})
		}
		prev = t.Token
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	return spans
}

func styleOf(tok token.Token, lit string, prev token.Token, rest string) style {
	switch {
	case tok == token.COMMENT:
		return faint
	case tok == token.STRING || tok == token.CHAR:
		return green
	case tok == token.INT || tok == token.FLOAT || tok == token.IMAG:
		return magenta
	case tok.IsKeyword():
		return boldBlue
	case tok == token.ILLEGAL:
		return red
	case tok != token.IDENT:
		return plain
	case prev == token.PERIOD:
		if strings.HasPrefix(rest, "(") {
			return yellow
		}
		return plain
	case predeclared[lit] != plain:
		return predeclared[lit]
	case strings.HasPrefix(rest, "("):
		return yellow
	}
	return plain
}

// brackets finds the bracket at the cursor, or before it, and its partner: two byte offsets, or false.
func brackets(src string, cursor int) (a, b int, ok bool) {
	for _, at := range []int{cursor, cursor - 1} {
		if at < 0 || at >= len(src) || !strings.ContainsRune("()[]{}", rune(src[at])) {
			continue
		}
		if partner, found := partnerOf(src, at); found {
			return at, partner, true
		}
	}
	return 0, 0, false
}

func partnerOf(src string, at int) (int, bool) {
	var open []int
	for t := range cell.Tokens(src) {
		switch t.Token {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, t.Start)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) == 0 {
				return 0, false
			}
			first := open[len(open)-1]
			open = open[:len(open)-1]
			switch at {
			case first:
				return t.Start, true
			case t.Start:
				return first, true
			}
		}
	}
	return 0, false
}

// byteOffset is where the rune with index n of s begins.
func byteOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func runeCount(s string) int { return utf8.RuneCountInString(s) }

// split cuts the spans at two offsets, which get the style of matching brackets.
func split(spans []span, a, b int) []span {
	for _, at := range []int{min(a, b), max(a, b)} {
		i := 0
		for i < len(spans) && spans[i].end <= at {
			i++
		}
		mark := span{at, at + 1, match}
		if i < len(spans) && spans[i].start <= at { // brackets are tokens of their own, so this is not expected
			continue
		}
		spans = append(spans[:i:i], append([]span{mark}, spans[i:]...)...)
	}
	return spans
}
