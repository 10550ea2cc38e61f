package flow_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
)

// waveNet is a subnet of one's own: sin(w∗x), in ordinary Gorgonia code.
type waveNet struct{ w *flow.Param }

func (n waveNet) Apply(t *flow.Tape, x *G.Node) (*G.Node, error) {
	y, err := op.Conv2D(x, t.Node(n.w), nil, op.Conv{Pad: [4]int{1, 1, 1, 1}})
	if err != nil {
		return nil, err
	}
	return G.Sin(y)
}

func (n waveNet) Params() []*flow.Param { return []*flow.Param{n.w} }

func ExampleSubnet() {
	wave := func(name string, in, out int, rng *rand.Rand) (flow.Net, error) {
		w := make([]float32, out*in*3*3)
		for i := range w {
			w[i] = 0.1 * float32(rng.NormFloat64())
		}
		return waveNet{flow.NewParam(name+".w", w, out, in, 3, 3)}, nil
	}
	b, err := flow.NewRealNVP(4, flow.CouplingConfig{Subnet: wave}, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		panic(err)
	}
	for _, p := range b.Params() {
		fmt.Println(p.Name, p.Value.Shape())
	}
	// Output:
	// subnet_s1.w (2, 2, 3, 3)
	// subnet_t1.w (2, 2, 3, 3)
	// subnet_s2.w (2, 2, 3, 3)
	// subnet_t2.w (2, 2, 3, 3)
}
