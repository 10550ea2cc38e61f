package detector

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/baseline"
)

// Every model must do what a flow does: fit, test, predict, and come back from a file as it was.
func TestModelsBesideTheFlow(t *testing.T) {
	ctx := context.Background()
	for _, name := range baseline.Names() {
		data, c := small(t)
		d, err := New(Config{Model: name, Seed: c.Seed})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if _, err := d.Predict(ctx, data.Test); !errors.Is(err, ErrUntrained) {
			t.Errorf("%s predicts before Fit: %v", name, err)
		}
		if err := d.Save(path); !errors.Is(err, ErrUntrained) {
			t.Errorf("%s is saved before Fit: %v", name, err)
		}
		told := 0
		if err := d.Fit(ctx, data.Train, Epochs(7), OnFitting(func(done, total int) { told = total - done + 1 })); err != nil {
			t.Fatal(err)
		}
		if told != 1 {
			t.Errorf("%s: progress ended %d before the total", name, told-1)
		}
		r, err := d.Test(ctx, data.Test)
		if err != nil {
			t.Fatal(err)
		}
		if name != "knn" && r.LocAUROC < 0.6 { // knn looks at whole images
			t.Errorf("%s: loc AUROC %v", name, r.LocAUROC)
		}
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		p, err := loaded.Predict(ctx, data.Test)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p {
			if p[i].Score != r.Images[i].Score || !slices.Equal(p[i].Maps().NLL, r.Images[i].Maps().NLL) {
				t.Errorf("%s: image %d has another verdict from the file", name, i)
			}
		}
		if s := loaded.String(); !strings.Contains(s, name) {
			t.Errorf("the summary does not name the model:\n%s", s)
		}
	}
}

func TestModelsFittedInOneGoRefuseEpochs(t *testing.T) {
	data, _ := small(t)
	d, err := New(Config{Model: "knn", Size: [2]int{64, 64}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for name, o := range map[string]Option{
		"resume": Resume("nowhere"), "continue": Continue(), "judge": JudgeEvery(1, data.Test, nil),
	} {
		if err := d.Fit(ctx, data.Train, o); err == nil || !strings.Contains(err.Error(), "in one go") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Fit(ctx, data.Train); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Latents(ctx, data.Test); !errors.Is(err, ErrNoFlow) {
		t.Errorf("latents: %v", err)
	}
	if _, _, err := d.LogDets(ctx, data.Test); !errors.Is(err, ErrNoFlow) {
		t.Errorf("log-determinants: %v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if err := d.Fit(stopped, data.Train); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := d.Predict(ctx, data.Test[:1]); err != nil {
		t.Errorf("after a cancelled Fit: %v", err)
	}
}

// A share of pixels that is asked for replaces the model's own score.
func TestTopKReplacesTheModelsScore(t *testing.T) {
	data, _ := small(t)
	for _, k := range []float64{0, 0.1} {
		d, err := New(Config{Model: "knn", TopK: k})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(context.Background(), data.Train, HoldOut(0)); err != nil {
			t.Fatal(err)
		}
		p, err := d.Predict(context.Background(), data.Train[:1])
		if err != nil {
			t.Fatal(err)
		}
		// A training image is its own nearest neighbour, but not every place of it is like its mean.
		if own := math.Abs(p[0].Score-d.Calibration().scaled(0)) < 1e-3; own != (k == 0) {
			t.Errorf("top-k %v: score %v", k, p[0].Score)
		}
	}
}

func TestModelNames(t *testing.T) {
	_, err := New(Config{Model: "nonesuch"})
	if err == nil || !strings.Contains(err.Error(), "patchcore") {
		t.Errorf("%v", err)
	}
	if got := Models(); got[0] != MSFlow || len(got) != 10 {
		t.Errorf("%v", got)
	}
}
