package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
)

// TestMoreEpochsAreARunOfTheirOwn: a checkpoint of few epochs is refused in the folder of a run of many, and a run that is given
// more epochs becomes another one, whose files never stand beside those of the former.
func TestMoreEpochsAreARunOfTheirOwn(t *testing.T) {
	short := smallRun(t, "--epochs", "2", "--judge-every", "2")
	long := filepath.Join(t.TempDir(), "long")
	copyFolder(t, smallRun(t, "--epochs", "4", "--judge-every", "2"), long)
	put(t, filepath.Join(long, "checkpoint.safetensors"), readText(t, filepath.Join(short, "checkpoint.safetensors")))
	refuse(t, []string{"checkpoint.safetensors", "belongs to the run"}, "train", "--out", long, "--resume")

	must(t, "eval", short, "--maps=false", "--rows", "0")
	before := content(t, short)
	interruptedAt(t, "features:", short, "--resume", "--epochs", "4")
	sameContent(t, "before the first checkpoint", before, content(t, short))

	parts := filepath.Join(t.TempDir(), "parts")
	copyFolder(t, short, parts)
	if _, log, code := msflow(t, "train", "--out", short, "--resume", "--epochs", "4"); code != 0 || !strings.Contains(log, "another run") {
		t.Errorf("exit code %d, and not a word about what more epochs mean:\n%s", code, log)
	}
	if runs.Exists(filepath.Join(short, "eval")) {
		t.Error("the test of the former run stands beside the new detector")
	}
	if lines := logLines(t, short); len(lines) != 4 || lines[0].Seconds == 0 || lines[0].Run != lines[3].Run {
		t.Errorf("the log: %+v", lines)
	}
	must(t, "eval", short, "--maps=false", "--rows", "0")

	interrupted(t, parts, 3, "--resume", "--epochs", "4")
	refuse(t, []string{"has not ended"}, "eval", parts)
	must(t, "train", "--out", parts, "--resume")
	must(t, "eval", parts, "--maps=false", "--rows", "0")
	sameContent(t, "interrupted after the first checkpoint", content(t, short), content(t, parts))
}

// TestMoreEpochsAfterPatience: where the patience has ended a training more epochs change nothing, which is said.
func TestMoreEpochsAfterPatience(t *testing.T) {
	folder := smallRun(t, "--patience", "1", "--hold-out", "0.25", "--lr", "0.1")
	before := content(t, folder)
	if lines := logLines(t, folder); len(lines) == 6 {
		t.Fatal("the patience did not end this training; the test shows nothing")
	}
	refuse(t, []string{"--patience", "as it was"}, "train", "--out", folder, "--resume", "--epochs", "9")
	sameContent(t, "the run", before, content(t, folder))
}
