package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const inspectingProgram = `package main

import (
	"encoding/json"
	"os"
	"parts"
)

func main() {
	inspector, err := parts.New()
	if err != nil {
		panic(err)
	}
	for _, path := range os.Args[1:] {
		found, err := inspector.Inspect(path)
		if err != nil {
			panic(err)
		}
		found.Map = nil
		json.NewEncoder(os.Stdout).Encode(found)
	}
}
`

// A program with an exported package finds what predict finds.
func TestExportedPackageSaysTheSame(t *testing.T) {
	run := smallRun(t)
	images := exportTestImages(t, run)
	dir := filepath.Join(t.TempDir(), "parts")
	must(t, "export", run, "--go", dir)
	refuse(t, []string{"--overwrite"}, "export", run, "--go", dir)
	must(t, "export", run, "--go", dir, "--overwrite")
	program := filepath.Join(dir, "inspect")
	if err := os.Mkdir(program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(program, "main.go"), []byte(inspectingProgram), 0o644); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(images, "*.png"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	var report predictReport
	if err := json.Unmarshal([]byte(must(t, "predict", run, images, "--out", out, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	printed := json.NewDecoder(strings.NewReader(native(t, goBuild(t, program), paths...)))
	for i := range paths {
		var found struct {
			Score         float64
			Anomalous     bool
			Width, Height int
			Defects       []struct{ Area int }
		}
		if err := printed.Decode(&found); err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(report.Images, func(r predictionRow) bool { return strings.HasSuffix(r.Name, filepath.Base(paths[i])) })
		want := report.Images[at]
		if math.Abs(found.Score-want.Score) > 1e-6 || found.Anomalous != (want.Verdict == "anomalous") || len(found.Defects) != len(want.Regions) || found.Width != 64 {
			t.Errorf("%s: %+v, and predict says %+v", paths[i], found, want)
		}
	}
}

func TestExportONNX(t *testing.T) {
	run := smallRun(t)
	model := filepath.Join(t.TempDir(), "model.onnx")
	must(t, "export", run, "-o", model, "--threshold", "0.25")
	content := readText(t, model)
	for _, part := range []string{"msflow", "image", "score", "map", "mask", "threshold", "0.25", "preprocessing", "Lanczos", "parallel_flows.0"} {
		if !strings.Contains(content, part) {
			t.Errorf("the model does not say %q", part)
		}
	}
	refuse(t, []string{"-o MODEL.onnx"}, "export", run)
	refuse(t, []string{".onnx"}, "export", run, "-o", filepath.Join(t.TempDir(), "model.pb"))
	refuse(t, []string{"--go is for detectors"}, "export", "a.ipynb", "--go", "x")
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"not empty"}, "export", run, "--go", full)
	patchcore := filepath.Join(t.TempDir(), "patchcore")
	must(t, "train", "--dataset", "synthetic", "--size", "64", "--counts", "6,1,1", "--model", "patchcore", "--out", patchcore)
	refuse(t, []string{"patchcore", "no graph"}, "export", patchcore, "-o", model, "--overwrite")
	if readText(t, model) != content {
		t.Error("a refused export changed the file of another")
	}
}
