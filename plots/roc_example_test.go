package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/metrics"
	"github.com/msflow-go/msflow/plots"
)

// A ranking of image scores is a ROCer; With draws a second run beside it.
func ExampleROC() {
	scores := []float64{0.1, 0.4, 0.35, 0.8, 0.9}
	anomalous := []bool{false, false, true, true, true}
	ranking, err := metrics.Rank(scores, anomalous)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := plots.ROC(ranking, plots.At(0.8))
	fmt.Println(f)
	// Output:
	// ROC curve: AUROC 0.833
}
