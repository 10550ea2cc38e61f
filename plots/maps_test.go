package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestMapsGolden(t *testing.T) {
	golden(t, "maps", plots.Maps(sampleGallery(), plots.Worst(2), plots.Best(1), plots.Chosen(5)).Size(560, 420))
}
