package main

import (
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
)

// A training that goes on from a detector has its settings and begins where it stands; so does one that is resumed.
func TestTrainFrom(t *testing.T) {
	first := smallRun(t)
	second := filepath.Join(t.TempDir(), "second")
	more := []string{"train", "--dataset", "synthetic", "--counts", "12,4,6", "--seed", "3", "--from", first, "--out", second, "--lr", "1e-9"}
	must(t, append(more, "--epochs", "1")...)
	a, err := detector.Load(runs.Folder(first).Detector(), "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := detector.Load(runs.Folder(second).Detector(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a.Config, b.Config) || a.Run == b.Run || a.Sum == b.Sum {
		t.Errorf("%+v of run %s went on as %+v of run %s", a.Config, a.Run, b.Config, b.Run)
	}
	for i, p := range a.Model().Params() { // the rate is too small to move them
		if p.IsInt() {
			continue
		}
		q := b.Model().Params()[i].Float32s()
		for k, v := range p.Float32s() {
			if math.Abs(float64(v-q[k])) > 1e-5 {
				t.Fatalf("value %d of %s is %v, and was %v", k, p.Name, q[k], v)
			}
		}
	}
	must(t, "train", "--out", second, "--resume", "--epochs", "2")
	if b, err = detector.Load(runs.Folder(second).Detector(), ""); err != nil || len(b.Epochs) != 2 {
		t.Errorf("%d epochs after a second one (%v)", len(b.Epochs), err)
	}
	out := filepath.Join(t.TempDir(), "third")
	refuse(t, []string{"--cond", "--from"}, "train", "--from", first, "--out", out, "--cond", "4")
	refuse(t, []string{"--size", "64x64"}, "train", "--from", first, "--out", out, "--size", "96")
	refuse(t, []string{"--from", "gone"}, "train", "--from", "gone", "--out", out)
}
