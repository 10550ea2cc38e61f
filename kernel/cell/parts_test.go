package cell

import (
	"fmt"
	"strings"
	"testing"
)

func TestPartsOfACell(t *testing.T) {
	const cell = "%time\nimport \"fmt\"\n// c\nx := 1; y := 2 // ü\n!ls é\nfunc f() {\n\treturn\n}\nif x := 2; x > 1 {\n}\nx;"
	var got []string
	for _, p := range Parts(cell) {
		if !strings.HasPrefix(cell[p.Start:], p.Text) {
			t.Errorf("%q does not stand at %d", p.Text, p.Start)
		}
		got = append(got, fmt.Sprint(p.Kind, p.Semicolon, " ", p.Text))
	}
	want := []string{"4 false %time", "2 false import \"fmt\"", "0 true x := 1", "0 false y := 2 // ü", "4 false !ls é", "1 false func f() {\n\treturn\n}",
		"0 false if x := 2; x > 1 {\n}", "0 true x"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got\n%q\ninstead of\n%q", got, want)
	}
	if parts := Parts("x := 1\n%%bash\nls\n"); len(parts) != 2 || parts[1].Text != "%%bash\nls\n" {
		t.Errorf("a cell magic: %+v", parts)
	}
	if parts := Parts(""); parts != nil {
		t.Errorf("an empty cell: %+v", parts)
	}
}
