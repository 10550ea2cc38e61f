package detector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
)

// Calibration is what a detector knows of its verdicts on normal images. It is measured at the end of Fit on the images that
// were held out, and travels in the detector's file.
type Calibration struct {
	Images  int  `json:"images"`
	HeldOut bool `json:"held_out"` // false: the training images themselves, which look more normal than new ones

	Levels []score.Level `json:"levels,omitempty"` // of each scale, for score.Surprise

	// The map's value m is shown as (m − Low)/(High − Low)/2, so that 0 is the middle of normal pixels and 0.5 what one
	// normal image in a hundred reaches somewhere. An image's score is on the same scale.
	Low  float64 `json:"low"`
	High float64 `json:"high"`

	// Nats is the range of colours for maps that stay in nats per channel, the paper's: from a middle normal image to twice as
	// far as one in a hundred reaches.
	Nats [2]float64 `json:"nats,omitzero"`

	// Location and Scale of the Gumbel distribution (of largest values) that the normal images' scores follow.
	Location float64 `json:"location"`
	Scale    float64 `json:"scale"`
}

// FalseAlarms is the share of normal images that the detector expects to score as high as score or higher, in (0,1].
func (c *Calibration) FalseAlarms(score float64) float64 {
	return -math.Expm1(-math.Exp(-(score - c.Location) / c.Scale))
}

// Threshold is the score that the given share of normal images is expected to reach.
func (c *Calibration) Threshold(falseAlarms float64) float64 {
	return c.Location - c.Scale*math.Log(-math.Log1p(-falseAlarms))
}

// String says what was measured.
func (c *Calibration) String() string {
	if c.HeldOut {
		return fmt.Sprintf("calibrated on %d held-out normal images", c.Images)
	}
	return fmt.Sprintf("calibrated on its %d training images, which look more normal than new ones; hold some out", c.Images)
}

// defaultFalseAlarms is the share of normal images above a score of 0.5.
const defaultFalseAlarms = 0.01

// Calibration is nil before Fit, and for detectors of older files.
func (d *Detector) Calibration() *Calibration { return d.calibration }

// gumbel fits location and scale to values by their mean and variance.
func gumbel(values []float64) (location, scale float64) {
	mean, squares := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	const euler = 0.5772156649015329
	scale = math.Sqrt(6*squares/float64(max(1, len(values)-1))) / math.Pi
	least := 1e-3
	if len(values) < 10 { // a few images hardly show their spread, a single one none
		least = 0.05
	}
	scale = max(scale, least*math.Abs(mean), 1e-6)
	return mean - euler*scale, scale
}

// calibrate measures the detector on cached features of normal images: held-out ones, or those it was trained on.
func (d *Detector) calibrate(ctx context.Context, normal train.Source, heldOut bool) (err error) {
	d.calibration = nil // the scores below are the model's own
	c := &Calibration{Images: normal.Len(), HeldOut: heldOut, Low: 0, High: 0.5}
	switch {
	case d.baseline != nil:
		err = d.measureBaseline(ctx, c, normal)
	case d.Config.Score == SurpriseScore:
		err = d.measureSurprise(ctx, c, normal)
	case d.Config.Model != MSFlow:
		err = d.measurePeer(ctx, c, normal)
	default:
		err = d.measureReference(ctx, c, normal)
	}
	if err != nil {
		return fmt.Errorf("detector: calibrating: %w", err)
	}
	d.calibration = c
	return nil
}

// measurePeer puts the negative log-likelihoods of another flow on the scale.
func (d *Detector) measurePeer(ctx context.Context, c *Calibration, normal train.Source) error {
	scores, err := d.fusedScores(ctx, normal, func(m score.Maps) []float32 { return m.NLL })
	if err != nil {
		return err
	}
	c.fit(scores, scores)
	return nil
}

// measureReference fits the scores' distribution and leaves scores and maps as the paper has them.
func (d *Detector) measureReference(ctx context.Context, c *Calibration, normal train.Source) error {
	nll, err := d.fusedScores(ctx, normal, func(m score.Maps) []float32 { return m.NLL })
	if err != nil {
		return err
	}
	c.fit(nll, nll)
	c.Nats = [2]float64{c.Low, 2*c.High - c.Low}
	scores, err := d.fusedScores(ctx, normal, func(m score.Maps) []float32 { return m.Mul })
	if err != nil {
		return err
	}
	c.Low, c.High = 0, 0.5
	c.Location, c.Scale = gumbel(scores)
	return nil
}

