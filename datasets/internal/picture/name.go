package picture

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable is a file's name as a terminal may show it, see datasets.Printable.
func Printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.QuoteToGraphic(name)
	}
	return name
}
