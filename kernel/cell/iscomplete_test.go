package cell

import (
	"fmt"
	"testing"
)

func TestIsComplete(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"x := 1", `complete ""`},
		{"", `complete ""`},
		{"for i := range 3 {", `incomplete "\t"`},
		{"for i := range 3 {\n\tif i > 1 {", `incomplete "\t\t"`},
		{"for i := range 3 {\n\tfmt.Println(i)", `incomplete "\t"`},
		{"for i := range 3 {\n\tfmt.Println(i)\n}", `complete ""`},
		{"x := ", `incomplete ""`},
		{"1 +", `incomplete ""`},
		{"foo(a,", `incomplete "\t"`},
		{"`raw", `incomplete ""`},
		{"/* comment", `incomplete ""`},
		{"x := )", `invalid ""`},
		{"if x { } else", `incomplete ""`},
		{"func f() int", `complete ""`},
		{"x y z", `invalid ""`},
		{"type T struct {\n    A int", `incomplete "    "`},
		{"import (", `incomplete "\t"`},
		{"%time x", `complete ""`},
		{"!ls |", `complete ""`},
		{"a.", `incomplete ""`},
	} {
		got := IsComplete(c.code)
		if g := fmt.Sprintf("%s %q", got.Status, got.Indent); g != c.want {
			t.Errorf("%q: got %s, want %s", c.code, g, c.want)
		}
	}
}
