package detector

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/msflow-go/msflow/lib/whiten"
)

// whitenScale is one scale of a source of features, for whiten.Fit.
type whitenScale struct {
	features train.Source
	maps     [][]float32
	scale    int
}

func (s whitenScale) Len() int { return s.features.Len() }

func (s whitenScale) Map(ctx context.Context, i int, x []float32) error {
	err := s.features.Batch(ctx, []int{i}, s.maps)
	copy(x, s.maps[s.scale])
	return err
}

// whiten fits the whitening of every scale to the images that are trained on and whitens all cached features with it. A
// detector that has one keeps it, so that a training that goes on sees the features it saw before.
func (d *Detector) whiten(ctx context.Context, fit train.Source, features *Features) error {
	if !d.Config.whitens() || d.whitening != nil {
		return nil
	}
	maps := make([][]float32, len(d.maps))
	for i, m := range d.maps {
		maps[i] = make([]float32, m.Len())
	}
	fitted := make([]*whiten.Whitening, len(d.maps))
	for i, m := range d.maps {
		w, err := whiten.Fit(ctx, whiten.Shape(m), whitenScale{fit, maps, i})
		if err != nil {
			return fmt.Errorf("detector: whitening the features of %s: %w", scaleName(d.Config.Scales[i]), err)
		}
		fitted[i] = w
	}
	if err := features.change(ctx, func(row []float32) {
		for i, m := range d.maps {
			fitted[i].Apply(row[:m.Len()], 1)
			row = row[m.Len():]
		}
	}); err != nil {
		return err
	}
	d.whitening = fitted
	return nil
}

// whitened whitens the features of n images in place, if the detector has learned how.
func (d *Detector) whitened(maps []backbone.Feature, n int) []backbone.Feature {
	for i, w := range d.whitening {
		w.Apply(maps[i].Data, n)
	}
	return maps
}

// extraTensors are what a detector's file holds besides the flow.
func (d *Detector) extraTensors() []weights.Tensor {
	var out []weights.Tensor
	for i, w := range d.whitening {
		out = append(out, w.Tensors(whitenPrefix(i))...)
	}
	return out
}

func whitenPrefix(scale int) string { return fmt.Sprintf("whitening.%d.", scale) }

// restoreWhitening reads what extraTensors wrote.
func (d *Detector) restoreWhitening(get func(name string) (weights.Tensor, error)) error {
	if !d.Config.whitens() {
		return nil
	}
	read := make([]*whiten.Whitening, len(d.maps))
	for i, m := range d.maps {
		w, err := whiten.Restore(whiten.Shape(m), whitenPrefix(i), get)
		if err != nil {
			return err
		}
		read[i] = w
	}
	d.whitening = read
	return nil
}
