package engine

import (
	"testing"
)

func TestOutputOutsideOfCells(t *testing.T) {
	before := lastForeground.Swap(nil)
	defer lastForeground.Store(before)
	defer elsewhere.Store(nil)
	r := &recorder{}
	OutputTo(r)
	Output().Notice("x")
	if len(r.notices) != 1 {
		t.Error("a notice outside of cells went elsewhere")
	}
}
