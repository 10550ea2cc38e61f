package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// One image's likelihood at two scales, and what they are fused to.
func ExampleScales() {
	f := plots.Scales(plots.ScaleMaps{
		LogP:  [][]float32{{-0.5, -0.6, -2, -0.5}, {-1}},
		Sizes: [][2]int{{2, 2}, {1, 1}},
		Fused: []float32{0.1, 0.2, 1.9, 0.1}, Height: 2, Width: 2,
	})
	fmt.Println(f)
	// Output:
	// Log-likelihood maps of 2 scales and the fused map
}
