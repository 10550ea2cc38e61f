// Package spreadsheet writes names and other text of users into the fields of CSV files, so that neither a terminal nor a spreadsheet obeys
// what is in them, and that nothing is lost.
package spreadsheet

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Field is text as a field of a CSV file holds it. Numbers and most text stay as they are. Text with control or formatting characters, or
// with bytes that are no UTF-8, becomes a Go string literal in double quotes, and so does text that begins with one. What a spreadsheet would
// take for a formula gets an apostrophe in front, and so does text that begins with one. Who reads it back takes off an apostrophe at the
// beginning, or else unquotes what begins with a double quote.
func Field(text string) string {
	if strings.HasPrefix(text, `"`) || strings.ContainsFunc(text, obeyed) || !utf8.ValidString(text) {
		return strconv.QuoteToGraphic(text)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil || text == "" || !strings.ContainsRune("=+-@'", rune(text[0])) {
		return text
	}
	return "'" + text
}

// obeyed tells of a character that acts instead of being shown: it controls a terminal, breaks lines or turns the direction of writing.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Row is Field of all of a row, in place.
func Row(fields []string) []string {
	for i, text := range fields {
		fields[i] = Field(text)
	}
	return fields
}
