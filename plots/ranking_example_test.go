package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// placed is of the test beside this file: names, values, and the ends of their intervals.
func ExampleRanking() {
	r := placed{[]string{"msflow", "padim"}, []float64{0.98, 0.91}, []float64{0.97, 0.88}, []float64{0.99, 0.93}}
	fmt.Println(plots.Ranking(r, plots.Name("AUPRO")))
	// Output:
	// Ranking by AUPRO: msflow 98.0 %, padim 91.0 %
}
