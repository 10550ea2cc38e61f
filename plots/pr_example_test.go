package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// A curve of one's own needs no ranking.
func ExamplePR() {
	f := plots.PR(plots.Curve{X: []float64{0, 0.5, 1}, Y: []float64{1, 1, 0.8}})
	fmt.Println(f)
	// Output:
	// Precision-recall curve: AP 0.900
}
