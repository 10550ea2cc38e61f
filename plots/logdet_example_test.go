package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// Two blocks of one scale and one of the fusion flow, for two images each.
func ExampleLogDet() {
	f := plots.LogDet([]string{"scale 1.1", "scale 1.2", "fusion.1"}, [][]float64{{120, 130}, {-40, -30}, {5, 7}})
	fmt.Println(f)
	// Output:
	// Log-determinants of 3 blocks, sum of the means 96 nats
}
