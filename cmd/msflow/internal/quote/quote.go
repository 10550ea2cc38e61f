// Package quote makes names and messages fit for a terminal and a shell.
package quote

import (
	"strconv"
	"strings"
	"unicode"
)

// Name is a file's name as a terminal may show it: one with characters that would move the cursor, hide text or begin a
// new line is quoted.
func Name(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.QuoteToGraphic(name)
	}
	return name
}

// Message is a message without what a terminal would obey: control characters other than tab and line feed are spelled out.
func Message(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Shell is a word of a command that a shell takes as it is.
func Shell(word string) string {
	plain := func(r rune) bool {
		return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-_./:=+,@%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	if Name(word) != word {
		body := strconv.QuoteToASCII(word)
		body = body[1 : len(body)-1]
		return "$'" + strings.NewReplacer(`\"`, `"`, "'", `\'`).Replace(body) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
