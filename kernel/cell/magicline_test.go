package cell

import (
	"fmt"
	"testing"
)

func TestMagics(t *testing.T) {
	for _, c := range []struct {
		code string
		want string // name, argument, line and span of each; whether more belongs to the last
	}{
		{"x := 1\n\t%time\tf(x)\n!ls é\n", `[%time "f(x)" 2 8-13] [! "ls é" 3 19-20] false`},
		{"x?\n?fmt\nx := 1 // well?\ns := `\n%time\na?\n`", `[? "x?" 1 0-2] [? "?fmt" 2 3-7] false`},
		{"f(\n%x\n)\n/*\n!ls\n*/\na +\n%b", `false`},
		{"%%time\nx := 1\n  %cd d\n%%bash\n!ls", `[%%time "" 1 0-6] [%cd "d" 3 16-19] [%%bash "" 4 22-28] true`},
		{"1\n%%bash\n%time\nx?", `[%%bash "" 2 2-8] true`},
		{"%\n%%", `[% "" 1 0-1] [%% "" 2 2-4] true`},
	} {
		got := ""
		for _, m := range Magics(c.code) {
			got += fmt.Sprintf("[%s %q %d %d-%d] ", m.Name, m.Arg, m.Line, m.Start, m.End)
		}
		if got += fmt.Sprint(EndsInRest(c.code)); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.code, got, c.want)
		}
	}
}

func TestMaskMagics(t *testing.T) {
	for code, want := range map[string]string{
		"x := 1\n%time é\ny":       "x := 1\n        \ny",
		"%%time\nx\n!ls\n":         "      \nx\n   \n",
		"1\n%%bash\nif true; then": "1\n      \n             ",
	} {
		if got := MaskMagics(code); got != want {
			t.Errorf("%q becomes %q, want %q", code, got, want)
		}
	}
}

func FuzzSegments(f *testing.F) {
	for _, s := range []string{"", "x := 1\n!ls\ny", "%%bash\nls", "%time x", "a?", "`\n!raw\n`", "f(\n%x\n)", "%\n%%\n?", "\x00", "if x; {"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if len(MaskMagics(code)) != len(code) {
			t.Error("masking changes offsets")
		}
		at := 0
		for _, s := range Segments(code) {
			if s.Start != at || code[at:at+len(s.Text)] != s.Text {
				t.Fatalf("segment %q does not stand at %d", s.Text, at)
			}
			at += len(s.Text)
		}
		if at != len(code) {
			t.Errorf("the segments end at %d of %d", at, len(code))
		}
		last := 0
		for _, m := range Magics(code) {
			if m.Start < last || m.End > len(code) || m.Name != "?" && code[m.Start:m.End] != m.Name {
				t.Fatalf("magic %q does not stand at %d", m.Name, m.Start)
			}
			last = m.End
		}
		last = 0
		for _, p := range Split(code) {
			if p.Start < last || code[p.Start:p.Start+len(p.Text)] != p.Text {
				t.Fatalf("part %q does not stand at %d", p.Text, p.Start)
			}
			last = p.Start + len(p.Text)
		}
		IsComplete(code)
	})
}
