package cell

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// Part is a piece of a cell: one top-level declaration, statement or import, a package clause, or a magic line.
type Part struct {
	Kind      PartKind
	Text      string
	Start     int    // byte offset in the cell
	Line, Col int    // the same, 1-based, columns in bytes
	Semicolon bool   // ended by a written ';', which suppresses the result
	Label     string // of the cell it came from, when declared again for a later one
	Doc       string // the comment directly above it
}

// PartKind is what a Part is.
type PartKind int

// The kinds of parts.
const (
	Statement PartKind = iota
	Declaration
	Import
	Package
	Magic // for %%magic, the whole rest of the cell
)

type tokenAt struct {
	offset int
	tok    token.Token
}

// splitter cuts source at the semicolons, written or implied, that are outside
// of all brackets. It never fails: what does not parse is the parser's to say.
type splitter struct {
	src   string
	file  *token.File
	parts []Part
	cur   []tokenAt
	depth int
}

// Split cuts Go source into its top-level declarations and statements.
func Split(src string) []Part {
	fset := token.NewFileSet()
	s := &splitter{src: src, file: fset.AddFile("", -1, len(src))}
	var sc scanner.Scanner
	sc.Init(s.file, []byte(src), func(token.Position, string) {}, 0)
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			s.cut(len(src), false)
			return s.parts
		}
		s.add(tokenAt{s.file.Offset(pos), tok}, lit)
	}
}

func (s *splitter) add(t tokenAt, lit string) {
	switch t.tok {
	case token.LPAREN, token.LBRACK, token.LBRACE:
		s.depth++
	case token.RPAREN, token.RBRACK, token.RBRACE:
		s.depth--
	case token.SEMICOLON:
		written := lit == ";"
		if s.depth <= 0 && !(written && s.inHeader(t.offset)) {
			s.cut(t.offset, written)
			return
		}
	}
	s.cur = append(s.cur, t)
}

// inHeader says whether a ';' belongs to the header of a for, if or switch,
// which is so when the text before it is not a statement by itself.
func (s *splitter) inHeader(offset int) bool {
	first := s.cur
	if len(first) > 2 && first[0].tok == token.IDENT && first[1].tok == token.COLON {
		first = first[2:] // a label
	}
	if len(first) == 0 {
		return false
	}
	switch first[0].tok {
	case token.FOR, token.IF, token.SWITCH:
		text := "package p; func _() {" + s.src[s.cur[0].offset:offset] + "\n}"
		_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		return err != nil
	}
	return false
}

func (s *splitter) cut(end int, semicolon bool) {
	if len(s.cur) == 0 {
		return
	}
	start := s.cur[0].offset
	p := s.file.PositionFor(s.file.Pos(start), false)
	s.parts = append(s.parts, Part{
		Kind: kindOf(s.cur), Text: s.src[start:end], Start: start, Line: p.Line, Col: p.Column, Semicolon: semicolon,
		Doc: commentAbove(s.src[:start]),
	})
	s.cur, s.depth = nil, 0
}

func kindOf(toks []tokenAt) PartKind {
	switch toks[0].tok {
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
func declaresFunc(toks []tokenAt) bool {
	if len(toks) > 1 && toks[1].tok == token.IDENT {
		return true
	}
	if len(toks) < 2 || toks[1].tok != token.LPAREN {
		return false
	}
	depth := 0
	for i := 1; i < len(toks); i++ {
		switch toks[i].tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			if depth--; depth == 0 {
				return i+2 < len(toks) && toks[i+1].tok == token.IDENT && toks[i+2].tok == token.LPAREN
			}
		}
	}
	return false
}

// commentAbove is the text of the // lines that end the source.
func commentAbove(src string) string {
	lines := strings.Split(src, "\n")
	end := len(lines) - 1 // the last is what precedes the part on its own line
	from := end
	for from > 0 && strings.HasPrefix(strings.TrimSpace(lines[from-1]), "//") {
		from--
	}
	var text []string
	for _, l := range lines[from:end] {
		text = append(text, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "//"), " "))
	}
	return strings.Join(text, "\n")
}
