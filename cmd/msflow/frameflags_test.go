package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

func TestFrameFlags(t *testing.T) {
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(2, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	f := frameFlags{fit: datasets.FitStretch, overlap: 64}
	if frame, err := f.frame(data.Train); frame != nil || err != nil {
		t.Errorf("without flags the frame is %+v (%v)", frame, err)
	}
	f.region = "8,4,20,30"
	frame, err := f.frame(data.Train)
	if err != nil || frame.Region.W != 64 || !slices.Equal(frame.Region.Polygon, [][2]float64{{8, 4}, {28, 4}, {28, 34}, {8, 34}}) {
		t.Errorf("%+v (%v)", frame, err)
	}
	f.region, f.fit = "1,1 60,2 30,50", datasets.FitPad
	if frame, err := f.frame(data.Train); err != nil || len(frame.Region.Polygon) != 3 || frame.Fit != datasets.FitPad {
		t.Errorf("%+v (%v)", frame, err)
	}
	f.region = "8,4,80,30"
	if _, err := f.frame(data.Train); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("a region beyond the picture: %v", err)
	}
	given := func(names ...string) func(string) bool {
		return func(flag string) bool { return slices.Contains(names, flag) }
	}
	for want, c := range map[string]struct {
		frameFlags
		given []string
	}{
		"no number":         {frameFlags{region: "1,2,x,4"}, nil},
		"three corners":     {frameFlags{region: "1,2 3,4"}, nil},
		"fit":               {frameFlags{fit: "zoom"}, nil},
		"exclude":           {frameFlags{region: "1,2,3,4", mask: "m.png"}, nil},
		"--overlap goes":    {frameFlags{overlap: 3}, []string{"overlap"}},
		"are not resized":   {frameFlags{tile: 64}, []string{"size", "tile"}},
		"multiples of 32":   {frameFlags{tile: 100}, nil},
		"at most half of a": {frameFlags{tile: 64, overlap: 60}, nil},
	} {
		if err := c.frameFlags.check(given(c.given...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, without %q", c.frameFlags, err, want)
		}
	}
}
