package engine

import (
	"math"
	"testing"
	"time"
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

// TestPrintAsTheRuntime compares the text of print with that of Go's runtime.
func TestPrintAsTheRuntime(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{1.5, "1.5"}, {-2.25, "-2.25"}, {float32(0.1), "0.1"}, {1e30, "1e+30"}, {1e11, "1e+11"}, {math.NaN(), "NaN"}, {math.Inf(1), "+Inf"},
		{3i, "(0+3i)"}, {complex64(0.1 - 2i), "(0.1-2i)"}, {'x', "120"}, {true, "true"}, {"text", "text"}, {nil, "(0x0,0x0)"}, {time.Second, "1000000000"},
	} {
		if got := string(AppendBuiltin(nil, c.v)); got != c.want {
			t.Errorf("print(%v) gives %s, want %s", c.v, got, c.want)
		}
	}
}
