package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A model that is fitted in one go goes through train, eval and predict like a flow, without epochs and checkpoints.
func TestModelWithoutEpochs(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	train := []string{"train", "--model", "padim", "--counts", "6,3,4", "--size", "64", "--out", run}
	if out := must(t, train...); !strings.Contains(out, "fitted padim") {
		t.Errorf("train printed %q", out)
	}
	if _, err := os.Stat(filepath.Join(run, "checkpoint.safetensors")); err == nil {
		t.Error("there is a checkpoint of a fit without steps")
	}
	var report struct {
		Det float64 `json:"det_auroc"`
		Loc float64 `json:"loc_auroc"`
	}
	if err := json.Unmarshal([]byte(must(t, "eval", run, "--json", "--maps=false", "--rows", "0")), &report); err != nil {
		t.Fatal(err)
	}
	if !(report.Loc > 0.6) {
		t.Errorf("eval reports %+v", report)
	}
	if _, log, code := msflow(t, append(train, "--resume")...); code != 1 || !strings.Contains(log, "no checkpoint yet") {
		t.Errorf("--resume: exit code %d, %q", code, log)
	}
	if _, log, code := msflow(t, "train", "--model", "nonesuch", "--counts", "6,3,4", "--size", "64", "--out", run+"2"); code != 1 || !strings.Contains(log, "fastflow") {
		t.Errorf("an unknown model: exit code %d, %q", code, log)
	}
}
