package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/cell"
)

// Cells use the values of earlier ones with the types that they had.
func TestEarlierResults(t *testing.T) {
	s := newSession(t)
	count := 0
	run := func(code string) string {
		t.Helper()
		count++
		r := &recorder{}
		if err := s.Eval(context.Background(), Cell{Code: code, Count: count}, r); err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		return strings.TrimSpace(fmt.Sprint(r.values...))
	}
	for _, c := range [][2]string{
		{"6 * 7", "42"},
		{"_ + 1", "43"},
		{"Out[1] / 2", "21"},
		{`[]string{"a", "b"}`, "[a b]"},
		{"len(_)", "2"},
		{"for _, x := range Out[4] { _ = x }", ""},
		{"x := Out[4][1] + \"!\"", ""},
		{"x", "b!"},
		{"type P struct { a int }; P{3}", "{3}"},
		{"_.a + Out[9].a", "6"},
		{"func twice() int { return Out[1] * 2 }", ""},
		{"twice()", "84"},
		{"error(nil)", ""},
		{"_", "84"},
		{"_, ok := map[string]int{}[\"a\"]", ""},
		{"var _ any = 3", ""},
		{"func f(_ int) (_ string) { return \"f\" }; f(_)", "f"},
	} {
		if got := run(c[0]); got != c[1] {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
	if got := s.Complete(context.Background(), "Out[9].", 7); len(got.Items) != 1 || got.Items[0].Text != "a" {
		t.Errorf("members of Out[9]: %v", got)
	}
	for _, code := range []string{"Out[6]", "Out[99]", "Out"} {
		if _, err := eval(s, code); err == nil || !strings.Contains(err.Error(), "undefined: Out") {
			t.Errorf("%s: %v", code, err)
		}
	}
	run("Out := []int{7, 8}")
	if got := run("Out[1]"); got != "8" {
		t.Errorf("an Out of one's own: %s", got)
	}
	s.Reset()
	if _, err := eval(s, "_ + 1"); err == nil {
		t.Error("a value outlives the reset")
	}
}

func TestOldResultsAreForgotten(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "0"); err != nil {
		t.Fatal(err)
	}
	for i := range keptResults + 5 {
		if r, err := eval(s, "_ + 1"); err != nil || r.result() != fmt.Sprint(i+1) {
			t.Fatalf("got %s, %v; want %d", r.result(), err, i+1)
		}
	}
	if n := len(s.scope.kept); n != keptResults {
		t.Errorf("%d are kept", n)
	}
	hiddenOnes := 0
	for name := range s.scope.objects {
		if strings.HasPrefix(name, cell.Hidden+"out") {
			hiddenOnes++
		}
	}
	if hiddenOnes != keptResults-1 { // nobody has asked for the last
		t.Errorf("%d variables are left", hiddenOnes)
	}
}
