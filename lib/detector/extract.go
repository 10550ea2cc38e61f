package detector

import (
	"context"
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
)

// Progress is told how far a pass over images has come.
type Progress func(done, total int)

// extractBatch is how many images go through the backbone together.
const extractBatch = 8

// Features runs the backbone over a set and keeps the pooled maps, in memory up to limit bytes. The caller closes them.
func (d *Detector) Features(ctx context.Context, set datasets.Set, limit int64, progress Progress) (*Features, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sized(set); err != nil {
		return nil, err
	}
	return d.features(ctx, set, limit, progress)
}

func (d *Detector) features(ctx context.Context, set datasets.Set, limit int64, progress Progress) (*Features, error) {
	cut, err := d.cut(set)
	if err != nil {
		return nil, err
	}
	set = cut.Set
	f, err := newFeatures(setNames(set), d.maps, limit)
	if err != nil {
		return nil, err
	}
	f.Parts = set.Parts()
	row := make([]float32, f.perImage())
	err = d.each(ctx, set, func(first int, b *datasets.Batch, maps []backbone.Feature) error {
		copy(f.views[first:], b.Views)
		for i := range b.Samples {
			if err := f.store.put(first+i, joinMaps(row, maps, i)); err != nil {
				return fmt.Errorf("keeping the features of %s: %w", datasets.Printable(f.Names[first+i]), err)
			}
		}
		if progress != nil {
			progress(first+len(b.Samples), len(set))
		}
		return nil
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	f.showing(cut)
	return f, nil
}

// showing keeps what the images show of which picture.
func (f *Features) showing(cut *datasets.Tiles) {
	if cut.Views != nil {
		f.views, f.picture, f.canvas = cut.Views, cut.Picture, cut.Canvas
		return
	}
	f.canvas, f.picture = f.views, make([]int, len(f.views))
	for i := range f.picture {
		f.picture[i] = i
	}
}

// joinMaps lays the maps of the i-th image of a batch end to end.
func joinMaps(row []float32, maps []backbone.Feature, i int) []float32 {
	at := 0
	for _, m := range maps {
		n := m.C * m.H * m.W
		at += copy(row[at:], m.Data[i*n:(i+1)*n])
	}
	return row
}

// each runs the backbone over a set, batch by batch in order; the maps are valid during the call.
func (d *Detector) each(ctx context.Context, set datasets.Set, do func(first int, b *datasets.Batch, maps []backbone.Feature) error) error {
	return d.runner.each(ctx, set, func(b *datasets.Batch, maps []backbone.Feature) error { return do(b.First, b, maps) })
}

// Reading is how images are read, always as the training images were.
func (d *Detector) Reading() datasets.Reading {
	return datasets.Reading{Levels: d.Config.Levels, Exif: d.Config.Exif, Frame: d.Config.Frame}
}

// sized takes the input size and the way to read images from the data when the configuration gives none, and builds the model.
func (d *Detector) sized(set datasets.Set) error {
	if len(set) == 0 {
		return errors.New("detector: the set has no images")
	}
	if d.Config.Levels == 0 || d.Config.Exif == "" {
		r := set.Reading()
		d.Config.Levels, d.Config.Exif = or(d.Config.Levels, r.Levels), or(d.Config.Exif, r.Exif)
	}
	if d.maps != nil {
		return nil
	}
	if d.Config.Size == [2]int{} {
		h, w := set.Size()
		if d.Config.tiled() {
			h, w = d.Config.Frame.Tile, d.Config.Frame.Tile
		}
		d.Config.Size = [2]int{or(h, 256), or(w, 256)}
	}
	return d.build()
}

func setNames(set datasets.Set) []string {
	names := make([]string, len(set))
	for i, s := range set {
		names[i] = s.Name
	}
	return names
}
