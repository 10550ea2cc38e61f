package datasets

import (
	"strings"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Printable is a file's name as a terminal may show it: one with characters that would move the cursor, hide text or begin a
// new line is quoted. All errors and notes of this package show names so.
func Printable(name string) string { return picture.Printable(name) }

// printables is a list of names.
func printables(names []string, separator string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = Printable(name)
	}
	return strings.Join(shown, separator)
}
