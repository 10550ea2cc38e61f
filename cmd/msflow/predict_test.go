package main

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/seal"
)

// Whatever lies among the images, the sound ones are scored, each under a file name of its own, the others are named, and
// the exit code says that some failed.
func TestPredictSurvivesBadFiles(t *testing.T) {
	run := smallRun(t, "--epochs", "1")
	checkDefects(t, run)
	dir := t.TempDir()
	long := strings.Repeat("x", 240) + ".png" // 244 bytes
	for i, name := range []string{"a/1.png", "a/deep/1.png", "a/1-2.png", long} {
		writeNoise(t, filepath.Join(dir, name), uint32(i), 0)
	}
	sound, err := os.ReadFile(filepath.Join(dir, "a/1.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"a/1.jpg": sound, // a PNG by content; the name decides nothing
		"cut.png": sound[:len(sound)/2], "._a.png": []byte("Mac OS X"), ".hidden/2.png": sound, "notes.txt": []byte("none"),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "gone.png")); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "results")
	for range 2 { // the results of the first call are no images of the second
		_, log, code := msflow(t, "predict", run, dir, filepath.Join(dir, "none.png"), "--out", out, "--overwrite")
		if code != exitError || !strings.Contains(log, "3 of 8 images failed") {
			t.Fatalf("exit code %d:\n%s", code, log)
		}
	}
	checkPredictions(t, out, []string{"1-2.png", "1.jpg", "1.png", "deep/1.png", long}, []string{"cut.png", "gone.png", "none.png"})
	if _, log, code := msflow(t, "predict", run, filepath.Join(dir, "a"), "--out", dir); code != exitError || !strings.Contains(log, "would be taken for images") {
		t.Errorf("with --out above the images: exit code %d, %s", code, log)
	}
}

