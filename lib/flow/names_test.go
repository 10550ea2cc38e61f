package flow

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
)

func names(b Block) (all []string) {
	for _, p := range b.Params() {
		all = append(all, p.Name)
	}
	return all
}

// TestABlockKeepsItsNames: a block may stand in any number of compositions, and a notebook's cell that composes may run
// again; each composition has its own names for the parameters, which it shares with the others.
func TestABlockKeepsItsNames(t *testing.T) {
	a, b := must(NewActNorm(2))(t), must(NewActNorm(2))(t)
	own := names(a)
	first := NewSequence(a, b)
	want := names(first)
	if !slices.Equal(want, []string{"module_list.0.scale", "module_list.0.bias", "module_list.1.scale", "module_list.1.bias"}) {
		t.Fatalf("the chain's names are %v", want)
	}
	again, turned, nested := NewSequence(a, b), NewSequence(b, a, b), NewSequence(first, a)
	g := NewGraph()
	graph := must(g.Build(must(g.Add(first, g.Input(Map{2, 1, 1})))(t)...))(t)
	for name, c := range map[string]struct {
		b    Block
		want []string
	}{
		"the block": {a, own}, "the first chain": {first, want}, "the same chain again": {again, want}, "turned": {turned, want},
		"nested": {nested, prefixed("module_list.0.", want)}, "in a graph": {graph, prefixed("module_list.0.", want)},
	} {
		if got := names(c.b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	set(t, turned.Params()[0], []float32{5, 6}) // b's scale
	for _, c := range []Block{first, again, nested, graph} {
		if got := c.Params()[2].Float32s(); !slices.Equal(got, []float32{5, 6}) {
			t.Errorf("%s is %v in another composition", c.Params()[2].Name, got)
		}
	}
}

func prefixed(s string, names []string) (out []string) {
	for _, n := range names {
		out = append(out, s+n)
	}
	return out
}

// On a tape, leaves and watched blocks have the names of the whole model, for messages and exported graphs.
func TestATapeHasTheModelsNames(t *testing.T) {
	m := must(NewMSFlow(Config{Channels: []int{4, 4}, Blocks: []int{1, 2}, Cond: []int{0, 0}}, rand.New(rand.NewPCG(1, 1))))(t)
	tape := NewTape(2)
	x := []Map{{4, 4, 4}, {4, 2, 2}}
	if _, _, err := m.Forward(tape, inputs(tape, x)); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, n := range names(m) {
		known[n] = true
	}
	for _, p := range tape.Params() {
		if !known[p.Name] || !strings.HasPrefix(tape.Node(p).Name(), p.Name) {
			t.Errorf("the tape calls a parameter %s, its leaf %s", p.Name, tape.Node(p).Name())
		}
	}
	if w := tape.Watched(BlockOutput)[2]; w.Name != "parallel_flows.1.module_list.1" {
		t.Errorf("the third block is called %s", w.Name)
	}
	back := NewTape(2)
	if _, _, err := m.Inverse(back, inputs(back, x)); err != nil {
		t.Fatal(err)
	}
	for _, p := range back.Params() {
		if !known[p.Name] {
			t.Errorf("inverted, the tape calls a parameter %s", p.Name)
		}
	}
}

func inputs(t *Tape, maps []Map) (in []*G.Node) {
	for _, m := range maps {
		in = append(in, t.Input("x", m))
	}
	return in
}
