package plots_test

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/plots"
)

// Two classes beside published values; a missing value is NaN.
func ExampleClasses() {
	figures := []string{"det AUROC", "PRO"}
	ours := plots.Results{Classes: []string{"bottle", "cable"}, Figures: figures, Values: [][]float64{{0.99, 0.96}, {0.95, math.NaN()}}}
	published := plots.Results{Classes: []string{"bottle"}, Figures: figures, Values: [][]float64{{1, 0.977}}}
	fmt.Println(plots.Classes(ours, plots.With("published", published)))
	// Output:
	// Results of 2 classes, mean det AUROC 97.0 %, mean PRO 96.0 %
}
