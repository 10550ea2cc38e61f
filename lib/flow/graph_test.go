package flow

import (
	"strings"
	"testing"
)

// TestGraphLayout: a map is used exactly once; the error says which is not.
func TestGraphLayout(t *testing.T) {
	norm := must(NewActNorm(2))(t)
	m := Map{2, 3, 3}
	t.Run("used twice", func(t *testing.T) {
		g := NewGraph()
		x := g.Input(m)
		must(g.Add(norm, x))(t)
		_, err := g.Add(norm, x)
		wantError(t, err, "input 0 (2,3,3) is used twice")
	})
	t.Run("leads nowhere", func(t *testing.T) {
		g := NewGraph()
		out := must(g.Add(must(NewSplit(1, 1))(t), g.Input(m)))(t)
		_, err := g.Build(out[0])
		wantError(t, err, "output 1 (1,3,3) of node 0 leads nowhere")
	})
	t.Run("wrong shape", func(t *testing.T) {
		g := NewGraph()
		_, err := g.Add(norm, g.Input(Map{5, 3, 3}))
		wantError(t, err, "ActNorm")
	})
	t.Run("another graph's wire", func(t *testing.T) {
		other, g := NewGraph(), NewGraph()
		foreign, own := other.Input(m), g.Input(m) // equal numbers of wires
		_, err := g.Add(norm, foreign)
		wantError(t, err, "another graph")
		_, err = g.Add(norm, Wire{Map: m})
		wantError(t, err, "another graph")
		_, err = g.Build(foreign)
		wantError(t, err, "another graph")
		must(g.Build(own))(t) // the attempts used nothing up
	})
	t.Run("a failed attempt uses nothing up", func(t *testing.T) {
		g, join := NewGraph(), must(NewConcat(2, 2))(t)
		a, b := g.Input(m), g.Input(m)
		_, err := g.Add(join, a, a)
		wantError(t, err, "input 0 (2,3,3) is used twice")
		must(g.Build(must(g.Add(join, a, b))(t)...))(t)
	})
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
