package sweep

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/seal"
)

// writing is an engine that gives every point its figures at once, but those of one class.
type writing struct {
	folder Folder
	points []Point
}

func (w *writing) Submit(_ context.Context, folder Folder, points []Point) error {
	w.folder, w.points = folder, points
	return nil
}

func (w *writing) Wait(_ context.Context, do func(Change)) error {
	for _, p := range w.points {
		do(Change{Point: p, State: w.folder.State(p), Began: true})
		if p.Flags["class"] == "bad" {
			do(Change{Point: p, State: Waiting, Err: errors.New("no such pictures")})
			continue
		}
		if err := seal.Write(filepath.Join(w.folder.Run(p), "eval", "metrics.json"), &sealedFigures{Det: 0.5}); err != nil {
			return err
		}
		do(Change{Point: p, State: Complete})
	}
	return nil
}

// sealedFigures are a point's figures as eval writes them.
type sealedFigures struct {
	Det    float64 `json:"det_auroc"`
	AUPRO  float64 `json:"aupro,omitempty"`
	SHA256 string  `json:"sha256"`
}

func (f *sealedFigures) Seal() *string { return &f.SHA256 }

// What is complete is not run again; what failed is tried again.
func TestNew(t *testing.T) {
	var log bytes.Buffer
	s := New(filepath.Join(t.TempDir(), "sweep"), Grid{"class": {"gear", "bad"}, "seed": {1, 2}}, Flags{"size": 64})
	s.Engine, s.Log = &writing{}, &log
	if len(s.Plan.Points) != 4 || strings.Join(s.Plan.Points[1].Args(), " ") != "--class=gear --seed=2 --size=64" {
		t.Fatalf("%+v", s.Plan.Points)
	}
	for round, want := range []string{"4 points, 0 of them complete", "4 points, 2 of them complete"} {
		log.Reset()
		err := s.Run(t.Context())
		if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "2 of 4 points failed") || !strings.Contains(log.String(), want) {
			t.Errorf("round %d: %v\n%s", round, err, log.String())
		}
	}
	if table, err := s.Table(); err != nil || len(table.Rows) != 1 || table.Missing != 2 {
		t.Errorf("%+v, %v", table, err)
	}
}

func TestNewWithoutTheProgram(t *testing.T) {
	t.Setenv("PATH", "")
	s := New(t.TempDir(), Grid{"seed": {1}})
	s.Log = &bytes.Buffer{}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "msflow") {
		t.Error(err)
	}
}
