package reference

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/msflow-go/msflow/datasets"
)

// verifyPreprocess reads and resizes the case's image. JPEG decoders may differ by a level here and there, so the case says
// by how many levels the result may differ.
func verifyPreprocess(_ context.Context, f *Case) ([]Comparison, error) {
	var c struct {
		Image  string  `json:"image"`
		Size   [2]int  `json:"size"`
		Levels float64 `json:"tolerance_levels"`
	}
	if err := f.decode(&c); err != nil {
		return nil, err
	}
	resized, normalized, err := datasets.Preprocess(filepath.Join(f.folder, c.Image), c.Size[0], c.Size[1])
	if err != nil {
		return nil, err
	}
	want, err := f.results.Get("resized")
	if err != nil {
		return nil, err
	}
	wantNorm, err := f.results.Get("normalized")
	if err != nil {
		return nil, err
	}
	if len(want.Ints) != len(resized) || len(wantNorm.Data) != len(normalized) {
		return nil, fmt.Errorf("the reference's picture is %v, this program's has %d values", want.Shape, len(resized))
	}
	levels, norm := 0.0, 0.0
	for i, w := range want.Ints {
		levels = max(levels, math.Abs(float64(w)-float64(resized[i])))
		norm = max(norm, math.Abs(float64(wantNorm.Data[i])-float64(normalized[i])))
	}
	// One level is 1/255 before division by the smallest standard deviation, 0.224.
	return []Comparison{
		{f.name, "resized", levels, c.Levels, false},
		{f.name, "normalized", norm, c.Levels/255/0.224 + 1e-6, false},
	}, nil
}
