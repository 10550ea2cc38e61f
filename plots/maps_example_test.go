package plots_test

import (
	"fmt"

	"github.com/msflow-go/msflow/plots"
)

// The image that was judged worst, then image 0. The gallery may be a detector's result; here it is made up.
func ExampleMaps() {
	f := plots.Maps(sampleGallery(), plots.Worst(1), plots.Chosen(0))
	fmt.Println(f)
	// Output:
	// Likelihood maps of 2 images: tile/002.png: anomalous, score 0.4, missed; tile/000.png: anomalous, score 0.9, judged rightly
}
