package detector

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/msflow-go/msflow/datasets"
)

// What a calibration says of its images is what Predict then finds in them, for every kind of model, also after a reload.
func TestCalibrateAgreesWithPredict(t *testing.T) {
	ctx := context.Background()
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(12, 14, 2), datasets.Seed(4))
	if err != nil {
		t.Fatal(err)
	}
	normal := slices.DeleteFunc(slices.Clone(data.Test), func(s datasets.Sample) bool { return s.Anomalous })
	for _, c := range []Config{{Blocks: []int{1, 1, 1}, Cond: 8}, {Recipe: Paper, Blocks: []int{1, 1, 1}, Cond: 8}, {Model: "fastflow"}, {Model: "patchcore"}} {
		d, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(ctx, data.Train, Epochs(1)); err != nil {
			t.Fatal(err)
		}
		before := d.Calibration()
		if _, err := d.Calibrate(ctx, data.Test, 0.1, "", nil); err == nil || d.Calibration() != before {
			t.Errorf("anomalous images calibrate, or the calibration is lost: %v", err)
		}
		k, err := d.Calibrate(ctx, normal, 0.1, "good ones", nil)
		if err != nil {
			t.Fatal(err)
		}
		predictions, err := d.Predict(ctx, normal)
		if err != nil {
			t.Fatal(err)
		}
		checkNormals(t, d.Config.Model+"/"+string(d.Config.Recipe), k, predictions)
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(k, back.Calibration()); diff != "" {
			t.Errorf("%s: from the file: %s", d.Config.Model, diff)
		}
	}
}

func checkNormals(t *testing.T, model string, k *Calibration, predictions []Prediction) {
	t.Helper()
	var scores, peaks []float64
	above, pixels := 0, 0
	low, high := k.Pixels.Regions(k.Share)
	for _, p := range predictions {
		m := p.Maps().NLL
		scores, peaks = append(scores, p.Score), append(peaks, float64(slices.Max(m)))
		for _, v := range m {
			pixels++
			if float64(v) >= k.Pixels.Ordinary {
				above++
			}
		}
	}
	slices.Sort(scores)
	if diff := cmp.Diff(scores, k.Scores, cmpopts.EquateApprox(1e-4, 1e-4)); diff != "" {
		t.Errorf("%s: scores %s", model, diff)
	}
	location, scale := gumbel(peaks)
	if want := exceeded(location, scale, k.Share); math.Abs(want-high) > 1e-3*math.Abs(want) || low > high {
		t.Errorf("%s: regions from %v to %v, the largest values say %v", model, low, high, want)
	}
	if share := float64(above) / float64(pixels); share > 0.006 || share < 0.0005 {
		t.Errorf("%s: a share of %v of normal pixels lies above %v", model, share, k.Pixels.Ordinary)
	}
	if k.Interval == nil || k.Interval[0] > k.Verdict() || k.Interval[1] < k.Verdict() || k.Images != len(predictions) || !k.HeldOut {
		t.Errorf("%s: threshold %v, %+v", model, k.Verdict(), k)
	}
	if math.Abs(k.Threshold(defaultFalseAlarms)-0.5) > 1e-9 && model != "msflow/paper" {
		t.Errorf("%s: 0.5 does not stand for one normal image in a hundred", model)
	}
}

// A defect extends a quarter of the way down to ordinary pixels, and never above the threshold that it reached.
func TestRegionsOfPixels(t *testing.T) {
	for _, c := range []struct{ ordinary, low float64 }{{0.2, 0.8}, {0.9, 0.975}, {1, 1}, {1.5, 1}} {
		p := PixelCalibration{Location: 1, Scale: 0, Ordinary: c.ordinary}
		if low, high := p.Regions(0.01); high != 1 || math.Abs(low-c.low) > 1e-12 {
			t.Errorf("ordinary %v: from %v to %v, want %v", c.ordinary, low, high, c.low)
		}
	}
}
