package engine

import (
	"fmt"
	"go/types"
	"reflect"
	"testing"

	"golang.org/x/tools/go/ssa"
)

// TestProgramFields fails when go/ssa changes what narrow.go reaches into.
func TestProgramFields(t *testing.T) {
	for _, c := range []struct {
		in    reflect.Type
		field string
		want  reflect.Type
	}{
		{reflect.TypeFor[ssa.Program](), "packages", reflect.TypeFor[map[*types.Package]*ssa.Package]()},
		{reflect.TypeFor[ssa.Package](), "objects", reflect.TypeFor[map[types.Object]ssa.Member]()},
	} {
		if f, ok := c.in.FieldByName(c.field); !ok || f.Type != c.want {
			t.Errorf("%v.%s is %v, want %v", c.in, c.field, f.Type, c.want)
		}
	}
}

// TestGenericsOutliveWhatTheyMention instantiates generic code long after what
// its body mentions was declared anew, and out of linking's sight.
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

// TestLinkingSeesLittle counts what linking looks into after many cells.
func TestLinkingSeesLittle(t *testing.T) {
	s := newSession(t)
	before := seen(s)
	for k := range 200 {
		if _, err := eval(s, fmt.Sprintf("v%d := %d; func f%d() {}; type t%d int; v%d", k, k, k, k, k)); err != nil {
			t.Fatal(err)
		}
	}
	if after := seen(s); after > before+10 { // packages of the library come with their first use
		t.Errorf("linking looks into %d packages, %d at the start", after, before)
	}
}

func seen(s *Session) int {
	n := 0
	for _, p := range s.narrowed.packages {
		if p != s.narrowed.linked {
			n++
		}
	}
	return n
}
