package detector

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// Files that cannot be read cost themselves only: the others are scored as they are without them, in order.
func TestBadImagesCostThemselvesOnly(t *testing.T) {
	d, data := fitted(t)
	dir := t.TempDir()
	var paths, sound []string
	for i := range 21 {
		path := filepath.Join(dir, fmt.Sprintf("%02d.png", i))
		if bad := i < 9 || i == 15; bad { // a whole batch, one in the next
			if err := os.WriteFile(path, []byte("\x89PNG\r\n\x1a\nnothing"), 0o644); err != nil {
				t.Fatal(err)
			}
		} else {
			sound = append(sound, path)
			savePicture(t, path, data.Test[i%len(data.Test)])
		}
		paths = append(paths, path)
	}
	want, err := d.Predict(context.Background(), datasets.Files(sound...))
	if err != nil {
		t.Fatal(err)
	}
	var got []Prediction
	var bad []string
	err = d.PredictEach(context.Background(), datasets.Files(paths...),
		func(p Prediction) error { got = append(got, p); return nil },
		func(s datasets.Sample, err error) { bad = append(bad, s.Name+": "+err.Error()) })
	if err != nil || len(got) != len(sound) || len(bad) != 10 || !strings.Contains(bad[9], "15.png") {
		t.Fatalf("%d scored, bad %v, error %v", len(got), bad, err)
	}
	for i := range got {
		if off := largestDifference(got[i].Maps().Mul, want[i].Maps().Mul); got[i].Name != want[i].Name || off > 1e-5 {
			t.Errorf("%s in place of %s, off by %v", got[i].Name, want[i].Name, off)
		}
	}
	stop := errors.New("stop")
	if err := d.PredictEach(context.Background(), datasets.Files(paths...), func(Prediction) error { return stop }, func(datasets.Sample, error) {}); !errors.Is(err, stop) {
		t.Errorf("an error of the caller's: %v", err)
	}
	if _, err := d.Predict(context.Background(), datasets.Files(paths...)); err == nil {
		t.Error("Predict goes on after a bad file")
	}
}

func savePicture(t *testing.T, path string, s datasets.Sample) {
	t.Helper()
	im, _, err := s.Load(64, 64)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, im), f.Close()); err != nil {
		t.Fatal(err)
	}
}
