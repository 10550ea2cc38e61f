package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/seal"
)

// msflow runs the program in this process and returns what it printed.
func msflow(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(args, &out, &log)
	return out.String(), log.String(), code
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, log, code := msflow(t, args...)
	if code == exitInterrupted {
		t.Fatalf("msflow %s: this process was sent a signal; no test sends one while it waits for success, so it came from outside, perhaps to\n"+
			"all processes of the terminal or of a time limit around the tests\n%s", strings.Join(args, " "), log)
	}
	if code != 0 {
		t.Fatalf("msflow %s: exit code %d\n%s", strings.Join(args, " "), code, log)
	}
	return out
}

// smallRun trains for seconds.
func smallRun(t *testing.T, more ...string) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "run")
	must(t, append([]string{"train", "--dataset", "synthetic", "--size", "64", "--counts", "12,4,6", "--epochs", "6", "--lr", "1e-3",
		"--blocks", "1,1,2", "--cond", "8", "--seed", "3", "--out", folder}, more...)...)
	return folder
}

func TestTrainEvalPredict(t *testing.T) {
	folder := smallRun(t)
	var m map[string]any
	if err := json.Unmarshal([]byte(must(t, "eval", folder, "--json")), &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"det_auroc", "loc_auroc", "aupro"} {
		if v, ok := m[key].(float64); !ok || v < 0 || v > 1 {
			t.Errorf("eval --json: %s is %v", key, m[key])
		}
	}
	if _, ok := m["reference_pro"]; !ok {
		t.Error("eval --json has no reference_pro")
	}
	for _, name := range []string{"detector.safetensors", "checkpoint.safetensors", "run.json", "log.jsonl", "training.png", "training.csv",
		"eval/metrics.json", "eval/scores.csv", "eval/roc.png", "eval/pro.png", "eval/histogram.png", "eval/worst.png"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("the run's folder has no %s", name)
		}
	}
}

// eval/scores.csv must hold a row per test image, whatever else is drawn into the folder.
func TestScoresOfEveryTestImage(t *testing.T) {
	folder := smallRun(t)
	must(t, "eval", folder, "--maps=false", "--rows", "0")
	var m evaluation
	if err := seal.Read(filepath.Join(folder, "eval", "metrics.json"), &m); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, filepath.Join(folder, "eval", "scores.csv"))
	if want := "name,class,defect,anomalous,score,threshold,verdict,part"; strings.Join(rows[0], ",") != want || len(rows) != 1+10 {
		t.Fatalf("%d rows under %q, want 10 under %q", len(rows)-1, rows[0], want)
	}
	anomalous := 0
	for _, row := range rows[1:] {
		score, err := strconv.ParseFloat(row[4], 64)
		if err != nil {
			t.Error(err)
		}
		if want := results.Verdict(score, m.DetThreshold); row[6] != want {
			t.Errorf("%s scores %v and is called %s", row[0], score, row[6])
		}
		if row[3] == "true" {
			anomalous++
		}
		if (row[3] == "true") != (row[2] != "good") {
			t.Errorf("%s is %s, anomalous %s", row[0], row[2], row[3])
		}
	}
	if anomalous != 6 {
		t.Errorf("%d anomalous images", anomalous)
	}
}

// The map of an image must be the same in eval, in predict, and in a second process that was given the detector alone.
func TestMapsAgreeBetweenEvalAndPredict(t *testing.T) {
	folder := smallRun(t)
	images := exportTestImages(t, folder)
	must(t, "eval", folder, "--raw")
	must(t, "predict", folder, images, "--out", filepath.Join(folder, "predictions"))
	moved := filepath.Join(t.TempDir(), "moved.safetensors")
	data, err := os.ReadFile(runs.Folder(folder).Detector())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(moved, data, 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "predict", moved, images, "--out", filepath.Join(folder, "moved"))
	maps, err := filepath.Glob(filepath.Join(folder, "predictions", "*.npy"))
	if err != nil || len(maps) != 10 {
		t.Fatalf("%d maps (%v)", len(maps), err)
	}
	for _, path := range maps {
		a := readNPY(t, path)
		for _, other := range []string{"moved", "eval/maps"} {
			b := readNPY(t, filepath.Join(folder, other, filepath.Base(path)))
			for i := range a {
				if math.Abs(float64(a[i]-b[i])) > 1e-4 {
					t.Fatalf("%s: value %d is %v in predictions and %v in %s", filepath.Base(path), i, a[i], b[i], other)
				}
			}
		}
	}
}

// exportTestImages writes a run's test images as PNG files at the input size.
func exportTestImages(t *testing.T, folder string) string {
	t.Helper()
	info, err := runs.Folder(folder).ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&evalFlags{}).open(context.Background(), runs.Folder(folder), info, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, s := range data.Test {
		im, _, err := s.Load(data.H, data.W)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fileName(s.Name)+".png"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readNPY(t *testing.T, path string) []float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body := data[10+int(binary.LittleEndian.Uint16(data[8:])):]
	out := make([]float32, len(body)/4)
	if _, err := binary.Decode(body, binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(readText(t, path))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	return rows
}

// The shortest command that README and docs begin with: every flag has a value that trains.
func TestTrainWithoutFlags(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--counts", "4,1,1", "--size", "32", "--epochs", "1", "--out", out)
	must(t, "train", "--resume", "--epochs", "2", "--out", out)
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestLostOutputIsAnError(t *testing.T) {
	plan, _ := writePlan(t, "points: [{seed: 1}]")
	var log bytes.Buffer
	if code := run([]string{"sweep", "--dry-run", plan}, full{}, &log); code != exitError || !strings.Contains(log.String(), "printing the results: no space left") {
		t.Errorf("exit code %d, %s", code, log.String())
	}
}
