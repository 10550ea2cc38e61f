package flow_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
)

// A block that sees where it is: the subnet gets a position code of 8 channels beside its half of the map.
func ExampleNewAllInOne() {
	code, err := flow.PositionCode(8)
	if err != nil {
		panic(err)
	}
	b, err := flow.NewAllInOne(5, flow.AllInOneConfig{Condition: code}, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		panic(err)
	}
	for _, p := range b.Params() {
		fmt.Println(p.Name, p.Value.Shape())
	}
	// Output:
	// global_scale (1, 5, 1, 1)
	// global_offset (1, 5, 1, 1)
	// w_perm (5)
	// subnet.conv1.weight (11, 11, 3, 3)
	// subnet.conv1.bias (11)
	// subnet.ln.weight (11)
	// subnet.ln.bias (11)
	// subnet.conv2.weight (4, 11, 3, 3)
	// subnet.conv2.bias (4)
}
