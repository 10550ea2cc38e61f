package detector

import (
	"math"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// What the figures ask for is what results and detectors offer.
var (
	_ plots.ROCer            = (*Result)(nil)
	_ plots.PRer             = (*Result)(nil)
	_ plots.PROer            = (*Result)(nil)
	_ plots.Gallery          = (*Result)(nil)
	_ plots.Thresholder      = (*Result)(nil)
	_ plots.PixelThresholder = (*Result)(nil)
	_ plots.Multiscaler      = (*Result)(nil)
	_ plots.Summarizer       = (*Result)(nil)
	_ plots.Tabler           = Classes(nil)
	_ plots.Historian        = (*Detector)(nil)
)

// flat is an image of one pixel with a score, of class c.
func flat(c string, anomalous bool, score float64) Prediction {
	return Prediction{Class: c, Anomalous: anomalous, Score: score, H: 1, W: 1, LogP: [][]float32{{float32(-score)}}, Sizes: [][2]int{{1, 1}}}
}

func TestByClass(t *testing.T) {
	r, err := newResult(Config{}, []Prediction{
		flat("b_x", false, 1), flat("b_x", true, 2), flat("b_x", false, 3), // half of the pairs are in order
		flat("a", false, 10), flat("a", true, 20),
	})
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.ByClass()
	if err != nil {
		t.Fatal(err)
	}
	if len(table) != 2 || table[0].Class != "a" || table[0].DetAUROC != 1 || table[1].DetAUROC != 0.5 {
		t.Fatalf("%v", table)
	}
	if m := table.Mean(); m[0] != 0.75 || !math.IsNaN(m[1]) {
		t.Errorf("the mean is %v", m)
	}
	for name, text := range map[string]string{"String": table.String(), "HTML": table.HTML(), "LaTeX": table.LaTeX()} {
		if !strings.Contains(text, "75.00") || !strings.Contains(text, "mean") || strings.Contains(text, "NaN") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if !strings.Contains(table.LaTeX(), `b\_x & 50.00`) {
		t.Error(table.LaTeX())
	}
	if _, err := (&Result{Images: []Prediction{flat("a", true, 1)}}).ByClass(); err == nil || !strings.Contains(err.Error(), "class a") {
		t.Errorf("a class of one label: %v", err)
	}
}
