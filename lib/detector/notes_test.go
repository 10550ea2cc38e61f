package detector

import (
	"fmt"
	"strings"
	"testing"
)

// scored makes a prediction with a score, and a map and mask of 2×2 pixels.
func scored(score float64, anomalous bool, mask ...uint8) Prediction {
	return Prediction{
		Name: fmt.Sprint(score), Score: score, Anomalous: anomalous, H: 2, W: 2,
		LogP: [][]float32{{-1, -2, -3, float32(-4 - score)}}, Sizes: [][2]int{{2, 2}}, Mask: mask,
	}
}

// TestThresholdLiesBetweenScores: on a score, the last bit of that image would decide.
func TestThresholdLiesBetweenScores(t *testing.T) {
	for _, c := range []struct {
		predictions []Prediction
		want        float64
	}{
		{[]Prediction{scored(0.25, false), scored(0.75, true)}, 0.5},
		{[]Prediction{scored(0.25, true), scored(0.75, false)}, 0}, // all are called anomalous: below the lowest
	} {
		r, err := newResult(Config{}, c.predictions)
		if err != nil {
			t.Fatal(err)
		}
		if r.DetThreshold != c.want {
			t.Errorf("threshold %v, want %v", r.DetThreshold, c.want)
		}
	}
}

// TestNotesSayWhatFiguresCannot goes through the cases by their words.
func TestNotesSayWhatFiguresCannot(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(i int) Prediction
		words []string
		not   string
	}{
		{"saturated", func(i int) Prediction { return scored(1-1e-9*float64(i), i%2 == 1) }, []string{"saturated"}, "are few"},
		{"separate", func(i int) Prediction { return scored(float64(i%2)+0.001*float64(i), i%2 == 1) }, []string{"interval is a point"}, "saturated"},
		{"empty masks", func(i int) Prediction { return scored(float64(i), i%2 == 1, 0, 0, 0, 0) }, []string{"look at the masks", "12 images (1, 3"}, "saturated"},
		{"a defect out of sight", func(i int) Prediction { return scored(float64(i), i%2 == 1, 0, 0, 0, byte(i%4/3)) }, []string{"6 images (1, 5, 9, 13, 17, …): anomalous, but"}, "saturated"},
		{"all in sight", func(i int) Prediction { return scored(float64(i), i%2 == 1, 0, 0, 0, byte(i%2)) }, nil, "marked"},
	} {
		var predictions []Prediction
		for i := range 24 {
			predictions = append(predictions, c.make(i))
		}
		r, err := newResult(Config{}, predictions)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		text := r.Metrics.String()
		for _, word := range c.words {
			if !strings.Contains(text, word) || !strings.Contains(r.Metrics.HTML(), word) {
				t.Errorf("%s: %q is not said:\n%s", c.name, word, text)
			}
		}
		if strings.Contains(text, c.not) {
			t.Errorf("%s: %q is said:\n%s", c.name, c.not, text)
		}
	}
	r, err := newResult(Config{}, []Prediction{scored(1, false), scored(2, true), scored(3, true)})
	if err != nil || !strings.Contains(r.Metrics.String(), "1 normal and 2 anomalous images are few") {
		t.Errorf("three images: %v\n%v", err, r)
	}
}
