package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestHeatMapGolden(t *testing.T) {
	golden(t, "heatmap", plots.HeatMap(sampleGallery().maps[0], sampleH, sampleW, plots.Level(2)).Size(420, 330))
}

func TestOverlayGolden(t *testing.T) {
	g := sampleGallery()
	golden(t, "overlay", plots.OverlayMap(g.pictures[0], g.maps[0], sampleH, sampleW).Size(420, 330))
}
