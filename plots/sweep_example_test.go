package plots_test

import (
	"fmt"
	"os"

	"github.com/msflow-go/msflow/plots"
)

// What each threshold would do, as a figure and as numbers.
func ExampleSweep() {
	f := plots.Sweep(plots.Scored{
		Score:     []float64{0.1, 0.4, 0.35, 0.8},
		Anomalous: []bool{false, false, true, true},
	})
	fmt.Println(f)
	if err := f.WriteCSV(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Threshold sweep: best F1 0.800 at 0.35
	// threshold,precision,recall,f1,fpr
	// 0.1,0.5,1,0.6666666666666666,1
	// 0.35,0.6666666666666666,1,0.8,0.5
	// 0.4,0.5,0.5,0.5,0.5
	// 0.8,1,0.5,0.6666666666666666,0
}
