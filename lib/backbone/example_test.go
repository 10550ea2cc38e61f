package backbone_test

import (
	"fmt"
	"log"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/weights"
)

// The default backbone needs no file: its weights are inside the program.
func Example() {
	b, err := backbone.New("efficientnet_lite0", weights.EmbeddedLite0(), backbone.Options{})
	if err != nil {
		log.Fatal(err)
	}
	const batch, h, w = 2, 64, 96
	images := make([]float32, batch*3*h*w) // normalised RGB, (B,3,H,W)
	maps, err := b.Features(images, batch, h, w)
	if err != nil {
		log.Fatal(err)
	}
	pooled := backbone.Pool(maps, batch, "avg")
	for i, f := range maps {
		fmt.Printf("stride %2d: %3d channels %2d×%2d, pooled %2d×%2d\n", b.Strides()[i], f.C, f.H, f.W, pooled[i].H, pooled[i].W)
	}
	// Output:
	// stride  4:  24 channels 16×24, pooled  8×12
	// stride  8:  40 channels  8×12, pooled  4× 6
	// stride 16: 112 channels  4× 6, pooled  2× 3
}
