package engine

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenUnder says whether an offset is inside a string or comment, and where
// that starts.
func tokenUnder(code string, at int) (token.Token, int) {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(code))
	var sc scanner.Scanner
	sc.Init(f, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			return token.ILLEGAL, 0
		}
		start := f.Offset(pos)
		if start >= at {
			return token.ILLEGAL, 0
		}
		end := start + len(lit)
		switch tok {
		case token.STRING:
			closed := len(lit) > 1 && lit[len(lit)-1] == lit[0]
			if at < end || !closed && at == end {
				return token.STRING, start
			}
		case token.COMMENT:
			closed := strings.HasPrefix(lit, "/*") && strings.HasSuffix(lit, "*/") && len(lit) > 3
			if at < end || !closed && at == end {
				return token.COMMENT, start
			}
		}
	}
}

func isNameRune(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// nameStart is where the name that ends at an offset starts.
func nameStart(code string, at int) int {
	for at > 0 {
		c, n := utf8.DecodeLastRuneInString(code[:at])
		if !isNameRune(c) {
			break
		}
		at -= n
	}
	return at
}

// exprStart is where the operand that ends the text starts: names, dots and
// brackets.
func exprStart(text string) int {
	at, depth := len(text), 0
	for at > 0 {
		c, n := utf8.DecodeLastRuneInString(text[:at])
		switch {
		case c == ')' || c == ']':
			depth++
		case c == '(' || c == '[':
			if depth == 0 {
				return at
			}
			depth--
		case depth == 0 && !isNameRune(c) && c != '.':
			return at
		}
		at -= n
	}
	return at
}

// open is the stack of brackets that are open at the end of the code.
func open(code string) (stack []token.Token, excess bool) {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(code))
	var sc scanner.Scanner
	sc.Init(f, []byte(code), func(token.Position, string) {}, 0)
	for {
		_, tok, _ := sc.Scan()
		switch tok {
		case token.EOF:
			return stack, excess
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, tok)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) == 0 {
				excess = true
			} else {
				stack = stack[:len(stack)-1]
			}
		}
	}
}

func balanced(code string) bool {
	stack, excess := open(code)
	return len(stack) == 0 && !excess
}

func closers(code string) string {
	stack, _ := open(code)
	var b strings.Builder
	for i := len(stack) - 1; i >= 0; i-- {
		switch stack[i] {
		case token.LPAREN:
			b.WriteByte(')')
		case token.LBRACK:
			b.WriteByte(']')
		case token.LBRACE:
			b.WriteString("\n}")
		}
	}
	return b.String()
}
