package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
	"gorgonia.org/tensor"
)

// A flow over two scales: features become latents of the same shapes, and come back.
func ExampleNewMSFlow() {
	rng := rand.New(rand.NewPCG(1, 0))
	m, err := flow.NewMSFlow(flow.Config{Channels: []int{6, 10}, Blocks: []int{1, 2}, Cond: []int{8, 8}}, rng)
	if err != nil {
		panic(err)
	}
	fine := tensor.New(tensor.WithShape(2, 6, 8, 4), tensor.WithBacking(tensor.Random(tensor.Float32, 2*6*8*4)))
	coarse := tensor.New(tensor.WithShape(2, 10, 4, 2), tensor.WithBacking(tensor.Random(tensor.Float32, 2*10*4*2)))
	z, logdet, err := flow.Run(m, fine, coarse)
	if err != nil {
		panic(err)
	}
	_, back, err := flow.Invert(m, z...)
	if err != nil {
		panic(err)
	}
	fmt.Println(z[0].Shape(), z[1].Shape(), len(logdet))
	fmt.Println(math.Abs(logdet[0]+back[0]) < 1e-3, math.Abs(logdet[1]+back[1]) < 1e-3)
	fmt.Println(m.Params()[3].Name)
	// Output:
	// (2, 6, 8, 4) (2, 10, 4, 2) 2
	// true true
	// parallel_flows.0.module_list.0.subnet.conv1.weight
}

// The published size on the smallest backbone at 512×512.
func ExampleSummary() {
	cfg := flow.Config{Channels: []int{24, 40, 112}, Sizes: [][2]int{{64, 64}, {32, 32}, {16, 16}}}
	m, err := flow.NewMSFlow(cfg, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		panic(err)
	}
	cost, err := flow.Summary(m, m.Maps())
	if err != nil {
		panic(err)
	}
	fmt.Println(cost)
	// Output: 2.8 M parameters, 1.6 GMAC
}

// Drawing from a flow: latents from a Gaussian, turned back into features.
func ExampleSample() {
	rng := rand.New(rand.NewPCG(1, 0))
	b, err := flow.NewGLOW(3, flow.CouplingConfig{}, rng)
	if err != nil {
		panic(err)
	}
	x, err := flow.Sample(b, []flow.Map{{C: 3, H: 5, W: 7}}, 4, 0.7, rng)
	if err != nil {
		panic(err)
	}
	fmt.Println(x[0].Shape())
	// Output: (4, 3, 5, 7)
}
