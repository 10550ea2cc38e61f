package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		if code != 0 || !strings.Contains(log, "20 % of normal images") || !strings.Contains(log, "held out of the training") {
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
	printed := must(t, "calibrate", filepath.Join(run, "detector.safetensors"), images)
	if !strings.Contains(printed, "6 normal images: "+images) || !strings.Contains(printed, "100 images or more") {
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
	if code != 0 || !strings.Contains(log, "of the 12 images trained this detector and are left out") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	info, err := runs.Folder(run).ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"was trained on all 1 images"}, "calibrate", run, filepath.Join(good, filepath.Base(info.Data.Train[0].Name)))
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
		i := proportion(k, n)
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