// checkDefects looks for each kind of defect in what eval wrote.
func checkDefects(t *testing.T, run string) {
	t.Helper()
	printed := must(t, "eval", run, "--maps=false", "--rows", "0")
	data, err := os.ReadFile(filepath.Join(run, "eval", "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Defects []struct {
			Defect string  `json:"defect"`
			Images int     `json:"images"`
			AUROC  float64 `json:"det_auroc"`
		} `json:"defects"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	images := 0
	for _, d := range m.Defects {
		images += d.Images
		if !strings.Contains(printed, "\n"+d.Defect+" ") || d.AUROC < 0 || d.AUROC > 1 {
			t.Errorf("%+v; printed\n%s", d, printed)
		}
	}
	if _, err := os.Stat(filepath.Join(run, "eval", "defects.png")); err != nil || len(m.Defects) != 5 || images != 6 {
		t.Errorf("defects %+v; %v", m.Defects, err)
	}
}

// checkPredictions compares scores.csv, scores.json and the maps with the names of the images, relative or whole.
func checkPredictions(t *testing.T, out string, sound, failed []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(out, "scores.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		ends := func(name string) bool { return strings.HasSuffix(row[0], "/"+name) }
		bad := slices.ContainsFunc(failed, ends)
		if bad == slices.ContainsFunc(sound, ends) || bad != (row[4] != "") || bad != (row[1] == "") || bad != (row[3] == "failed") {
			t.Errorf("scores.csv has %q", row)
		}
	}
	var report predictReport
	data, err := os.ReadFile(filepath.Join(out, "scores.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(sound)+len(failed) || len(report.Images) != len(sound) || len(report.Failed) != len(failed) {
		t.Errorf("%d rows, %d images, failed %v", len(rows), len(report.Images), report.Failed)
	}
	seen := map[string]bool{}
	for _, row := range report.Images {
		base := strings.TrimSuffix(row.Map, ".npy")
		for _, path := range []string{row.Map, base + "_map.png", base + "_overlay.png"} {
			if info, err := os.Stat(path); err != nil || info.Size() == 0 || seen[path] {
				t.Errorf("%s: file %s (seen: %v): %v", row.Name, path, seen[path], err)
			}
			seen[path] = true
		}
	}
}

// TestPredictLeavesResultsAlone: those of an earlier call are replaced on demand only, then in whole, and a call without a
// single result replaces nothing.
func TestPredictLeavesResultsAlone(t *testing.T) {
	run := smallRun(t, "--epochs", "1")
	dir := t.TempDir()
	out := filepath.Join(dir, "results")
	a, b, bad := filepath.Join(dir, "a.png"), filepath.Join(dir, "b.png"), filepath.Join(dir, "bad.png")
	writeNoise(t, a, 1, 0)
	writeNoise(t, b, 2, 0)
	put(t, bad, "no picture")
	refuse(t, []string{"none of the 1 images could be scored"}, "predict", run, bad, "--out", out)
	if runs.Exists(out) {
		t.Error("a folder was made for results that there are not")
	}
	must(t, "predict", run, a, "--out", out)
	before := content(t, out)
	refuse(t, []string{"scores.json exists", "--overwrite"}, "predict", run, b, "--out", out)
	refuse(t, []string{"none of the 1 images"}, "predict", run, bad, "--out", out, "--overwrite")
	sameContent(t, "refused", before, content(t, out))
	if _, log, _ := msflow(t, "predict", run, b, "--out", out, "--overwrite"); !strings.Contains(log, "the results of 1 images") {
		t.Errorf("that results are replaced is not said:\n%s", log)
	}
	if now := content(t, out); now["b_map.png"] == "" || now["a_map.png"] != "" || now["a.npy"] != "" || len(now) != len(before) {
		t.Errorf("of the maps of two calls there are %q", slices.Sorted(maps.Keys(now)))
	}
}

// TestPredictSaysWhichThreshold: the given one, or that of eval, or that of the held-out images, and what the others are.
func TestPredictSaysWhichThreshold(t *testing.T) {
	run := smallRun(t, "--epochs", "1", "--hold-out", "0.25", "--counts", "12,10,10")
	image := filepath.Join(t.TempDir(), "a.png")
	writeNoise(t, image, 1, 0)
	for _, step := range []struct{ want, more []string }{
		{want: []string{"is the score that one normal image in a hundred is expected to reach (calibrated on 3 held-out", "a defect reaches"}},
		{more: []string{"--threshold", "7"}, want: []string{"the threshold 7 is --threshold"}},
		{want: []string{"is the best F1 on the run's test images", "eval/metrics.json", "of the map: the best Dice on the run's test images"}},
	} {
		_, said, code := msflow(t, append([]string{"predict", run, image, "--overwrite", "--out", filepath.Join(t.TempDir(), "p")}, step.more...)...)
		if code != 0 {
			t.Fatal(said)
		}
		for _, want := range step.want {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not said:\n%s", want, said)
			}
		}
		if step.more != nil {
			said := must(t, "eval", run, "--maps=false", "--rows", "0")
			for _, want := range []string{"best F1 on these test images", "in a hundred is expected to reach", "of 10 anomalous ones do", "map_threshold"} {
				if !strings.Contains(said, want) {
					t.Errorf("eval does not say %q:\n%s", want, said)
				}
			}
		}
	}
}

// Of a few test images the best F1 lies anywhere between them: the calibration says more.
func TestPredictTrustsNoFewTestImages(t *testing.T) {
	run := smallRun(t, "--epochs", "1", "--hold-out", "0.25")
	if said := must(t, "eval", run, "--maps=false"); !strings.Contains(said, "so that predict takes the next one") {
		t.Error(said)
	}
	image := filepath.Join(t.TempDir(), "a.png")
	writeNoise(t, image, 1, 0)
	_, said, code := msflow(t, "predict", run, image, "--out", filepath.Join(t.TempDir(), "p"))
	if code != 0 || !strings.Contains(said, "on 4 normal and 6 anomalous test images says little") || !strings.Contains(said, "calibrated on 3 held-out") {
		t.Errorf("exit code %d\n%s", code, said)
	}
}

// TestMapsHaveOneRangeOfColours: an image's map has the same colours alone and among others, in predict and in eval, with
// the paper's maps, too, and the range is in scores.json and in metrics.json.
func TestMapsHaveOneRangeOfColours(t *testing.T) {
	for _, more := range [][]string{{"--hold-out", "0.25"}, {"--hold-out", "0.25", "--recipe", "paper"}, {"--hold-out", "0"}} {
		run := smallRun(t, append(more, "--epochs", "1")...)
		images := exportTestImages(t, run)
		files, err := filepath.Glob(filepath.Join(images, "*.png"))
		if err != nil || len(files) != 10 {
			t.Fatal(files, err)
		}
		must(t, "eval", run, "--rows", "1")
		dir := t.TempDir()
		must(t, "predict", run, images, "--out", filepath.Join(dir, "all"))
		for _, file := range files[:2] {
			must(t, "predict", run, file, "--out", filepath.Join(dir, "alone"), "--overwrite")
			for _, end := range []string{"_map.png", "_overlay.png"} {
				name := strings.TrimSuffix(filepath.Base(file), ".png") + end
				if readText(t, filepath.Join(dir, "all", name)) != readText(t, filepath.Join(dir, "alone", name)) {
					t.Errorf("%v: %s is another picture alone", more, name)
				}
			}
		}
		var m evaluation
		if err := seal.Read(filepath.Join(run, "eval", "metrics.json"), &m); err != nil {
			t.Fatal(err)
		}
		var p predictReport
		if err := json.Unmarshal([]byte(readText(t, filepath.Join(dir, "alone", "scores.json"))), &p); err != nil {
			t.Fatal(err)
		}
		if p.Colors == nil || *p.Colors != m.MapColors || !(m.MapColors[1] > m.MapColors[0]) {
			t.Errorf("%v: predict draws %v, eval %v", more, p.Colors, m.MapColors)
		}
	}
}

func TestFileNamesAreApart(t *testing.T) {
	names := []string{"1.jpg", "1.png", "1.PNG", "1-2.jpg", "a/b.png", "a_b.png", "A_B.png", "1_jpg.png", "x\ny.png", "..", strings.Repeat("é", 150) + ".png", strings.Repeat("é", 151) + ".png"}
	seen := map[string]bool{}
	for i, name := range fileNames(names) {
		if key := strings.ToLower(name); seen[key] || key == "" || len(key) > 200 || strings.ContainsAny(key, "/\n") {
			t.Errorf("%q becomes %q", names[i], name)
		} else {
			seen[key] = true
		}
	}
}