// fusedScores are the scores of cached features by one of the fused maps.
func (d *Detector) fusedScores(ctx context.Context, features train.Source, of func(score.Maps) []float32) ([]float64, error) {
	logp, err := d.logpOf(ctx, features)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(logp))
	for i, image := range logp {
		m := score.Fuse(image, d.sizes(), d.Config.Size[0], d.Config.Size[1])
		scores[i] = score.ImageScore(of(m), d.Config.TopK)
	}
	return scores, nil
}

// measureBaseline puts a baseline's distances on the scale.
func (d *Detector) measureBaseline(ctx context.Context, c *Calibration, normal train.Source) error {
	scores, err := d.baselineScores(ctx, normal)
	if err != nil {
		return err
	}
	c.fit(scores, scores)
	return nil
}

// scored is scaled where there is a calibration, and the model's own value where there is none.
func (c *Calibration) scored(v float64) float64 {
	if c == nil {
		return v
	}
	return c.scaled(v)
}

// fit takes the distribution from the scores of normal images, and the 0 of the scale from their ordinary values.
func (c *Calibration) fit(scores, ordinary []float64) {
	c.Location, c.Scale = gumbel(scores)
	slices.Sort(ordinary)
	c.place(ordinary[len(ordinary)/2])
}

// place makes 0 of a middle score and 0.5 of the one that few normal images reach.
func (c *Calibration) place(middle float64) {
	c.Low, c.High = middle, c.Threshold(defaultFalseAlarms)
	if !(c.High > c.Low) {
		c.High = c.Low + 1
	}
	c.Location, c.Scale = c.scaled(c.Location), c.Scale*0.5/(c.High-c.Low)
}

// scaled puts a model's own value on the scale of the calibrated ones.
func (c *Calibration) scaled(v float64) float64 { return (v - c.Low) * 0.5 / (c.High - c.Low) }

// measureSurprise measures the levels of the scales, and puts the scores on the scale.
func (d *Detector) measureSurprise(ctx context.Context, c *Calibration, normal train.Source) error {
	logp, err := d.logpOf(ctx, normal)
	if err != nil {
		return err
	}
	for s := range d.sizes() {
		var of [][]float32
		for _, image := range logp {
			of = append(of, image[s])
		}
		c.Levels = append(c.Levels, score.LevelOf(of...))
	}
	h, w := d.Config.Size[0], d.Config.Size[1]
	var scores, middles []float64
	for _, image := range logp {
		m := score.Surprise(image, d.sizes(), c.Levels, h, w)
		scores = append(scores, score.ImageScore(m, d.Config.TopK))
		middles = append(middles, score.ImageScore(m, 0.5)) // the upper half's mean: cheap and steady
	}
	c.fit(scores, middles)
	return nil
}

// logpOf gives the log-likelihood maps of cached features, [image][scale].
func (d *Detector) logpOf(ctx context.Context, features train.Source) ([][][]float32, error) {
	out := make([][][]float32, features.Len())
	for first := 0; first < len(out); first += extractBatch {
		var index []int
		for i := first; i < min(first+extractBatch, len(out)); i++ {
			index = append(index, i)
		}
		logp, err := d.likelihoodAnywhere(ctx, len(index), func(into [][]float32) error { return features.Batch(ctx, index, into) })
		if err != nil {
			return nil, err
		}
		for b, i := range index {
			for s, m := range d.sizes() {
				n := m[0] * m[1]
				out[i] = append(out[i], slices.Clone(logp[s][b*n:(b+1)*n]))
			}
		}
	}
	return out, nil
}

// surprise is the calibrated map of an image, see Calibration.
func (c *Calibration) surprise(p Prediction) []float32 {
	return c.scaleMap(score.Surprise(p.LogP, p.Sizes, c.Levels, p.H, p.W))
}

// scaleMap is scaled for every value of a map, in place.
func (c *Calibration) scaleMap(m []float32) []float32 {
	for i, v := range m {
		m[i] = float32(c.scaled(float64(v)))
	}
	return m
}
