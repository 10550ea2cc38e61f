package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// ranks is of the test beside this file: names, mean ranks, and the critical difference.
func ExampleCriticalDifference() {
	fmt.Println(plots.CriticalDifference(ranks{[]string{"msflow", "padim", "knn"}, []float64{1.2, 2.1, 2.7}, 0.9}))
	// Output:
	// Critical difference: msflow has the mean rank 1.20, padim has the mean rank 2.10, knn has the mean rank 2.70; ranks that differ by 0.90 or less cannot be told apart
}
