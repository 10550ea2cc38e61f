package detector

import (
	"context"
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/baseline"
	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
)

// kind is the configured model of lib/baseline, false for a flow.
func (d *Detector) kind() (baseline.Kind, bool) { return baseline.Find(d.Config.Model) }

// buildBaseline makes the model for the pyramid's maps, not yet fitted.
func (d *Detector) buildBaseline(kind baseline.Kind) error {
	shapes := make([]baseline.Map, len(d.maps))
	for i, m := range d.maps {
		shapes[i] = baseline.Map(m)
	}
	model, err := kind.New(shapes, baseline.Options{Coreset: d.Config.Coreset, Seed: d.Config.Seed})
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	d.baseline = model
	return nil
}

// fitBaseline learns from the features in one go.
func (d *Detector) fitBaseline(ctx context.Context, set datasets.Set, f fitting) error {
	if err := d.checkOneGo(f); err != nil {
		return err
	}
	features, err := d.features(ctx, set, f.cacheBytes, f.onFeatures)
	if err != nil {
		return err
	}
	defer features.Close()
	fit, held, err := d.divide(f, features)
	if err != nil {
		return err
	}
	if err := d.baseline.Fit(ctx, fit, f.onFitting); err != nil {
		return fmt.Errorf("detector: fitting %w", err)
	}
	if held != nil {
		fit = held
	}
	return d.calibrate(ctx, fit, held != nil)
}

// checkOneGo refuses what only a training in epochs can do.
func (d *Detector) checkOneGo(f fitting) error {
	cannot := ""
	switch {
	case f.resume != "":
		cannot = "there is no training to resume; fit it again"
	case f.proceed:
		cannot = "there is no training to continue; fit it again"
	case f.judgeEvery > 0:
		cannot = "it has no epochs to judge; test it after Fit"
	default:
		return nil
	}
	return fmt.Errorf("detector: %s is fitted in one go: %s", d.Config.Model, cannot)
}

// eachMeasured gives the distance maps (n,h,w) of a baseline as log-likelihood maps of one scale, minus the distance, and
// the images' scores of the model's own making, or nil.
func (d *Detector) eachMeasured(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32, scores []float64) error) error {
	return d.each(ctx, set, func(_ int, b *datasets.Batch, features []backbone.Feature) error {
		maps := make([][]float32, len(features))
		for i, f := range features {
			maps[i] = f.Data
		}
		distance, scores, err := d.baseline.Distance(ctx, len(b.Samples), maps)
		if err != nil {
			return err
		}
		for i, v := range distance {
			distance[i] = -v
		}
		return do(b, [][]float32{distance}, scores)
	})
}

// ErrNoFlow is returned when the latents of a model without a flow are asked for.
var ErrNoFlow = errors.New("detector: the model has no flow")

// needFlow is an error unless the detector has a flow.
func (d *Detector) needFlow() error {
	if _, ok := d.kind(); ok {
		return fmt.Errorf("%w: %s", ErrNoFlow, d.Config.Model)
	}
	if d.model == nil {
		return ErrUntrained
	}
	return nil
}

// distances makes a baseline's maps of minus its distances.
func (p Prediction) distances() score.Maps {
	distance := make([]float32, len(p.LogP[0]))
	for i, v := range p.LogP[0] {
		distance[i] = -v
	}
	m := score.Distances(distance, p.Sizes[0][0], p.Sizes[0][1], p.H, p.W, p.smooth)
	if p.calibration != nil {
		p.calibration.scaleMap(m.NLL) // one map for all three
	}
	return m
}

// baselineScores sees the maps of cached features, with the scores as the model has them.
func (d *Detector) baselineScores(ctx context.Context, features train.Source, n *normals) error {
	kind, _ := d.kind()
	h, w := d.baseline.Size()
	maps := make([][]float32, len(d.maps))
	of, index := cached(features)
	for i := range features.Len() {
		image := d.canvasOf(of.views[index[i]])
		for s, m := range d.maps {
			maps[s] = make([]float32, m.Len())
		}
		if err := features.Batch(ctx, []int{i}, maps); err != nil {
			return err
		}
		distance, scores, err := d.baseline.Distance(ctx, 1, maps)
		if err != nil {
			return err
		}
		m := score.Distances(distance, h, w, d.Config.Size[0], d.Config.Size[1], kind.Smooth)
		if scores != nil && d.Config.TopK == 0 {
			n.see(scores[0], image.kept(m.NLL, image.whole()))
		} else {
			n.see(image.score(m.NLL, d.Config.TopK), image.kept(m.NLL, image.whole()))
		}
	}
	return nil
}

// saveBaseline writes a baseline's tensors.
func (d *Detector) saveBaseline(path string) error {
	if d.baseline == nil || !d.baseline.Fitted() {
		return fmt.Errorf("saving to %s: %w", path, ErrUntrained)
	}
	return train.SaveTensors(path, d.baseline.Tensors(), d.stored())
}
