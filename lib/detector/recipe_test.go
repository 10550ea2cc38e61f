package detector

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// A score of 0.5 is what one normal image in a hundred reaches, and scores grow as false alarms get rarer.
func TestCalibrationReadsAsFalseAlarms(t *testing.T) {
	c := &Calibration{Location: 2, Scale: 0.7}
	for _, share := range []float64{0.5, 0.1, 0.01, 1e-9} {
		if got := c.FalseAlarms(c.Threshold(share)); math.Abs(got/share-1) > 1e-6 {
			t.Errorf("the threshold of %v lets %v through", share, got)
		}
	}
	var values []float64
	for i := range 4000 {
		p := (float64(i) + 0.5) / 4000
		values = append(values, 3-2*math.Log(-math.Log(p)))
	}
	if location, scale := gumbel(values); math.Abs(location-3) > 0.02 || math.Abs(scale-2) > 0.05 {
		t.Errorf("location %v and scale %v, want 3 and 2", location, scale)
	}
}

// Every kind of model gets scores in which 0.5 means the same, and keeps them in its file.
func TestEveryModelIsCalibrated(t *testing.T) {
	ctx := context.Background()
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(50, 20, 6), datasets.Seed(4))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{Blocks: []int{1, 1, 1}, Cond: 8}, {Model: "padim"}, {Model: "knn"}} {
		d, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(ctx, data.Train, Epochs(2)); err != nil {
			t.Fatal(err)
		}
		result, err := d.Test(ctx, data.Test)
		if err != nil {
			t.Fatal(err)
		}
		if u := result.MapUnit(); u != "calibrated score" {
			t.Errorf("%s: maps in %q", d.Config.Model, u)
		}
		k := d.Calibration()
		if k == nil || !k.HeldOut || k.Images != 5 || math.Abs(k.Threshold(defaultFalseAlarms)-0.5) > 1e-9 {
			t.Errorf("%s: %+v", d.Config.Model, k)
		}
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		a, err1 := d.Predict(ctx, data.Test[:3])
		b, err2 := back.Predict(ctx, data.Test[:3])
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if _, high, known := a[0].MapRange(); !known || high != 1 {
			t.Errorf("%s: the map's range is not known", d.Config.Model)
		}
		for i := range a {
			if a[i].Score != b[i].Score {
				t.Errorf("%s: image %d scores %v, from the file %v", d.Config.Model, i, a[i].Score, b[i].Score)
			}
		}
	}
}

// By the paper's recipe a detector is what it was before there were recipes.
func TestPapersRecipe(t *testing.T) {
	c, err := Config{Recipe: Paper}.resolved()
	if err != nil {
		t.Fatal(err)
	}
	if c.Pool != "avg" || c.Score != ReferenceScore || c.TopK != 0.03 || c.Blocks[2] != 8 || c.whitens() {
		t.Errorf("%+v", c)
	}
	if u := (Prediction{calibration: &Calibration{}}).MapUnit(); u != "nats per channel" {
		t.Errorf("maps in %q", u)
	}
	p, err := c.Plan(nil)
	if err != nil || p != (Plan{Epochs: 100, LearningRate: 1e-4}) {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := New(Config{Recipe: "nonesuch"}); err == nil {
		t.Error("a recipe that there is not was taken")
	}
	if old := (Config{}).asStored(); old.Recipe != Paper {
		t.Errorf("a file without a recipe is read as %q", old.Recipe)
	}
}
