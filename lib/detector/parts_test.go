package detector

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// inParts gives the samples parts of n photos each.
func inParts(set datasets.Set, n int) datasets.Set {
	out := append(datasets.Set{}, set...)
	for i := range out {
		out[i].Group = fmt.Sprint("part ", i/n)
	}
	return out
}

// Photos of one part are held out together, and a training set of one part has nothing to hold out.
func TestHoldOutNeedsParts(t *testing.T) {
	data, c := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Fit(context.Background(), inParts(data.Train, 12), Epochs(1), HoldOut(0.25))
	if err == nil || !strings.Contains(err.Error(), "leaves 12 to train on and 0 held out") {
		t.Errorf("holding out of a single part: %v", err)
	}
	if err := d.Fit(context.Background(), inParts(data.Train, 6), Epochs(1), HoldOut(0.25)); err != nil {
		t.Errorf("holding out one part of two: %v", err)
	}
}

// Intervals are those of parts, so that they are wider where several images show one part, and the table says how many.
func TestIntervalsGoByPart(t *testing.T) {
	var images []Prediction
	for part := range 12 {
		for photo := range 6 {
			images = append(images, Prediction{
				Name: fmt.Sprintf("%d/%d", part, photo), Part: fmt.Sprint(part), Anomalous: part%2 == 1, Defect: "dent",
				Score: float64(part*7%12) + float64(photo)/100, H: 1, W: 1, LogP: [][]float32{{0}}, Sizes: [][2]int{{1, 1}},
			})
		}
	}
	width := func() float64 {
		r, err := newResult(Config{Seed: 1}, images)
		if err != nil {
			t.Fatal(err)
		}
		if parts := r.Parts; !strings.Contains(r.Metrics.String(), fmt.Sprintf("of %d parts", parts)) != (parts == 72) {
			t.Errorf("%d parts: %s", parts, r.Metrics)
		}
		return r.DetAUROCCI[1] - r.DetAUROCCI[0]
	}
	byPart := width()
	for i := range images {
		images[i].Part = ""
	}
	if byImage := width(); byPart < 1.5*byImage {
		t.Errorf("the interval is %.3f wide by part and %.3f by image", byPart, byImage)
	}
}
