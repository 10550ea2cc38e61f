package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// The shaded area, divided by the limit, is the AUPRO.
func ExamplePRO() {
	curve := plots.Curve{X: []float64{0, 0.05, 1}, Y: []float64{0, 0.8, 1}}
	fmt.Println(plots.PRO(curve))
	fmt.Println(plots.PRO(curve, plots.Limit(0.05)))
	// Output:
	// PRO curve: AUPRO (FPR ≤ 0.3) 0.755
	// PRO curve: AUPRO (FPR ≤ 0.05) 0.400
}
