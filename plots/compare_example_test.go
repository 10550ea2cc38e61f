package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// Two runs, the second without intervals.
func ExampleCompare() {
	first := plots.Summed{Figures: []string{"det AUROC"}, Values: []float64{0.98}, Low: []float64{0.96}, High: []float64{0.99}}
	second := plots.Summed{Figures: []string{"det AUROC"}, Values: []float64{0.95}}
	fmt.Println(plots.Compare(first, plots.Name("with fusion"), plots.With("without", second)))
	// Output:
	// Comparison of runs: with fusion det AUROC 98.0 %; without det AUROC 95.0 %
}
