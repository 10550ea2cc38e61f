package flow_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
)

// A multi-scale flow: coarse and fine content part after a Haar transform, and only the coarse goes on.
func ExampleNewGraph() {
	rng := rand.New(rand.NewPCG(1, 0))
	split, err := flow.NewSplit(3, 9)
	if err != nil {
		panic(err)
	}
	coupling, err := flow.NewGLOW(3, flow.CouplingConfig{}, rng)
	if err != nil {
		panic(err)
	}
	g := flow.NewGraph()
	x := g.Input(flow.Map{C: 3, H: 8, W: 8})
	bands, err := g.Add(flow.NewHaar(true), x)
	if err != nil {
		panic(err)
	}
	parts, err := g.Add(split, bands...)
	if err != nil {
		panic(err)
	}
	coarse, err := g.Add(coupling, parts[0])
	if err != nil {
		panic(err)
	}
	b, err := g.Build(coarse[0], parts[1])
	if err != nil {
		panic(err)
	}
	out, err := b.Out([]flow.Map{{C: 3, H: 32, W: 16}}) // the same graph at another size
	fmt.Println(out, err)
	// Output: [(3,16,8) (9,16,8)] <nil>
}

// Parameters are named by their place.
func ExampleNewSequence() {
	a, err := flow.NewActNorm(2)
	if err != nil {
		panic(err)
	}
	p, err := flow.PermuteBy([]int{1, 0})
	if err != nil {
		panic(err)
	}
	for _, q := range flow.NewSequence(a, p).Params() {
		fmt.Println(q.Name, q.Frozen)
	}
	// Output:
	// module_list.0.scale false
	// module_list.0.bias false
	// module_list.1.perm true
}
