package native

import (
	"bytes"
	"errors"
	"testing"

	"github.com/msflow-go/msflow/kernel/display"
)

// printed is what cells print.
func printed(t *testing.T, cells ...func()) string {
	t.Helper()
	var b bytes.Buffer
	before := out
	out = &printer{w: &b}
	defer func() { out = before }()
	Run(cells...)
	return b.String()
}

func TestValuesArePrintedAsInANotebook(t *testing.T) {
	got := printed(t,
		func() { Show(42) },
		func() { Show("a", 1) },
		func() { Show(nil) },
		func() { Show(display.HTML("<b>x</b>")) },
		func() { display.Display([]int{1}) },
		func() { ShowChecked(7, nil) },
		func() { ShowChecked(nil) },
		func() { ShowChecked(errors.New("late")) })
	const want = "42\n\"a\", 1\nnil\nx\n[]int{1}\n7\nlate\n"
	if got != want {
		t.Errorf("printed\n%s\ninstead of\n%s", got, want)
	}
}

func TestWhatChangesIsPrintedOnceAtTheEndOfItsCell(t *testing.T) {
	got := printed(t,
		func() {
			h := display.New("first")
			display.Display("between")
			h.Update("last")
		},
		func() { Show("next") })
	if want := "\"between\"\n\"last\"\n\"next\"\n"; got != want {
		t.Errorf("printed\n%s\ninstead of\n%s", got, want)
	}
}
