package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// grown is of the test beside this file: detectors, figures, and the curves with epochs, means, lows and highs.
func ExampleLearning() {
	g := grown{[]string{"msflow"}, []string{"loss"}, [][4][]float64{{{1, 2}, {900, 500}, {880, 480}, {930, 540}}}}
	fmt.Println(plots.Learning(g))
	// Output:
	// Learning curves of 1 detectors: loss (nats per image)
}
