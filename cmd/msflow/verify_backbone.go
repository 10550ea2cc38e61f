package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/fixture"
)

// verifyBackbone computes the pyramid of a backbone whose weights follow from their names.
func verifyBackbone(_ context.Context, f *referenceCase) ([]comparison, error) {
	var c struct {
		Arch   string `json:"arch"`
		Batch  int    `json:"batch"`
		Height int    `json:"height"`
		Width  int    `json:"width"`
	}
	if err := f.decode(&c); err != nil {
		return nil, err
	}
	b, err := backbone.Random(c.Arch, 0, backbone.Options{})
	if err != nil {
		return nil, err
	}
	image := fixture.Fill("image", -2, 2, c.Batch, 3, c.Height, c.Width)
	features, err := b.Features(image, c.Batch, c.Height, c.Width)
	if err != nil {
		return nil, err
	}
	var out []comparison
	hold := func(kind string, maps []backbone.Feature) error {
		for i, m := range maps {
			name := fmt.Sprintf("%s.%d", kind, i)
			found, err := f.compare(name, m.Data, valueTolerance)
			if err != nil {
				return err
			}
			out = append(out, found)
		}
		return nil
	}
	// The pyramid's memory may be used again by Pool.
	own := slices.Clone(features)
	for i := range own {
		own[i].Data = slices.Clone(own[i].Data)
	}
	if err := hold("feature", own); err != nil {
		return out, err
	}
	return out, hold("pooled", backbone.Pool(features, c.Batch, "avg"))
}
