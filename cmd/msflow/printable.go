package main

import (
	"strconv"
	"strings"
	"unicode"
)

// printable is a file's name as a terminal may show it: one with characters that would move the cursor, hide text or begin a
// new line is quoted.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.QuoteToGraphic(name)
	}
	return name
}

// shellQuote is a word of a command that a shell takes as it is.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-_./:=+,@%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	if printable(word) != word {
		body := strings.Trim(strconv.QuoteToASCII(word), `"`)
		return "$'" + strings.NewReplacer(`\"`, `"`, "'", `\'`).Replace(body) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
