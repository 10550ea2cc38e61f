package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// A page to step through the images that were judged worst. In a notebook it is the cell's output.
func ExampleExplorer() {
	page := plots.Explorer(sampleGallery(), plots.Worst(4))
	fmt.Println(page)
	// Output: Explorer of 4 of 6 images
}
