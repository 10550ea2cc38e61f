package detector

import (
	"context"
	"errors"

	"github.com/msflow-go/msflow/datasets"
)

// Test scores a labelled set and judges the scores. Where the set has no masks only the image figures are given. It returns
// within about 100 ms of ctx's cancellation.
func (d *Detector) Test(ctx context.Context, set datasets.Set) (*Result, error) {
	return d.TestWith(ctx, set, nil)
}

// TestWith is Test that reports its progress.
func (d *Detector) TestWith(ctx context.Context, set datasets.Set, progress Progress) (*Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	predictions, err := d.predict(ctx, set, progress)
	if err != nil {
		return nil, err
	}
	r, err := newResult(d.Config, predictions)
	if err != nil {
		return nil, err
	}
	r.Defects, err = r.ByDefect()
	return r, err
}

// Predict scores images of which nothing need be known.
func (d *Detector) Predict(ctx context.Context, set datasets.Set) ([]Prediction, error) {
	return d.PredictWith(ctx, set, nil)
}

// PredictWith is Predict that reports its progress.
func (d *Detector) PredictWith(ctx context.Context, set datasets.Set, progress Progress) ([]Prediction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.predict(ctx, set, progress)
}

// PredictEach scores images one after another and hands each to do as soon as it is scored. An image that cannot be read
// goes to bad instead, with an error that names its file, and costs itself only. Both are called in the order of the set;
// do's error ends the pass.
func (d *Detector) PredictEach(ctx context.Context, set datasets.Set, do func(Prediction) error, bad func(datasets.Sample, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bad = bad
	defer func() { d.bad = nil }()
	return d.predictEach(ctx, set, do)
}

func (d *Detector) predict(ctx context.Context, set datasets.Set, progress Progress) ([]Prediction, error) {
	out := make([]Prediction, 0, len(set))
	err := d.predictEach(ctx, set, func(p Prediction) error {
		out = append(out, p)
		if progress != nil {
			progress(len(out), len(set))
		}
		return nil
	})
	return out, err
}

func (d *Detector) predictEach(ctx context.Context, set datasets.Set, do func(Prediction) error) error {
	if d.model == nil && (d.baseline == nil || !d.baseline.Fitted()) {
		return ErrUntrained
	}
	if len(set) == 0 {
		return errors.New("detector: the set has no images")
	}
	if d.Config.tiled() {
		return d.predictTiles(ctx, set, do)
	}
	return d.eachScored(ctx, set, func(b *datasets.Batch, logp [][]float32, scores []float64) error {
		for i, sample := range b.Samples {
			p := d.prediction(sample, d.sight(b.Views[i], nil, [][][]float32{d.scalesOf(logp, i)}))
			if scores != nil && d.Config.TopK == 0 {
				p.Score = d.calibration.scored(scores[i])
			}
			if b.Masks[i] != nil {
				p.Mask = b.Masks[i].Pix
			}
			if err := do(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachScored gives the log-likelihood maps (n,h,w) of each scale, batch by batch in order, and the images' scores where
// the model has its own.
func (d *Detector) eachScored(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32, scores []float64) error) error {
	if d.baseline != nil {
		return d.eachMeasured(ctx, set, do)
	}
	return d.runner.eachScored(ctx, set, func(b *datasets.Batch, logp [][]float32) error { return do(b, logp, nil) })
}

// prediction is what is said of an image with these log-likelihood maps.
func (d *Detector) prediction(sample datasets.Sample, s sighted) Prediction {
	p := Prediction{
		Name: sample.Name, Path: sample.Path, Class: sample.Class, Defect: sample.Defect, Anomalous: sample.Anomalous,
		Part: datasets.Set{sample}.Parts()[0],
		H:    s.h, W: s.w, LogP: s.logp, Sizes: s.sizes, sample: sample, calibration: d.calibration, canvas: s.canvas,
	}
	if kind, ok := d.kind(); ok {
		p.distance, p.smooth = true, kind.Smooth
	} else if d.Config.Model != MSFlow {
		p.own = true
	}
	p.Score = p.imageScore(d.Config.TopK)
	return p
}

// sizes are the heights and widths of the log-likelihood maps.
func (d *Detector) sizes() [][2]int {
	if d.baseline != nil {
		h, w := d.baseline.Size()
		return [][2]int{{h, w}}
	}
	out := make([][2]int, len(d.latents))
	for i, m := range d.latents {
		out[i] = [2]int{m.H, m.W}
	}
	return out
}
