package live

import (
	"strings"
	"testing"
)

func TestTerminal(t *testing.T) {
	v := view{text: "epoch 2/4", done: 3, total: 8, losses: []float64{10, 5, 0}}
	if got, want := v.Terminal(80), "|███████▌            | epoch 2/4\nloss █▄▁"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.finished = true
	if got := v.Terminal(80); strings.Contains(got, "|") {
		t.Errorf("a bar after the end: %q", got)
	}
	long := view{losses: make([]float64, 500)}
	for _, line := range strings.Split(long.Terminal(40), "\n") {
		if n := len([]rune(line)); n > 40 {
			t.Errorf("%d columns of 40", n)
		}
	}
}
