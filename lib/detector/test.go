package detector

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
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
	return newResult(d.Config, predictions)
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

func (d *Detector) predict(ctx context.Context, set datasets.Set, progress Progress) ([]Prediction, error) {
	if d.model == nil {
		return nil, ErrUntrained
	}
	if len(set) == 0 {
		return nil, fmt.Errorf("detector: the set has no images")
	}
	out := make([]Prediction, 0, len(set))
	err := d.eachScored(ctx, set, func(b *datasets.Batch, logp [][]float32) error {
		for i, sample := range b.Samples {
			p := d.prediction(sample, logp, i)
			if b.Masks[i] != nil {
				p.Mask = b.Masks[i].Pix
			}
			out = append(out, p)
		}
		if progress != nil {
			progress(len(out), len(set))
		}
		return nil
	})
	return out, err
}

// eachScored gives the log-likelihood maps (n,h,w) of each scale, batch by batch in order.
func (d *Detector) eachScored(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error {
	if d.device != nil {
		return d.eachScoredOnDevice(ctx, set, do)
	}
	return d.each(ctx, set, func(first int, b *datasets.Batch, maps []backbone.Feature) error {
		logp, err := d.likelihood(ctx, len(b.Samples), func(into [][]float32) error {
			for i, m := range maps {
				copy(into[i], m.Data)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return do(b, logp)
	})
}

// prediction takes the i-th image's part out of a batch of log-likelihood maps.
func (d *Detector) prediction(sample datasets.Sample, logp [][]float32, i int) Prediction {
	p := Prediction{
		Name: sample.Name, Path: sample.Path, Class: sample.Class, Defect: sample.Defect, Anomalous: sample.Anomalous,
		Part: datasets.Set{sample}.Parts()[0],
		H:    d.Config.Size[0], W: d.Config.Size[1], sample: sample,
	}
	for s, m := range d.maps {
		n := m.H * m.W
		p.LogP = append(p.LogP, append([]float32(nil), logp[s][i*n:(i+1)*n]...))
		p.Sizes = append(p.Sizes, [2]int{m.H, m.W})
	}
	p.Score = p.imageScore(d.Config.TopK)
	return p
}
