package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// calibrated is a gallery whose maps have a unit of their own.
type calibrated struct{ gallery }

func (calibrated) MapUnit() string { return "calibrated score" }

// Figures of a result name the unit of its maps as the result does, unless the caller names another.
func TestResultsNameTheUnitOfTheirMaps(t *testing.T) {
	g := sampleGallery()
	figures := map[string]func(g plots.Gallery, opts ...plots.Option) string{
		"maps":     func(g plots.Gallery, opts ...plots.Option) string { return plots.Maps(g, opts...).SVG() },
		"scales":   func(g plots.Gallery, opts ...plots.Option) string { return plots.ScalesOf(g, 0, opts...).SVG() },
		"explorer": func(g plots.Gallery, opts ...plots.Option) string { return plots.Explorer(g, opts...).HTML() },
	}
	for name, draw := range figures {
		own := draw(calibrated{g})
		if own == draw(g) || own != draw(g, plots.Unit("calibrated score")) {
			t.Errorf("%s: the unit is not the result's", name)
		}
		if draw(calibrated{g}, plots.Unit("furlongs")) != draw(g, plots.Unit("furlongs")) {
			t.Errorf("%s: the unit is not the chosen one", name)
		}
	}
}
