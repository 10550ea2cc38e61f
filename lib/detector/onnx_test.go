package detector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/region"
)

// onnxPython is the Python of the tests' environment, which has the runtimes.
func onnxPython(t *testing.T) string {
	t.Helper()
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to compare exported models in ONNX Runtime and OpenVINO")
	}
	dir := os.Getenv("MSFLOW_VENV")
	if dir == "" {
		dir = filepath.Join("..", "..", ".venv")
	}
	path := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no Python environment (./install.sh test-all makes one): %v", err)
	}
	return path
}

// ran is what a runtime says of pictures.
type ran struct {
	Runtime string
	Outputs map[string][]float64
	Shapes  map[string][]int
}

func runONNX(t *testing.T, python string, d *Detector, regions [3]float64, pictures []*datasets.Image) []ran {
	t.Helper()
	dir := t.TempDir()
	model, raw := filepath.Join(dir, "model.onnx"), filepath.Join(dir, "pictures.raw")
	var file, pixels bytes.Buffer
	if err := d.WriteONNX(&file, ONNX{Regions: &regions}); err != nil {
		t.Fatal(err)
	}
	for _, p := range pictures {
		pixels.Write(p.Pix)
	}
	if err := errors.Join(os.WriteFile(model, file.Bytes(), 0o644), os.WriteFile(raw, pixels.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/onnx_run.py", model, raw, fmt.Sprint(len(pictures)), fmt.Sprint(pictures[0].H), fmt.Sprint(pictures[0].W))
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out []ran
	for lines := json.NewDecoder(bytes.NewReader(printed)); lines.More(); {
		var r ran
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// TestONNXSaysTheSame: exported models of every kind give the program's scores, maps and masks, for any number of pictures.
func TestONNXSaysTheSame(t *testing.T) {
	python := onnxPython(t)
	few := Config{Blocks: []int{1, 1, 2}, Cond: 8, Seed: 5}
	paper := few
	paper.Recipe = Paper
	cases := map[string]Config{
		"whitened, local views": few.withPool(localViews), "whitened, fine views": few.withPool(fineViews), "paper": paper,
		"odd size": func() Config { c := few.withPool(localViews); c.Size = [2]int{72, 100}; return c }(),
		"resnet18": func() Config {
			c := few
			c.Backbone, c.Weights = "resnet18", randomWeightsFile(t, "resnet18")
			return c
		}(),
		"fastflow": {Model: "fastflow", Blocks: []int{2}, Seed: 1}, "cflow": {Model: "cflow", Blocks: []int{2}, Seed: 1},
		"csflow": {Model: "csflow", Blocks: []int{1}, Width: 0.1, Seed: 1}, "uflow": {Model: "uflow", Blocks: []int{2}, Seed: 1},
		"differnet":    {Model: "differnet", Blocks: []int{1}, Width: 0.1, Seed: 1},
		"conv_bn, max": func() Config { c := paper; c.Subnet, c.Pool = "conv_bn", "max"; return c }(),
	}
	for name, frame := range map[string]*datasets.Frame{"crop": {Fit: datasets.FitCrop}, "region": {Region: datasets.Rectangle(10, 6, 40, 50, 64, 64)},
		"polygon": {Region: &datasets.Region{W: 64, H: 64, Polygon: [][2]float64{{5, 5}, {60, 20}, {30, 60}}}}} {
		c, p := few.withPool(localViews), paper
		c.Frame, p.Frame = frame, frame
		cases["whitened in a "+name], cases["paper in a "+name] = c, p
	}
	for _, name := range flow.ParallelBlocks()[1:] {
		c := few.withPool(localViews)
		c.Block = name
		cases["block "+name] = c
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { sameInONNX(t, python, c) })
	}
}

func sameInONNX(t *testing.T, python string, c Config) {
	data, _ := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(context.Background(), data.Train, Epochs(2), LearningRate(1e-3)); err != nil {
		t.Fatal(err)
	}
	found, err := d.Predict(context.Background(), data.Test[:5])
	if err != nil {
		t.Fatal(err)
	}
	var pictures []*datasets.Image
	var values []float32
	for _, p := range found {
		picture, err := p.Image()
		if err != nil {
			t.Fatal(err)
		}
		pictures, values = append(pictures, picture), append(values, p.Maps().NLL...)
	}
	slices.Sort(values)
	regions := [3]float64{float64(values[len(values)*8/10]), float64(values[len(values)*98/100])}
	regions[2] = min(0.9, max(0.1, 1.1*regions[1]/float64(values[len(values)-1]))) // so that strong and weak defects are about
	for _, n := range []int{5, 1} {
		for _, r := range runONNX(t, python, d, regions, pictures[:n]) {
			compareONNX(t, r, found[:n], regions)
		}
	}
}

func compareONNX(t *testing.T, r ran, found []Prediction, regions [3]float64) {
	t.Helper()
	differ := 0
	pixels := found[0].H * found[0].W
	for i, p := range found {
		if off := math.Abs(r.Outputs["score"][i] - p.Score); !(off <= 1e-4*max(1, math.Abs(p.Score))) {
			t.Errorf("%s: the score of image %d is %v, and %v here", r.Runtime, i, r.Outputs["score"][i], p.Score)
		}
		m := p.Maps().NLL
		mask := region.Find(m, p.H, p.W, region.Thresholds{Low: regions[0], High: regions[1], Share: regions[2]}).Mask()
		for k, v := range m {
			if got := r.Outputs["map"][i*pixels+k]; !(math.Abs(got-float64(v)) <= 1e-4*max(1, math.Abs(float64(v)))) {
				t.Fatalf("%s: pixel %d of map %d is %v, and %v here", r.Runtime, k, i, got, v)
			}
			if r.Outputs["mask"][i*pixels+k] != float64(mask[k]) {
				differ++
			}
		}
	}
	if most := len(found) * pixels / 1000; differ > most {
		t.Errorf("%s: %d pixels of the masks differ", r.Runtime, differ)
	}
	if s := r.Shapes["mask"]; !slices.Equal(s, []int{len(found), found[0].H, found[0].W}) || len(r.Shapes["score"]) != 1 {
		t.Errorf("%s: shapes %v", r.Runtime, r.Shapes)
	}
}
