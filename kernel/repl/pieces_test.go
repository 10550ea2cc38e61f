package repl

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

func TestStripPrompts(t *testing.T) {
	for in, want := range map[string]string{
		"x := 1\ny := 2\n":                             "x := 1\ny := 2\n",
		"In [1]: x := 1\nIn [2]: x\nOut[2]: 1\n":       "x := 1\nx",
		"In [12]: for {\n    ...:     f()\n    ...: }": "for {\n    f()\n}",
		">>> a(\n... 1)\n2\n>>> b":                     "a(\n1)\nb",
		"  >>> a\n  >>> b":                             "a\nb",
		">>> if x {\n...\n... }":                       "if x {\n\n}",
		"gore> 1 + 1\n2":                               "1 + 1",
		"...":                                          "...",
		"f(a...)\n":                                    "f(a...)\n",
		"":                                             "",
	} {
		if got := stripPrompts(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCallAt(t *testing.T) {
	for src, want := range map[string]string{
		`f(`:                       "f 0",
		`f(a, `:                    "f 1",
		`strings.Split("a,b", `:    "strings.Split 1",
		`f(g(1, 2), `:              "f 1",
		`f(g(1, `:                  "g 1",
		`f([]int{1, 2}, `:          "f 1",
		`f([]int{1, `:              "",
		`f(a)`:                     "",
		`func f(a int, `:           "",
		`if (a `:                   "",
		"x := 1\nf(func() { g(2, ": "g 1",
		`f("(", '(' /* ( */, `:     "f 2",
	} {
		got := ""
		if end, arg, ok := callAt(src); ok {
			name := src[:end]
			got = name[strings.LastIndexAny(name, " \n({")+1:] + " " + string(rune('0'+arg))
		}
		if got != want {
			t.Errorf("%q: %q, want %q", src, got, want)
		}
	}
}

func TestParameter(t *testing.T) {
	for _, c := range []struct {
		decl string
		i    int
		want string
	}{
		{"func f(a int, b string) error", 1, "b string"},
		{"func f(a int, b string) error", 2, ""},
		{"func f(a int, more ...string)", 5, "more ...string"},
		{"func (r *T) Do(f func(a, b int) (int, error), n int)", 0, "f func(a, b int) (int, error)"},
		{"func (r *T) Do(f func(a, b int) (int, error), n int)", 1, "n int"},
		{"func f()", 0, ""},
	} {
		before, param, after := parameter(c.decl, c.i)
		if param != c.want || before+param+after != c.decl {
			t.Errorf("%s, %d: %q in %q", c.decl, c.i, param, before+param+after)
		}
	}
}

func TestFuzzy(t *testing.T) {
	for _, c := range []struct {
		query, better, worse string
	}{
		{"fit", "d.Fit(ctx)", "f(i, t)"},
		{"fit", "fit()", "profit()"},
		{"a b", "alpha beta", "banana bread cab"},
		{"dfit", "d.Fit(ctx)", "d := f(1); i := t"},
	} {
		good, _, ok := fuzzy(c.query, c.better)
		bad, _, ok2 := fuzzy(c.query, c.worse)
		if !ok || !ok2 || good <= bad {
			t.Errorf("%q: %q %d, %q %d", c.query, c.better, good, c.worse, bad)
		}
	}
	for query, text := range map[string]string{"xyz": "abc", "Fit": "fit", "ba": "ab"} {
		if _, _, ok := fuzzy(query, text); ok {
			t.Errorf("%q is found in %q", query, text)
		}
	}
}

func TestWrapAndClip(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"abcdef", 3, "abc|def"},
		{"a世界b", 3, "a世|界b"},
		{"\x1b[31mabcd\x1b[0m", 2, "\x1b[31mab|cd\x1b[0m"},
		{"a\tb", 20, "a       b"},
		{"", 5, ""},
	} {
		if got := strings.Join(wrap(c.in, c.width), "|"); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	for in, want := range map[string]string{"abc": "abc", "abcdefgh": "abcd…", "世界世界": "世界…", "\x1b[31mabcdefgh\x1b[0m": "\x1b[31mabcd…\x1b[0m"} {
		if got := clip(in, 5); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLay(t *testing.T) {
	p := prompts{"> ", ". "}
	for _, c := range []struct {
		src      string
		cursor   int
		width    int
		rows     string
		row, col int
	}{
		{"ab\ncd", 4, 40, "> ab|. cd", 1, 3},
		{"ab\ncd", 2, 40, "> ab|. cd", 0, 4},
		{"\tx", 1, 40, ">     x", 0, 6},
		{"0123456789abc", 13, 13, "> 0123456789|  abc", 1, 5},
		{"0123456789", 10, 13, "> 0123456789|  ", 1, 2},
		{"世界", 3, 40, "> 世界", 0, 4},
		{"a\x01b", 3, 40, "> a^Ab", 0, 6},
		{"", 0, 40, "> ", 0, 2},
	} {
		l := lay(c.src, c.cursor, p, nil, c.width)
		if got := strings.Join(l.rows, "|"); got != c.rows || l.row != c.row || l.col != c.col {
			t.Errorf("%q: %q, %d %d", c.src, got, l.row, l.col)
		}
	}
}

// Every byte of Go is laid out with its own style and nothing is lost.
func TestHighlightKeepsTheText(t *testing.T) {
	src := "%time x\nfor i := range 3 { // loop\n\tfmt.Println(\"a\", 'b', `c\nd`, 0x1F, i)\n}\n!ls -l\n?x\nstrings.Split?\n\"open"
	l := lay(src, len(src)+1, prompts{}, highlight(src), 200)
	var b strings.Builder
	for _, row := range l.rows {
		for row != "" {
			n, w := step(row)
			if w > 0 {
				b.WriteString(row[:n])
			}
			row = row[n:]
		}
		b.WriteByte('\n')
	}
	if got, want := b.String(), strings.ReplaceAll(src, "\t", "    ")+"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	last := -1
	for _, s := range highlight(src) {
		if s.start < last || s.end <= s.start {
			t.Errorf("the spans are not in order: %v", s)
		}
		last = s.end
	}
}

func TestText(t *testing.T) {
	var x text
	x.insert("one two\nthree")
	x.up()
	if x.cursor != 5 {
		t.Errorf("up goes to %d", x.cursor)
	}
	x.kill(x.wordLeft(x.cursor), x.cursor)
	x.kill(0, 2)
	x.yank()
	x.yankPop()
	if got := x.String(); got != "te wo\nthree" {
		t.Errorf("%q", got)
	}
	for range 10 {
		x.undo()
	}
	if x.String() != "" {
		t.Errorf("undone to %q", x.String())
	}
	for range 10 {
		x.redo()
	}
	if got := x.String(); got != "te wo\nthree" {
		t.Errorf("redone to %q", got)
	}
}

func TestColour256(t *testing.T) {
	for c, want := range map[color.RGBA]int{{0, 0, 0, 255}: 16, {255, 255, 255, 255}: 231, {255, 0, 0, 255}: 196, {128, 128, 128, 255}: 244, {95, 135, 175, 255}: 67} {
		if got := colour256(c); got != want {
			t.Errorf("%v: %d, want %d", c, got, want)
		}
	}
}

// A decoder of sixels gives back the picture that was encoded.
func TestSixel(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 23, 17))
	for y := range 17 {
		for x := range 23 {
			m.Set(x, y, color.RGBA{uint8(x / 8 * 85), uint8(y / 6 * 85), 255, 255})
		}
	}
	got := decodeSixel(t, sixelPicture(m))
	for y := range 17 {
		for x := range 23 {
			a, b := m.RGBAAt(x, y), got[[2]int{x, y}]
			if far(a.R, b.R) > 40 || far(a.G, b.G) > 40 || far(a.B, b.B) > 40 {
				t.Fatalf("at %d, %d: %v, want about %v", x, y, b, a)
			}
		}
	}
	if len(got) != 23*17 {
		t.Errorf("%d pixels", len(got))
	}
}

func far(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func decodeSixel(t *testing.T, s string) map[[2]int]color.RGBA {
	t.Helper()
	s = strings.TrimSuffix(s[strings.IndexByte(s, 'q')+1:], "\x1b\\")
	pixels, palette := map[[2]int]color.RGBA{}, map[int]color.RGBA{}
	x, y, colour, repeat := 0, 0, 0, 1
	number := func() (n int) {
		for s != "" && s[0] >= '0' && s[0] <= '9' {
			n = 10*n + int(s[0]-'0')
			s = s[1:]
		}
		return n
	}
	list := func() (l []int) {
		for {
			l = append(l, number())
			if s == "" || s[0] != ';' {
				return l
			}
			s = s[1:]
		}
	}
	for s != "" {
		c := s[0]
		s = s[1:]
		switch {
		case c == '"':
			list()
		case c == '#':
			l := list()
			if colour = l[0]; len(l) == 5 {
				palette[colour] = color.RGBA{uint8(l[2] * 255 / 100), uint8(l[3] * 255 / 100), uint8(l[4] * 255 / 100), 255}
			}
		case c == '!':
			repeat = number()
		case c == '$':
			x = 0
		case c == '-':
			x, y = 0, y+6
		case c >= '?' && c <= '~':
			for range repeat {
				for bit := range 6 {
					if (c-'?')>>bit&1 == 1 {
						pixels[[2]int{x, y + bit}] = palette[colour]
					}
				}
				x++
			}
			repeat = 1
		default:
			t.Fatalf("%q is no sixel", c)
		}
	}
	return pixels
}
