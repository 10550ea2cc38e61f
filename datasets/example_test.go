package datasets_test

import (
	"context"
	"fmt"
	"log"

	"github.com/msflow-go/msflow/datasets"
)

// A data set is opened, checked and read in batches. Folders on disk work the same way: see Open, MVTec, Folder, …
func Example() {
	ctx := context.Background()
	data, err := datasets.Synthetic(datasets.Class("blister"), datasets.Size(64), datasets.Counts(6, 2, 5))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := datasets.Check(ctx, data, datasets.Headers); err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Name, "has the defects", data.Test.Defects())
	for batch, err := range datasets.Batches(ctx, data.Train, data.H, data.W, 4, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("from image %d: (%d,3,%d,%d), %d values\n", batch.First, len(batch.Samples), batch.H, batch.W, len(batch.X))
	}
	// Output:
	// synthetic/blister has the defects [broken colour fibre missing spot]
	// from image 0: (4,3,64,64), 49152 values
	// from image 4: (2,3,64,64), 24576 values
}

// One sample's picture and mask, at the size it has or at another.
func ExampleSample_Load() {
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(1, 0, 1))
	if err != nil {
		log.Fatal(err)
	}
	sample := data.Test[0]
	picture, mask, err := sample.Load(32, 48)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sample.Name, "is anomalous:", sample.Anomalous)
	fmt.Println(picture.Bounds().Size(), mask.Bounds().Size(), mask.Area() > 0)
	// Output:
	// gear/test/tooth/000 is anomalous: true
	// (48,32) (48,32) true
}
