package cell

import (
	"go/scanner"
	"go/token"
	"iter"
	"strings"
)

// Token is a token of Go source.
type Token struct {
	token.Token
	Lit        string
	Start, End int // bytes
}

// covers reports whether the token is a string or a comment, and an offset behind its start is inside: also at its end,
// where it is not closed.
func (t Token) covers(at int) bool {
	closed := true
	switch t.Token {
	case token.STRING:
		closed = len(t.Lit) > 1 && t.Lit[len(t.Lit)-1] == t.Lit[0]
	case token.COMMENT:
		closed = strings.HasPrefix(t.Lit, "/*") && strings.HasSuffix(t.Lit, "*/") && len(t.Lit) > 3
	default:
		return false
	}
	return at < t.End || !closed && at == t.End
}

// tokenizer reads the tokens of source one after the other.
type tokenizer struct {
	src  string
	file *token.File
	sc   scanner.Scanner
}

func newTokenizer(src string) *tokenizer {
	t := &tokenizer{src: src, file: token.NewFileSet().AddFile("", -1, len(src))}
	t.sc.Init(t.file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)
	return t
}

// next is the next token, token.EOF at the end.
func (z *tokenizer) next() Token {
	pos, tok, lit := z.sc.Scan()
	t := Token{Token: tok, Lit: lit, Start: z.file.Offset(pos)}
	switch {
	case tok == token.EOF, tok == token.SEMICOLON && lit != ";":
		t.End = t.Start
	case lit != "":
		t.End = min(t.Start+len(lit), len(z.src))
	default:
		t.End = min(t.Start+len(tok.String()), len(z.src))
	}
	return t
}

// Tokens are the tokens of source, comments among them. What is no Go comes as token.ILLEGAL. A semicolon that the end of a
// line stands for is empty.
func Tokens(src string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		z := newTokenizer(src)
		for t := z.next(); t.Token != token.EOF && yield(t); t = z.next() {
		}
	}
}

// code is Tokens without comments.
func code(src string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		for t := range Tokens(src) {
			if t.Token != token.COMMENT && !yield(t) {
				return
			}
		}
	}
}
