package spreadsheet

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestField(t *testing.T) {
	for text, want := range map[string]string{
		"a.png":              "a.png",
		"":                   "",
		"-1.5e-3":            "-1.5e-3",
		"NaN":                "NaN",
		"=1+1":               "'=1+1",
		"@SUM(A1)":           "'@SUM(A1)",
		"'a'":                "''a'",
		"a, \"b\" und ü±%":   "a, \"b\" und ü±%",
		`"a"`:                `"\"a\""`,
		"\x1b[31mred.png":    `"\x1b[31mred.png"`,
		"two\nlines":         `"two\nlines"`,
		"\t=1+1":             `"\t=1+1"`,
		"caf\xe9.png":        `"caf\xe9.png"`,
		"exe.\u202egnp.evil": `"exe.\u202egnp.evil"`,
	} {
		if got := Field(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

// readBack is what the documentation tells readers to do.
func readBack(t *testing.T, field string) string {
	t.Helper()
	if text, ok := strings.CutPrefix(field, "'"); ok {
		return text
	}
	if !strings.HasPrefix(field, `"`) {
		return field
	}
	text, err := strconv.Unquote(field)
	if err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	return text
}

// FuzzField: whatever a file is called, the table's row is one line that nothing obeys, and gives the name back.
func FuzzField(f *testing.F) {
	for _, text := range []string{"", "a", "=1", "'", `"`, "\"\x00", "\r\n", "\xff=", "-", "\u2028", "a\u0000b\U000e0001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		field := Field(text)
		if !utf8.ValidString(field) || strings.ContainsFunc(field, unicode.IsControl) {
			t.Errorf("%q becomes %q", text, field)
		}
		if field != "" && strings.ContainsRune("=+-@", rune(field[0])) {
			if _, err := strconv.ParseFloat(field, 64); err != nil {
				t.Errorf("%q is a formula", field)
			}
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.WriteAll([][]string{{field, "x"}}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 1 || readBack(t, rows[0][0]) != text {
			t.Errorf("%q becomes %q, and that %q, %v", text, field, rows, err)
		}
	})
}
