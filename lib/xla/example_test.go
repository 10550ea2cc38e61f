package xla_test

import (
	"fmt"
	"log"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A graph becomes a program of StableHLO, which any plugin of PJRT compiles for its device.
func ExampleLower() {
	g := G.NewGraph()
	x := G.NewVector(g, tensor.Float32, G.WithShape(3), G.WithName("x"))
	y, err := op.Exp(x)
	if err != nil {
		log.Fatal(err)
	}
	program, err := xla.Lower("exponential", []*G.Node{x}, []*G.Node{y}, xla.Float32)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(program)
	// Output:
	// module @exponential {
	//   func.func @main(%v0: tensor<3xf32>) -> (tensor<3xf32>) {
	//     %v1 = "stablehlo.exponential"(%v0) : (tensor<3xf32>) -> tensor<3xf32>
	//     "func.return"(%v1) : (tensor<3xf32>) -> ()
	//   }
	// }
}
