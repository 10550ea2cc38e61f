package cell

import (
	"go/parser"
	"go/token"
	"strings"
)

// Part is a piece of a cell's Go: one top-level declaration, statement or import, or a package clause.
type Part struct {
	Kind      PartKind
	Text      string
	Start     int    // byte offset in the cell
	Line, Col int    // the same, 1-based, columns in bytes
	Semicolon bool   // ended by a written ';', which suppresses the result
	Label     string // of the cell it came from, when declared again for a later one
	Doc       string // the comment directly above it
	Embed     string // patterns of go:embed directives in that comment
}

// PartKind is what a Part is.
type PartKind int

// The kinds of parts.
const (
	Statement PartKind = iota
	Declaration
	Import
	Package
)

// splitter cuts source at the semicolons, written or implied, that are outside of all brackets. It never fails: what does
// not parse is the parser's to say.
type splitter struct {
	src   string
	parts []Part
	cur   []Token
	depth int
}

// Split cuts Go source into its top-level declarations and statements.
func Split(src string) []Part {
	s := &splitter{src: src}
	for t := range code(src) {
		s.add(t)
	}
	s.cut(len(src), false)
	return s.parts
}

func (s *splitter) add(t Token) {
	switch t.Token {
	case token.LPAREN, token.LBRACK, token.LBRACE:
		s.depth++
	case token.RPAREN, token.RBRACK, token.RBRACE:
		s.depth--
	case token.SEMICOLON:
		written := t.Lit == ";"
		if s.depth <= 0 && !(written && s.inHeader(t.Start)) {
			s.cut(t.Start, written)
			return
		}
	}
	s.cur = append(s.cur, t)
}

// inHeader says whether a ';' belongs to the header of a for, if or switch, which is so when the text before it is not a
// statement by itself.
func (s *splitter) inHeader(offset int) bool {
	first := s.cur
	if len(first) > 2 && first[0].Token == token.IDENT && first[1].Token == token.COLON {
		first = first[2:] // a label
	}
	if len(first) == 0 {
		return false
	}
	switch first[0].Token {
	case token.FOR, token.IF, token.SWITCH:
		text := "package p; func _() {" + s.src[s.cur[0].Start:offset] + "\n}"
		_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		return err != nil
	}
	return false
}

func (s *splitter) cut(end int, semicolon bool) {
	if len(s.cur) == 0 {
		return
	}
	start := s.cur[0].Start
	s.parts = append(s.parts, Part{
		Kind: kindOf(s.cur), Text: s.src[start:end], Start: start, Line: strings.Count(s.src[:start], "\n") + 1, Col: start - strings.LastIndexByte(s.src[:start], '\n'), Semicolon: semicolon,
		Doc: commentAbove(s.src[:start]), Embed: embedIn(linesAbove(s.src[:start])),
	})
	s.cur, s.depth = nil, 0
}

func kindOf(toks []Token) PartKind {
	switch toks[0].Token {
	case token.PACKAGE:
		return Package
	case token.IMPORT:
		return Import
	case token.TYPE, token.VAR, token.CONST:
		return Declaration
	case token.FUNC:
		if declaresFunc(toks) {
			return Declaration
		}
	}
	return Statement
}

// declaresFunc tells func f() {} and func (r T) m() {} from a function literal.
func declaresFunc(toks []Token) bool {
	if len(toks) > 1 && toks[1].Token == token.IDENT {
		return true
	}
	if len(toks) < 2 || toks[1].Token != token.LPAREN {
		return false
	}
	depth := 0
	for i := 1; i < len(toks); i++ {
		switch toks[i].Token {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			if depth--; depth == 0 {
				return i+2 < len(toks) && toks[i+1].Token == token.IDENT && toks[i+2].Token == token.LPAREN
			}
		}
	}
	return false
}

// IsEmpty reports whether a cell has nothing but blanks and comments.
func IsEmpty(code string) bool { return len(Magics(code)) == 0 && len(Split(code)) == 0 }

// IsProgram reports whether a cell begins with a package clause: it is a program of its own.
func IsProgram(code string) bool {
	parts := Split(MaskMagics(code))
	return len(parts) > 0 && parts[0].Kind == Package
}

// AnyOrder reports whether a cell only imports and declares functions, types and constants, which may mention each other in
// any order.
func AnyOrder(code string) bool {
	for _, p := range Split(code) {
		if p.Kind != Import && (p.Kind != Declaration || strings.HasPrefix(p.Text, "var")) {
			return false
		}
	}
	return !IsEmpty(code) && len(Magics(code)) == 0
}

// commentAbove is the text of the // lines that end the source.
func commentAbove(src string) string {
	var text []string
	for _, l := range linesAbove(src) {
		text = append(text, strings.TrimPrefix(strings.TrimPrefix(l, "//"), " "))
	}
	return strings.Join(text, "\n")
}

// linesAbove are the lines of the comment that source ends with, apart from the line that it ends in.
func linesAbove(src string) (list []string) {
	lines := strings.Split(src, "\n")
	end := len(lines) - 1 // the last is what precedes the part on its own line
	from := end
	for from > 0 && strings.HasPrefix(strings.TrimSpace(lines[from-1]), "//") {
		from--
	}
	for _, l := range lines[from:end] {
		list = append(list, strings.TrimSpace(l))
	}
	return list
}

// embedIn are the patterns of the go:embed directives among the lines of a comment.
func embedIn(lines []string) (patterns string) {
	for _, line := range lines {
		if list, ok := strings.CutPrefix(line, "//go:embed "); ok {
			patterns += list + " "
		}
	}
	return patterns
}
