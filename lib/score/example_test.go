package score_test

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/score"
)

// One image, two scales: the odd value of the finer scale stands out in the fused map.
func ExampleFuse() {
	fine := []float32{-0.5, -0.5, -0.5, -4.5}
	coarse := []float32{-0.5}
	m := score.Fuse([][]float32{fine, coarse}, [][2]int{{2, 2}, {1, 1}}, 2, 2)
	fmt.Printf("mul %.3f\n", m.Mul)
	fmt.Printf("nats %.1f\n", m.NLL)
	fmt.Printf("score %.3f\n", score.ImageScore(m.Mul, 0.03))
	// Output:
	// mul [0.000 0.000 0.000 0.982]
	// nats [1.0 1.0 1.0 5.0]
	// score 0.982
}
