package plots_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// notNumbers finds coordinates that no viewer can draw.
var notNumbers = regexp.MustCompile(`[ ,"]([+-]?Inf|NaN)`)

// TestNumbersThatAreNone: each number that a figure is given is tried as NaN and infinity. The figure says that it cannot
// be drawn, or draws what there is.
func TestNumbersThatAreNone(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for name, f := range figuresWith(bad) {
			t.Run(fmt.Sprintf("%s/%v", name, bad), func(t *testing.T) {
				figure := f()
				svg := figure.Size(240, 200).SVG() // small, to be fast
				if at := notNumbers.FindString(svg); at != "" && figure.Err() == nil {
					t.Errorf("it is drawn with %q", at)
				}
				if figure.String() == "" {
					t.Error("it has no description")
				}
			})
		}
	}
}

func figuresWith(bad float64) map[string]func() *plots.Figure {
	scored := sampleScores()
	scored.Score = slices.Clone(scored.Score)
	scored.Score[3] = bad
	curve := plots.Curve{X: []float64{0, bad, 1}, Y: []float64{0, 0.5, 1}, Thresholds: []float64{2, 1, 0}}
	values := make([]float32, 64)
	values[9], values[10] = float32(bad), 1
	g := sampleGallery()
	g.Score = slices.Clone(g.Score)
	g.Score[1] = bad
	maps := sampleGallery()
	maps.maps = slices.Clone(maps.maps)
	maps.maps[0] = slices.Clone(maps.maps[0])
	maps.maps[0][7] = float32(bad)
	picture, good := maps.pictures[0], []float32{0, 1, 2, 3}
	log := sampleLog()
	log.Columns = slices.Clone(log.Columns)
	log.Columns[1] = slices.Clone(log.Columns[1])
	log.Columns[1][5] = bad
	return map[string]func() *plots.Figure{
		"ROC":               func() *plots.Figure { return plots.ROC(curve) },
		"PR":                func() *plots.Figure { return plots.PR(curve) },
		"PRO":               func() *plots.Figure { return plots.PRO(curve) },
		"ROC's threshold":   func() *plots.Figure { return plots.ROC(sampleRanking(0), plots.At(bad)) },
		"PRO's limit":       func() *plots.Figure { return plots.PRO(sampleCurve(), plots.Limit(bad)) },
		"scores":            func() *plots.Figure { return plots.Scores(scored) },
		"scores' threshold": func() *plots.Figure { return plots.Scores(sampleScores(), plots.At(bad)) },
		"sweep":             func() *plots.Figure { return plots.Sweep(scored) },
		"sweep's threshold": func() *plots.Figure { return plots.Sweep(sampleScores(), plots.At(bad)) },
		"heat map":          func() *plots.Figure { return plots.HeatMap(values, 8, 8) },
		"heat map's level":  func() *plots.Figure { return plots.HeatMap(good, 2, 2, plots.Level(bad)) },
		"heat map's range":  func() *plots.Figure { return plots.HeatMap(good, 2, 2, plots.Range(0, bad)) },
		"overlay":           func() *plots.Figure { return plots.OverlayMap(picture, values, 8, 8) },
		"overlay's range":   func() *plots.Figure { return plots.OverlayMap(picture, good, 2, 2, plots.Range(bad, 1)) },
		"maps' scores":      func() *plots.Figure { return plots.Maps(g, plots.Worst(1)) },
		"maps' values":      func() *plots.Figure { return plots.Maps(maps, plots.Chosen(0)) },
		"maps' level":       func() *plots.Figure { return plots.Maps(sampleGallery(), plots.Chosen(0), plots.Level(bad)) },
		"maps' range":       func() *plots.Figure { return plots.Maps(sampleGallery(), plots.Chosen(0), plots.Range(0, bad)) },
		"latents":           func() *plots.Figure { return plots.Latents([][]float32{{1, float32(bad)}}) },
		"log-determinants":  func() *plots.Figure { return plots.LogDet([]string{"a"}, [][]float64{{1, bad}}) },
		"training":          func() *plots.Figure { return plots.Training(log) },
		"classes": func() *plots.Figure {
			return plots.Classes(plots.Results{Classes: []string{"a", "b"}, Figures: []string{"f"}, Values: [][]float64{{bad}, {0.5}}})
		},
		"compare": func() *plots.Figure {
			return plots.Compare(plots.Summed{Figures: []string{"f", "g"}, Values: []float64{bad, 0.5}})
		},
		"compare's interval": func() *plots.Figure {
			return plots.Compare(plots.Summed{Figures: []string{"f"}, Values: []float64{0.5}, Low: []float64{bad}, High: []float64{0.7}})
		},
	}
}

func sampleCurve() plots.Curve {
	return plots.Curve{X: []float64{0, 0.1, 1}, Y: []float64{0, 0.5, 1}, Thresholds: []float64{2, 1, 0}}
}
