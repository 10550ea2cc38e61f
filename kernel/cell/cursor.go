package cell

import (
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TokenUnder says whether an offset is inside a string or comment, and where that starts.
func TokenUnder(code string, at int) (token.Token, int) {
	for t := range Tokens(code) {
		if t.Start >= at {
			break
		}
		if t.covers(at) {
			return t.Token, t.Start
		}
	}
	return token.ILLEGAL, 0
}

// IsNameRune reports whether a name may hold the rune.
func IsNameRune(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// NameStart is where the name that ends at an offset starts.
func NameStart(code string, at int) int {
	for at > 0 {
		c, n := utf8.DecodeLastRuneInString(code[:at])
		if !IsNameRune(c) {
			break
		}
		at -= n
	}
	return at
}

// ExprStart is where the operand that ends the text starts: names, dots and brackets.
func ExprStart(text string) int {
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
		case depth == 0 && !IsNameRune(c) && c != '.':
			return at
		}
		at -= n
	}
	return at
}

// OpenBrackets is the stack of brackets that are open at the end of the code.
func OpenBrackets(src string) (stack []token.Token, excess bool) {
	for t := range code(src) {
		switch t.Token {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, t.Token)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) == 0 {
				excess = true
			} else {
				stack = stack[:len(stack)-1]
			}
		}
	}
	return stack, excess
}

// Balanced reports whether every bracket of the code is closed.
func Balanced(code string) bool {
	stack, excess := OpenBrackets(code)
	return len(stack) == 0 && !excess
}

// Closers closes the brackets that are open at the end of the code.
func Closers(code string) string {
	stack, _ := OpenBrackets(code)
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

// ByteOffset turns an offset in code points into one in bytes.
func ByteOffset(code string, cursor int) int {
	n := 0
	for i := range code {
		if n >= cursor {
			return i
		}
		n++
	}
	return len(code)
}

// RuneOffset turns an offset in bytes into one in code points.
func RuneOffset(code string, b int) int { return utf8.RuneCountInString(code[:b]) }
