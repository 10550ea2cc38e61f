package plots_test

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/plots"
)

// Columns named "panel.series" share a panel. NaN stands for what was not measured.
func ExampleTraining() {
	f := plots.Training(plots.Log{
		Names: []string{"epoch", "loss.training", "loss.held out", "lr"},
		Columns: [][]float64{
			{1, 2, 3},
			{-1.0e5, -2.1e5, -2.6e5},
			{math.NaN(), -2.0e5, -2.4e5},
			{1e-5, 1e-4, 1e-4},
		},
	})
	fmt.Println(f)
	// Output:
	// Training curves: loss (nats per image), learning rate
}
