package engine

import "testing"

// TestOldCodeMeetsNewType is what the access is for: without it this ends the process.
func TestOldCodeMeetsNewType(t *testing.T) {
	s := newSession(t)
	for _, src := range []string{
		`text := func(x fmt.Stringer) string { return x.String() }`,
		`type late struct{}; func (late) String() string { return "late" }`,
	} {
		if _, err := eval(s, src); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := eval(s, `text(late{}) + text(&late{})`); err != nil || r.result() != "latelate" {
		t.Errorf("got %s, %v", r.result(), err)
	}
}

// TestGenericsOutliveWhatTheyMention instantiates generic code long after what its body mentions was declared anew, and
// out of linking's sight.
func TestGenericsOutliveWhatTheyMention(t *testing.T) {
	s := newSession(t)
	do := func(src, want string) {
		t.Helper()
		if r, err := eval(s, src); err != nil || want != "" && r.result() != want {
			t.Errorf("%s\ngot %s, %v; want %s", src, r.result(), err, want)
		}
	}
	do("x := 0", "")
	do("func helper() int { return 1 }", "")
	do("type inner struct{}; func (inner) One() int { return helper() }", "")
	do("type Box[T any] struct { v T; inner }; func (b Box[T]) Two() int { return helper() + b.One() }", "")
	do("func G[T any](x T) int { y := Box[T]{v: x}; return helper() + y.Two() }", "")
	do(`func helper() string { return "" }; type inner int`, "")
	for range 200 {
		do("x++", "")
	}
	do(`G("a")`, "3")
	do("var i interface { One() int; Two() int } = Box[float64]{}; i.One() + i.Two()", "3")
	do("type Outer struct { Box[bool] }; i = &Outer{}; i.One() + i.Two()", "3")
}
