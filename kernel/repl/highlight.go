package repl

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"
	"unicode/utf8"
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

// highlight finds the styles of Go source and of the commands in it. It uses Go's own scanner, which is exact and takes a
// fraction of a millisecond for hundreds of lines.
func highlight(src string) []span {
	masked, spans := commandSpans(src)
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(masked))
	var sc scanner.Scanner
	sc.Init(file, []byte(masked), func(token.Position, string) {}, scanner.ScanComments)
	var prev token.Token
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			slices.SortFunc(spans, func(a, b span) int { return a.start - b.start }) // commands were found first
			return spans
		}
		start := file.Offset(pos)
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		end := min(start+max(len(lit), len(tok.String())), len(src))
		if tok.IsLiteral() || tok == token.COMMENT || tok == token.ILLEGAL {
			end = min(start+len(lit), len(src))
		}
		if st := styleOf(tok, lit, prev, src[end:]); st != plain {
			spans = append(spans, span{start, end, st})
		}
		prev = tok
	}
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

// commandSpans styles the lines that are commands, and blanks them out for the scanner.
func commandSpans(src string) (masked string, spans []span) {
	if !strings.ContainsAny(src, "%!?") {
		return src, nil
	}
	var b strings.Builder
	at := 0
	for line := range strings.Lines(src) {
		trimmed := strings.TrimSpace(line)
		if isCommand(trimmed) {
			indent := strings.Index(line, trimmed)
			word := len(trimmed)
			if i := strings.IndexByte(trimmed, ' '); i > 0 && trimmed[0] == '%' {
				word = i
			}
			if trimmed[0] == '!' {
				word = 1
			}
			spans = append(spans, span{at + indent, at + indent + word, magenta})
			b.WriteString(strings.Repeat(" ", len(strings.TrimRight(line, "\n"))) + line[len(strings.TrimRight(line, "\n")):])
		} else {
			b.WriteString(line)
		}
		at += len(line)
	}
	return b.String(), spans
}

// isCommand reports whether a line, without the blanks around it, is a command rather than Go.
func isCommand(line string) bool {
	if line == "" {
		return false
	}
	switch line[0] {
	case '!', '?', '%':
		return len(line) < 2 || line[1] != '=' && line[1] != ' ' || line[0] == '!'
	}
	return strings.HasSuffix(line, "?") && !strings.HasPrefix(line, "//") && !strings.ContainsAny(line, "\"`'")
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
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, 0)
	var open []int
	for {
		pos, tok, _ := sc.Scan()
		switch tok {
		case token.EOF:
			return 0, false
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, file.Offset(pos))
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) == 0 {
				return 0, false
			}
			first := open[len(open)-1]
			open = open[:len(open)-1]
			switch at {
			case first:
				return file.Offset(pos), true
			case file.Offset(pos):
				return first, true
			}
		}
	}
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
