package op_test

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A step of gradient descent on a 1×1 convolution: the cost ½Σ(relu(w∗x) − 1)² over a map of one channel and four pixels.
// Our ops and Gorgonia's mix, G.Grad differentiates through both, and a Program computes what is asked for.
func Example() {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 1, 2, 2), G.WithName("x"))
	w := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 1, 1, 1), G.WithName("w"))

	y, err := op.Conv2D(x, w, nil, op.Conv{})
	if err != nil {
		fmt.Println(err)
		return
	}
	y = G.Must(op.ReLU(y))
	miss := G.Must(G.Sub(y, G.NewConstant(float32(1))))
	cost := G.Must(op.Scale(G.Must(op.SumAll(G.Must(op.Square(miss)))), 0.5))
	grads, err := G.Grad(cost, w)
	if err != nil {
		fmt.Println(err)
		return
	}

	step, err := op.Compile(cost, grads[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	weight := tensor.New(tensor.WithShape(1, 1, 1, 1), tensor.WithBacking([]float32{2}))
	G.Let(w, weight)
	G.Let(x, tensor.New(tensor.WithShape(1, 1, 2, 2), tensor.WithBacking([]float32{1, 0.5, 0.25, -1})))
	for range 3 {
		if err := step.Run(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("cost %.3f at w = %.3f\n", step.Value(cost).Float32s()[0], weight.Float32s()[0])
		weight.Float32s()[0] -= 0.5 * step.Value(grads[0]).Float32s()[0] // bound tensors are shared, not copied
	}
	// Output:
	// cost 1.125 at w = 2.000
	// cost 0.868 at w = 1.562
	// cost 0.837 at w = 1.412
}

// An error says which op, and which shapes do not fit.
func ExampleConv2D() {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(8, 3, 32, 32), G.WithName("x"))
	w := G.NewTensor(g, tensor.Float32, 4, G.WithShape(16, 4, 3, 3), G.WithName("w"))
	_, err := op.Conv2D(x, w, nil, op.Conv{Pad: [4]int{1, 1, 1, 1}})
	fmt.Println(err)
	// Output:
	// op: Conv2D{stride 1,1 pad 1,1,1,1 dilation 1,1 groups 1}: x (8,3,32,32) has 3 channels but w (16,4,3,3) takes 4 in 1 groups
}
