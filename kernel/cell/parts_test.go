package cell

import (
	"fmt"
	"strings"
	"testing"
)

func TestPartsOfACell(t *testing.T) {
	const cell = "import \"fmt\"\n// c\nx := 1; y := 2 // ü\nfunc f() {\n\treturn\n}\nif x := 2; x > 1 {\n}\nx;"
	var got []string
	for _, p := range Split(cell) {
		if !strings.HasPrefix(cell[p.Start:], p.Text) {
			t.Errorf("%q does not stand at %d", p.Text, p.Start)
		}
		got = append(got, fmt.Sprint(p.Kind, p.Semicolon, p.Line, p.Col, " ", p.Text))
	}
	want := []string{"2 false 1 1 import \"fmt\"", "0 true 3 1 x := 1", "0 false 3 9 y := 2 // ü", "1 false 4 1 func f() {\n\treturn\n}",
		"0 false 7 1 if x := 2; x > 1 {\n}", "0 true 9 1 x"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got\n%q\ninstead of\n%q", got, want)
	}
	if parts := Split(""); parts != nil {
		t.Errorf("an empty cell: %+v", parts)
	}
}

func TestWhatACellConsistsOf(t *testing.T) {
	for code, want := range map[string]string{
		"": "empty", " \n": "empty", "// c\n/* d */": "empty", "%time": "", "x?": "",
		"func f() {}": "any order", "// c\nfunc (t T) m() {}": "any order", "import (\n\"fmt\"\n)\ntype t int": "any order",
		"func() {}()": "", "func (t T) {}": "", "var x int": "", "const c = 1; x := c": "", "type t int\n%time f()": "",
	} {
		got := ""
		if IsEmpty(code) {
			got += "empty"
		}
		if AnyOrder(code) {
			got += "any order"
		}
		if got != want {
			t.Errorf("%q is taken for %q instead of %q", code, got, want)
		}
	}
}
