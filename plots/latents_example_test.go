package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// Latents of one scale; a flow that fits makes them normal with mean 0 and deviation 1.
func ExampleLatents() {
	fmt.Println(plots.Latents([][]float32{{-1, 1, -1, 1, 5}}))
	// Output:
	// Latent histograms: scale 1: mean 1.00, sd 2.19
}
