package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"gonum.org/v1/gonum/stat/distuv"
)

// The thresholds that calibrate finds travel in the detector's file, and predict judges by them and says so.
func TestCalibrateThenPredict(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--dataset", "synthetic", "--size", "64", "--counts", "20,4,2", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8",
		"--hold-out", "0.25", "--out", run)
	images := exportTestImages(t, run)
	must(t, "eval", run, "--maps=false", "--rows", "0")
	var c calibrated
	if err := json.Unmarshal([]byte(must(t, "calibrate", run, "--false-alarms", "0.2", "--json")), &c); err != nil {
		t.Fatal(err)
	}
	if c.Images != 5 || c.FalseAlarms != 0.2 || c.Interval == nil || c.Interval[0] > c.Threshold || c.Interval[1] < c.Threshold || c.Alarms.Images != 5 {
		t.Errorf("%+v", c)
	}
	for _, from := range []string{run, filepath.Join(run, "detector.safetensors")} {
		out := filepath.Join(t.TempDir(), "out")
		_, log, code := msflow(t, "predict", from, images, "--out", out)
		if code != 0 || !strings.Contains(log, "20 % of normal images") || !strings.Contains(log, "held out of the training") ||
			from == run && !strings.Contains(log, "made before the detector was calibrated") {
			t.Fatalf("exit code %d\n%s", code, log)
		}
		var r predictReport
		if err := json.Unmarshal([]byte(readText(t, filepath.Join(out, "scores.json"))), &r); err != nil {
			t.Fatal(err)
		}
		if *r.Threshold != c.Threshold || r.Map.Low != c.Map.Low || r.Map.High != c.Map.High || r.From == "" {
			t.Errorf("predict judges by %v and %+v, calibrate found %+v", *r.Threshold, r.Map, c)
		}
	}
	detector := filepath.Join(run, "detector.safetensors")
	refuse(t, []string{"2 images", "as anomalous"}, "calibrate", detector, images) // the run's own test images, drawn and stored as files
	defects, err := filepath.Glob(filepath.Join(images, "*good*"))
	if err != nil || len(defects) != 4 {
		t.Fatalf("%q, %v", defects, err)
	}
	printed := must(t, append([]string{"calibrate", detector}, defects...)...)
	if !strings.Contains(printed, "4 normal images: "+defects[0]) || !strings.Contains(printed, "100 images or more") {
		t.Error(printed)
	}
	refuse(t, []string{"share between 0 and 1"}, "calibrate", run, "--false-alarms", "1")
	refuse(t, []string{"name a folder"}, "calibrate", filepath.Join(run, "detector.safetensors"))
	refuse(t, []string{"no image"}, "calibrate", run, t.TempDir())
}

func TestCalibrateNeedsImagesThatDidNotTrain(t *testing.T) {
	refuse(t, []string{"held no image out"}, "calibrate", smallRun(t, "--epochs", "1", "--counts", "8,4,6"))
}

// Images that the detector was trained on do not calibrate it, wherever they lie now.
func TestCalibrateLeavesTrainingImagesOut(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		writeNoise(t, filepath.Join(makeDir(t, dir, "parts", "good"), fmt.Sprintf("%02d.png", i)), uint32(i), 0)
	}
	run := filepath.Join(dir, "run")
	must(t, "train", "--data", filepath.Join(dir, "parts"), "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--hold-out", "0", "--out", run)
	good := filepath.Join(dir, "parts", "good")
	_, log, code := msflow(t, "calibrate", run, good)
	if code != 0 || !strings.Contains(log, "of the 12 images trained this detector and are left out") || !strings.Contains(log, "of them are test images of the run") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	info, err := runs.Folder(run).ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"was trained on all 1 images"}, "calibrate", run, filepath.Join(good, filepath.Base(info.Data.Train[0].Name)))
}

// TestCalibrateRefusesKnownDefects: thresholds set by defects would find none. They are known by their content, wherever they lie, and
// by the folder that the data set calls defects.
func TestCalibrateRefusesKnownDefects(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writePictures(t, "parts/good", 0, 12)
	writePictures(t, "parts/bad/scratch", 100, 103)
	writePicture(t, "parts/masks/scratch/100_mask.png", noisePicture(64, 64, 3, 0))
	must(t, "train", "--data", "parts", "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", "run")
	defect := readText(t, "parts/bad/scratch/100.png")
	put(t, "monday/a.png", defect)
	writePictures(t, "monday/new", 200, 203)
	writePictures(t, "parts/bad/scratch", 300, 301)
	writePictures(t, "parts/bad/dent", 301, 302)
	for _, c := range [][]string{
		{"a.png", "calibrate", "run", "monday"},
		{"a.png", "calibrate", "run/detector.safetensors", "monday"},
		{"4 images (", "calibrate", "run", "parts/bad/scratch"}, // with its mask or without
		{"300.png", "calibrate", "run", "parts/bad/scratch/300.png", "monday/new"},
	} {
		refuse(t, []string{c[0], "as anomalous"}, c[1:]...)
	}
	if err := os.Rename("parts", "moved"); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"300.png", "as anomalous"}, "calibrate", "run", "moved/bad/scratch/300.png", "--data", "moved")
	if printed := must(t, "calibrate", "run", "monday/new"); !strings.Contains(printed, "3 normal images") {
		t.Error(printed)
	}
}

// A training's checkpoint is no detector: calibrating it would lose the state to resume from.
func TestCheckpointIsNoDetector(t *testing.T) {
	run := smallRun(t, "--epochs", "1")
	checkpoint := filepath.Join(run, "checkpoint.safetensors")
	before := readText(t, checkpoint)
	for _, args := range [][]string{{"calibrate", checkpoint, run}, {"predict", checkpoint, run}} {
		refuse(t, []string{"checkpoint of a training", "detector.safetensors"}, args...)
	}
	if readText(t, checkpoint) != before {
		t.Error("the checkpoint has changed")
	}
}

// The interval of a share leaves 2.5 % on either side, by the binomial distribution itself.
func TestProportion(t *testing.T) {
	for _, c := range [][2]int{{0, 1}, {0, 48}, {1, 48}, {7, 9}, {100, 100}, {3, 1000}} {
		k, n := c[0], c[1]
		i := results.Proportion(k, n)
		atLeast := 1 - distuv.Binomial{N: float64(n), P: i[0]}.CDF(float64(k)-1)
		atMost := distuv.Binomial{N: float64(n), P: i[1]}.CDF(float64(k))
		if k > 0 && math.Abs(atLeast-0.025) > 1e-6 || k < n && math.Abs(atMost-0.025) > 1e-6 || k == 0 && i[0] != 0 || k == n && i[1] != 1 {
			t.Errorf("%d of %d: %v leaves %v and %v", k, n, i, atLeast, atMost)
		}
	}
}

// makeDir makes a folder of the parts of its path.
func makeDir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}
