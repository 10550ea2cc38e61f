package detector_test

import (
	"context"
	"fmt"
	"log"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// A detector is fitted to normal images and tested on labelled ones. Here it is tiny and sees two epochs.
func Example() {
	ctx := context.Background()
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(8, 3, 3))
	if err != nil {
		log.Fatal(err)
	}
	d, err := detector.New(detector.Config{Size: [2]int{64, 64}, Recipe: detector.Paper, Blocks: []int{1, 1, 1}})
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Fit(ctx, data.Train, detector.Epochs(2)); err != nil {
		log.Fatal(err)
	}
	result, err := d.Test(ctx, data.Test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Normal, "normal and", result.Anomalous, "anomalous test images after", len(d.Epochs), "epochs")
	_, h, w := result.Map(0)
	fmt.Printf("an anomaly map of %d×%d pixels for each\n", h, w)
	// Output:
	// 3 normal and 3 anomalous test images after 2 epochs
	// an anomaly map of 64×64 pixels for each
}
