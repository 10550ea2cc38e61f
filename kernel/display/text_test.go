package display

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

type point struct{ X, Y int }
type node struct {
	Name string
	Next *node
}
type celsius float64

func (c celsius) String() string { return "warm" }

type bomb struct{}

func (bomb) String() string { panic("boom") }

func TestText(t *testing.T) {
	loop := &node{Name: "a"}
	loop.Next = loop
	answer := 42
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "nil"},
		{2, "2"},
		{1.5, "1.5"},
		{"a\tb", `"a\tb"`},
		{"two\nlines", "`two\nlines`"},
		{errors.New("not found"), "not found"},
		{error(nil), "nil"},
		{3 * time.Second, "3s"},
		{celsius(3), "warm"},
		{bomb{}, "<display.bomb: printing it panicked: boom>"},
		{big.NewInt(7), "7"},
		{point{1, 2}, "display.point{X: 1, Y: 2}"},
		{&point{1, 2}, "&display.point{X: 1, Y: 2}"},
		{(*point)(nil), "nil"},
		{&answer, "&42"},
		{[]point{{1, 2}}, "[]display.point{{X: 1, Y: 2}}"},
		{[]*point{{1, 2}, nil}, "[]*display.point{{X: 1, Y: 2}, nil}"},
		{[]int(nil), "[]int(nil)"},
		{[][]int{{1}, {2, 3}, nil}, "[][]int{{1}, {2, 3}, nil}"},
		{[2]bool{true}, "[2]bool{true, false}"},
		{[]byte("text"), `[]byte("text")`},
		{[]byte{0, 255}, "[]byte{0, 255}"},
		{map[string]int{"b": 2, "a": 1}, `map[string]int{"a": 1, "b": 2}`},
		{map[int]string{10: "x", 9: "y", -1: "z"}, `map[int]string{-1: "z", 9: "y", 10: "x"}`},
		{map[point]any{{1, 2}: nil}, "map[display.point]any{{X: 1, Y: 2}: nil}"},
		{[]any{1, "a", nil, 1.5}, `[]any{1, "a", nil, 1.5}`},
		{[]any{errors.New("e")}, `[]any{e}`},
		{loop, `&display.node{Name: "a", Next: &display.node{…}}`},
		{func(int) string { return "" }, "func(int) string {…}"},
		{make(chan int, 3), "chan int (0 of 3)"},
		{struct{ c chan int }{}, "struct { c chan int }{c: nil}"},
	} {
		if got := Text(c.v); got != c.want {
			t.Errorf("%#v:\n got %s\nwant %s", c.v, got, c.want)
		}
	}
	if got := Text(time.Now()); strings.Contains(got, "m=") {
		t.Errorf("monotonic clock in %s", got)
	}
}

func TestLongValuesAreBrokenOverLines(t *testing.T) {
	type record struct {
		Name  string
		Score float64
		Notes []string
	}
	got := Text([]record{{"first record of all", 0.5, []string{"a", "b"}}, {"second record of all", 0.25, nil}})
	want := `[]display.record{
  {Name: "first record of all", Score: 0.5, Notes: []string{"a", "b"}},
  {Name: "second record of all", Score: 0.25, Notes: []string(nil)},
}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	numbers := make([]int, 90)
	for i := range numbers {
		numbers[i] = 1000 + i
	}
	for _, line := range strings.Split(Text(numbers), "\n") {
		if len(line) > lineWidth+2 {
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
	if n := strings.Count(Text(numbers), "\n"); n > 9 {
		t.Errorf("%d lines for 90 numbers", n)
	}
}

func TestBigValuesSayTheirSize(t *testing.T) {
	big := make(map[int]int)
	deep := any(0)
	for i := range 12345 {
		big[i] = i
		deep = []any{deep}
	}
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"slice":  {make([]float64, 1_000_000), "(1,000,000 elements)"},
		"map":    {big, "(12,345 entries)"},
		"string": {strings.Repeat("ä", 50_000), "(100,000 bytes)"},
		"bytes":  {make([]byte, 20_000), "(20,000 elements)"},
		"deep":   {deep, "…"},
		"wide":   {[][]map[int]int{{big, big}, {big}}, "(12,345 entries)"},
	} {
		got := Text(c.v)
		if !strings.Contains(got, c.want) || len(got) > 40_000 {
			t.Errorf("%s: %d bytes: %.200s", name, len(got), got)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
