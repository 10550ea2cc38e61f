package detector

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The flows that MSFlow is compared with are trained, tested, saved and loaded like it.
func TestFlowsBesideMSFlow(t *testing.T) {
	ctx := context.Background()
	for _, p := range peers {
		data, _ := small(t)
		d, err := New(Config{Model: p.name, Blocks: []int{2}, Width: 0.01, Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(ctx, data.Train, Epochs(2)); err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		if first, last := d.Epochs[0].Loss, d.Epochs[1].Loss; !(last < first) {
			t.Errorf("%s: the loss went from %v to %v", p.name, first, last)
		}
		r, err := d.Test(ctx, data.Test)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		images, err := loaded.Predict(ctx, data.Test)
		if err != nil {
			t.Fatal(err)
		}
		for i, own := range images {
			if math.Abs(own.Score-r.Images[i].Score) > 1e-5*math.Abs(own.Score) || largestDifference(own.Maps().NLL, r.Images[i].Maps().NLL) > 1e-4 {
				t.Errorf("%s: image %d has another verdict from the file", p.name, i)
			}
			if p.topK == 0 && own.Score != float64(slices.Max(own.Maps().NLL)) {
				t.Errorf("%s: score %v is not the largest of its map", p.name, own.Score)
			}
		}
		if s := loaded.String(); !strings.Contains(s, p.name) || !strings.Contains(s, "2 epochs") {
			t.Errorf("the summary:\n%s", s)
		}
		if names, columns := loaded.History(); len(names) != len(columns) || len(columns[0]) != 2 {
			t.Errorf("%s: history %v", p.name, names)
		}
	}
}

func TestEachFlowHasItsPapersRate(t *testing.T) {
	for model, want := range map[string]float64{MSFlow: 1e-4, "fastflow": 1e-3, "cflow": 2e-4} {
		d := &Detector{Config: Config{Model: model, Recipe: Paper}}
		f := &fitting{}
		d.schedule(f, nil)
		if f.Schedule.LR != want {
			t.Errorf("%s: rate %v, want %v", model, f.Schedule.LR, want)
		}
	}
	f, err := settings([]Option{LearningRate(3)})
	if err != nil {
		t.Fatal(err)
	}
	if (&Detector{}).schedule(&f, nil); f.Schedule.LR != 3 {
		t.Errorf("a rate that was asked for became %v", f.Schedule.LR)
	}
}

func TestPeersRefuseBadSettings(t *testing.T) {
	for name, c := range map[string]Config{
		"blocks":  {Model: "fastflow", Blocks: []int{2, 3}},
		"no":      {Model: "fastflow", Blocks: []int{0}},
		"width":   {Model: "cflow", Width: -1},
		"wide":    {Model: "cflow", Width: 1e18},
		"pooling": {Model: "cflow", Pool: "median"},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: %+v was taken", name, c)
		}
	}
}

// Log-determinants of a flow without named blocks come as one block.
func TestLogDetsOfAPeer(t *testing.T) {
	data, _ := small(t)
	d, err := New(Config{Model: "differnet", Blocks: []int{1}, Width: 0.01, Size: [2]int{64, 64}})
	if err != nil {
		t.Fatal(err)
	}
	blocks, logdet, err := d.LogDets(context.Background(), data.Test)
	if err != nil || !slices.Equal(blocks, []string{"differnet"}) || len(logdet[0]) != len(data.Test) {
		t.Errorf("%v, %d values, %v", blocks, len(logdet), err)
	}
	z, err := d.Latents(context.Background(), data.Test[:2])
	if err != nil || len(z) != 1 || len(z[0]) != 2*(24+40+112) {
		t.Errorf("%d latents: %v", len(z), err)
	}
}

func TestOnlyMSFlowIsImported(t *testing.T) {
	if _, err := ImportReference("nowhere.pt", Config{Model: "padim"}); err == nil || !strings.Contains(err.Error(), "padim") {
		t.Errorf("%v", err)
	}
}
