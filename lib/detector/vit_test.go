package detector

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/weights"
)

// A flow over a transformer's maps, which share one size, from a file of made-up weights to verdicts.
func TestVisionTransformerTrains(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("slow; MSFLOW_SLOW=1 runs it")
	}
	const name = "vit_small_patch14_reg4_dinov2"
	file := randomWeightsFile(t, name)
	data, err := datasets.Synthetic(datasets.Size(112), datasets.Counts(12, 4, 6), datasets.Seed(2))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Backbone: name, Weights: file, Size: [2]int{112, 112}, Blocks: []int{1, 1, 1}, Cond: 8, Seed: 5}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range d.Maps() {
		if m.H != 112/14 || m.W != 112/14 {
			t.Errorf("a map is %+v, want one place per patch of 14 pixels", m)
		}
	}
	if err := d.Fit(context.Background(), data.Train, Epochs(2), LearningRate(1e-3)); err != nil {
		t.Fatal(err)
	}
	if first, last := d.Epochs[0].Loss, d.Epochs[1].Loss; !(last < first) || math.IsInf(first, 0) {
		t.Errorf("the loss went from %g to %g", first, last)
	}
	if _, err := d.Test(context.Background(), data.Test); err != nil {
		t.Error(err)
	}
	c.Recipe = "paper"
	paper, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range paper.Maps() {
		if m.C != 384 || m.H != 4 || m.W != 4 {
			t.Errorf("a map of the paper's recipe is %+v, want 384 channels of 4×4", m)
		}
	}
	c.Size = [2]int{100, 112}
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "98×112") {
		t.Errorf("100×112 pixels give %v, which names no good size", err)
	}
}

func randomWeightsFile(t *testing.T, name string) string {
	t.Helper()
	sd, err := backbone.RandomWeights(name, 1)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []weights.Tensor
	for _, n := range sd.Names() {
		x, err := sd.Get(n)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, x)
	}
	path := filepath.Join(t.TempDir(), name+".safetensors")
	if err := weights.WriteSafetensors(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// Without a file the error says where a person gets one.
func TestVisionTransformerNeedsAFile(t *testing.T) {
	_, err := New(Config{Backbone: "vit_base_patch16_dinov3"})
	if err == nil || !strings.Contains(err.Error(), "huggingface.co/timm/vit_base_patch16_dinov3") || !strings.Contains(err.Error(), "--weights") {
		t.Errorf("got %v", err)
	}
}
