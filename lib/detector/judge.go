package detector

import (
	"context"
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
)

// judged is a labelled set whose features and masks are kept while a training is tested again and again.
type judged struct {
	features *Features
	samples  datasets.Set
	masks    [][]uint8 // at the input size
}

func (j judged) close() {
	if j.features != nil {
		j.features.Close()
	}
}

// prepareVerdicts computes what JudgeEvery needs once.
func (d *Detector) prepareVerdicts(ctx context.Context, f *fitting) error {
	if f.judgeEvery <= 0 {
		return nil
	}
	if d.Config.tiled() {
		return errors.New("detector: a training in tiles is not judged on its way; test it after Fit")
	}
	features, err := newFeatures(setNames(f.judgeOn), d.maps, f.cacheBytes)
	if err != nil {
		return err
	}
	f.judged = judged{features: features, samples: f.judgeOn.ReadAs(d.Reading()), masks: make([][]uint8, len(f.judgeOn))}
	row := make([]float32, features.perImage())
	return d.each(ctx, f.judgeOn, func(first int, b *datasets.Batch, maps []backbone.Feature) error {
		for i, m := range b.Masks {
			if m != nil {
				f.judged.masks[first+i] = m.Pix
			}
			features.views[first+i] = b.Views[i]
			if err := features.store.put(first+i, joinMaps(row, maps, i)); err != nil {
				return fmt.Errorf("keeping the features of %s: %w", datasets.Printable(b.Samples[i].Name), err)
			}
		}
		return nil
	})
}

// giveVerdict tests the flow after an epoch that JudgeEvery asked for.
func (d *Detector) giveVerdict(ctx context.Context, f *fitting, epoch int) error {
	if f.judgeEvery <= 0 || epoch%f.judgeEvery != 0 && epoch != or(f.Epochs, paperEpochs) {
		return nil
	}
	if err := d.calibrate(ctx, f.normal, f.heldOut > 0); err != nil {
		return err
	}
	r, err := d.judge(ctx, f.judged)
	if err != nil {
		return fmt.Errorf("testing after epoch %d: %w", epoch, err)
	}
	return f.onVerdict(epoch, r)
}

// judge tests the flow as it is now.
func (d *Detector) judge(ctx context.Context, j judged) (*Result, error) {
	var out []Prediction
	judge, err := d.runner.judge(ctx)
	if err != nil {
		return nil, err
	}
	for first := 0; first < len(j.samples); first += extractBatch {
		index := make([]int, 0, extractBatch)
		for i := first; i < min(first+extractBatch, len(j.samples)); i++ {
			index = append(index, i)
		}
		logp, err := judge(ctx, len(index), func(into [][]float32) error { return j.features.Batch(ctx, index, into) })
		if err != nil {
			return nil, err
		}
		for i, image := range index {
			p := d.prediction(j.samples[image], d.sight(j.features.views[image], nil, [][][]float32{d.scalesOf(logp, i)}))
			p.Mask = j.masks[image]
			out = append(out, p)
		}
	}
	return newResult(d.Config, out)
}
