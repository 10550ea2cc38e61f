package plots_test

import (
	"fmt"
	"image"

	"github.com/msflow-go/msflow/plots"
)

// A map of 2×3 pixels, with the line around what exceeds 1.5.
func ExampleHeatMap() {
	values := []float32{0.1, 0.2, 0.1, 0.3, 1.8, 2.5}
	fmt.Println(plots.HeatMap(values, 2, 3, plots.Level(1.5)))
	fmt.Println(plots.HeatMap(values, 2, 2)) // a mistake shows in the notebook, and as Err
	// Output:
	// Heat map of 2×3 pixels, largest value 2.5 at row 1, column 2
	// plots: Heat map: a map of 2×2 pixels with 6 values
}

// The same map over the picture that it belongs to.
func ExampleOverlayMap() {
	picture := image.NewGray(image.Rect(0, 0, 30, 20))
	fmt.Println(plots.OverlayMap(picture, []float32{0.1, 0.2, 0.1, 0.3, 1.8, 2.5}, 2, 3))
	// Output:
	// Overlay of 2×3 pixels, largest value 2.5 at row 1, column 2
}
