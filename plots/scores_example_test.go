package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// Scores of two kinds of images and the threshold between them.
func ExampleScores() {
	f := plots.Scores(plots.Scored{
		Score:     []float64{0.1, 0.2, 0.15, 0.7, 0.9},
		Anomalous: []bool{false, false, false, true, true},
	}, plots.At(0.5))
	fmt.Println(f)
	// Output:
	// Score histogram of 3 normal and 2 anomalous images
}
