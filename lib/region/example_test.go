package region_test

import (
	"encoding/json"
	"os"
	"time"

	"github.com/msflow-go/msflow/lib/region"
)

// A scratch of three pixels, in a map of 3×5, as COCO annotations.
func ExampleFind() {
	scores := []float32{
		0, 0, 0, 0, 0,
		0, .6, .9, .6, 0,
		0, 0, 0, 0, .7,
	}
	found := region.Find(scores, 3, 5, region.Thresholds{Low: 0.5, High: 0.8, MinArea: 2})
	coco := region.NewCOCO("one scratch", time.Time{})
	coco.Add("plate.png", found)
	_ = json.NewEncoder(os.Stdout).Encode(coco.Annotations)
	// Output:
	// [{"id":1,"image_id":1,"category_id":1,"segmentation":[[4,1,4,2,5,2,5,3,4,3,4,2,1,2,1,1]],"area":4,"bbox":[1,1,4,2],"iscrowd":0,"score":0.8999999761581421}]
}
