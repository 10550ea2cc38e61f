package engine

import (
	"fmt"
	"testing"
)

// TestCodelessCells compares cells that have no code with the same value from code.
func TestCodelessCells(t *testing.T) {
	s := newSession(t)
	setup := `type Level uint8; type Half float32; type Word string
const high Level = 200; const half Half = 0.1; const word Word = "w"; const big = 1 << 40
type Pair struct { A int; b []string }
i, f, p, q := 3, Half(1.5), Pair{1, []string{"x"}}, &Pair{A: 2}
var e error
var anything any = Level(3)
arr := [2]int{1, 2}; m := map[string]int{"a": 1}; d := time.Second`
	if _, err := eval(s, setup); err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		"1 + 1", "(1 << 20) - 1", "'a'", "1.5", "0.1 + 0.2", "float32(0.1)", `"a" + "b"`, "true && 1 < 2", "uint64(1<<64 - 1)", "int8(-5)",
		"high", "half", "word", "big", "time.Second", "math.Pi", "len(arr)", "i", "(f)", "p", "q", "anything", "arr", "m", "d",
	} {
		known, err := eval(s, src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		coded, err := eval(s, "func() any { return "+src+" }()")
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if a, b := typed(known), typed(coded); a != b {
			t.Errorf("%s is %s, from code %s", src, a, b)
		}
	}
	u, err := s.compileCell(Cell{Code: "i"})
	if err != nil || u.values == nil {
		t.Errorf("a variable needs code: %v", err)
	}
	if r, err := eval(s, "i = 4; i"); err != nil || r.result() != "4" {
		t.Errorf("got %s, %v", r.result(), err)
	}
	for _, src := range []string{"i;", "e"} {
		if r, err := eval(s, src); err == nil && r.result() != "-" {
			t.Errorf("%s shows %s", src, r.result())
		}
	}
}

func typed(r *recorder) string {
	if len(r.values) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%T %#v", r.values[0], r.values[0])
}
