package detector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
	"gonum.org/v1/gonum/stat/distuv"
)

// Calibration is what a detector knows of its verdicts on normal images. It is measured at the end of Fit on the images
// that were held out, and travels in the detector's file.
type Calibration struct {
	Images  int  `json:"images"`
	HeldOut bool `json:"held_out"` // false: the training images themselves, which look more normal than new ones

	Levels []score.Level `json:"levels,omitempty"` // of each scale, for score.Surprise

	// The map's value m is shown as (m − Low)/(High − Low)/2, so that 0 is the middle of normal pixels and 0.5 what one
	// normal image in a hundred reaches somewhere. An image's score is on the same scale.
	Low  float64 `json:"low"`
	High float64 `json:"high"`

	// Nats is the range of colours for maps that stay in nats per channel, the paper's: from a middle normal pixel to
	// twice as far as one normal image in a hundred reaches anywhere.
	Nats [2]float64 `json:"nats,omitzero"`

	// Location and Scale of the Gumbel distribution (of largest values) that the normal images' scores follow.
	Location float64 `json:"location"`
	Scale    float64 `json:"scale"`

	Pixels *PixelCalibration `json:"pixels,omitempty"` // nil in older files
	Scores []float64         `json:"scores,omitempty"` // of the normal images in rising order, a thousand of them at most

	// What Calibrate was asked for: the share of normal images that the verdicts may call anomalous, the 95 % interval of
	// its threshold, and in words what the images are. Zero after Fit, and then the share is 0.01.
	Share    float64   `json:"false_alarms,omitempty"`
	Interval *Interval `json:"threshold_interval,omitempty"`
	From     string    `json:"from,omitempty"`
}

// PixelCalibration is what normal images' maps show, in the units of Maps().NLL.
type PixelCalibration struct {
	Location float64 `json:"location"` // of the Gumbel distribution of the maps' largest values
	Scale    float64 `json:"scale"`
	Ordinary float64 `json:"ordinary"` // 999 of a thousand pixels lie below
}

// Regions are the thresholds of the map for defects: High is what the given share of normal images is expected to reach
// anywhere; Low, to which a defect extends from there, lies three quarters of the way to High from what one of a thousand normal
// pixels reaches. Of the quarters, that one outlines defects painted on good pictures best (Dice; gear, fabric and magnetic tiles).
func (p *PixelCalibration) Regions(falseAlarms float64) (low, high float64) {
	high = exceeded(p.Location, p.Scale, falseAlarms)
	return high - max(0, high-p.Ordinary)/4, high
}

// DefectShare is the share of its greatest value that the map of a strong defect has at its border; see region.Thresholds. Of 0.5 to
// 0.9 it outlines painted defects best: without it they came out ten times as large as they are, since maps fall slowly around what is
// far from normal.
const DefectShare = 0.75

// FalseAlarms is the share of normal images that the detector expects to score as high as score or higher, in (0,1].
func (c *Calibration) FalseAlarms(score float64) float64 {
	return -math.Expm1(-math.Exp(-(score - c.Location) / c.Scale))
}

// Threshold is the score that the given share of normal images is expected to reach.
func (c *Calibration) Threshold(falseAlarms float64) float64 {
	return exceeded(c.Location, c.Scale, falseAlarms)
}

// exceeded is what a Gumbel variable exceeds with a probability.
func exceeded(location, scale, probability float64) float64 {
	return location - scale*math.Log(-math.Log1p(-probability))
}

// Verdict is the score from which an image is called anomalous, unless the caller knows better.
func (c *Calibration) Verdict() float64 { return c.Threshold(c.FalseAlarmShare()) }

// FalseAlarmShare is the share of normal images that Verdict is expected to call anomalous.
func (c *Calibration) FalseAlarmShare() float64 { return or(c.Share, defaultFalseAlarms) }

// String says what was measured.
func (c *Calibration) String() string {
	if c.From != "" {
		return fmt.Sprintf("calibrated on %d normal images: %s", c.Images, c.From)
	}
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
	scale = max(widening(len(values))*scale, least*math.Abs(mean), 1e-6)
	return mean - euler*scale, scale
}

// widening is by how much a spread that n values show must be wider for a new value to lie within: a new normal image is
// to exceed the level of one in a hundred once in a hundred times although that level was guessed from few. It is the
// factor for normal values, t₀.₉₉(n−1)·√(1+1/n)/z₀.₉₉, at most 3.
func widening(n int) float64 {
	if n < 2 {
		return 1
	}
	level := 1 - defaultFalseAlarms
	t := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(level)
	return min(3, t*math.Sqrt(1+1/float64(n))/distuv.UnitNormal.Quantile(level))
}

// calibrate measures the detector on cached features of normal images: held-out ones, or those it was trained on.
func (d *Detector) calibrate(ctx context.Context, normal train.Source, heldOut bool) error {
	d.calibration = nil // the scores are the model's own while it is measured
	c, _, err := d.measure(ctx, normal, heldOut)
	d.calibration = c
	return err
}

// measure is calibrate that leaves the detector as it is, which must have no calibration.
func (d *Detector) measure(ctx context.Context, normal train.Source, heldOut bool) (c *Calibration, n normals, err error) {
	of, index := cached(normal)
	c = &Calibration{Images: of.pictures(index), HeldOut: heldOut, Low: 0, High: 0.5}
	switch {
	case d.baseline != nil:
		err = d.measureBaseline(ctx, c, normal, &n)
	case d.Config.Score == SurpriseScore:
		err = d.measureSurprise(ctx, c, normal, &n)
	case d.Config.Model != MSFlow:
		err = d.measurePeer(ctx, c, normal, &n)
	default:
		err = d.measureReference(ctx, c, normal, &n)
	}
	if err != nil {
		return nil, n, fmt.Errorf("detector: calibrating: %w", err)
	}
	n.describe(c)
	return c, n, nil
}

// measurePeer puts the negative log-likelihoods of another flow on the scale.
func (d *Detector) measurePeer(ctx context.Context, c *Calibration, normal train.Source, n *normals) error {
	if err := d.fusedScores(ctx, normal, n, func(m score.Maps) []float32 { return m.NLL }); err != nil {
		return err
	}
	c.fit(n.scores, slices.Clone(n.scores))
	return nil
}

// measureReference fits the scores' distribution and leaves the scores as the paper has them.
func (d *Detector) measureReference(ctx context.Context, c *Calibration, normal train.Source, n *normals) error {
	if err := d.fusedScores(ctx, normal, n, func(m score.Maps) []float32 { return m.Mul }); err != nil {
		return err
	}
	c.Location, c.Scale = gumbel(n.scores)
	location, scale := gumbel(n.peaks)
	low, high := middle(n.middle), exceeded(location, scale, defaultFalseAlarms)
	c.Nats = [2]float64{low, 2*high - low}
	return nil
}

// fusedScores sees cached features' maps, and scores them by one of the three.
func (d *Detector) fusedScores(ctx context.Context, features train.Source, n *normals, of func(score.Maps) []float32) error {
	images, err := d.sightings(ctx, features)
	if err != nil {
		return err
	}
	for _, image := range images {
		m := score.Fuse(image.logp, image.sizes, image.h, image.w)
		n.see(image.score(of(m), d.Config.TopK), image.kept(m.NLL, image.whole()))
	}
	return nil
}

// measureBaseline puts a baseline's distances on the scale.
func (d *Detector) measureBaseline(ctx context.Context, c *Calibration, normal train.Source, n *normals) error {
	if err := d.baselineScores(ctx, normal, n); err != nil {
		return err
	}
	c.fit(n.scores, slices.Clone(n.scores))
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
func (d *Detector) measureSurprise(ctx context.Context, c *Calibration, normal train.Source, n *normals) error {
	images, err := d.sightings(ctx, normal)
	if err != nil {
		return err
	}
	for s := range d.sizes() {
		var of [][]float32
		for _, image := range images {
			of = append(of, countedOf(image.logp[s], image.places(image.sizes[s][0], image.sizes[s][1])))
		}
		c.Levels = append(c.Levels, score.LevelOf(of...))
	}
	var middles []float64
	for _, image := range images {
		m := score.Surprise(image.logp, image.sizes, c.Levels, image.h, image.w)
		counted := image.kept(m, image.whole())
		n.see(image.score(m, d.Config.TopK), counted)
		middles = append(middles, score.ImageScore(counted, 0.5)) // the upper half's mean: cheap and steady
	}
	c.fit(n.scores, middles)
	return nil
}

// logpOf gives the log-likelihood maps of cached features, [image][scale].
func (d *Detector) logpOf(ctx context.Context, features train.Source) ([][][]float32, error) {
	judge, err := d.runner.judge(ctx)
	if err != nil {
		return nil, err
	}
	out := make([][][]float32, features.Len())
	for first := 0; first < len(out); first += extractBatch {
		var index []int
		for i := first; i < min(first+extractBatch, len(out)); i++ {
			index = append(index, i)
		}
		logp, err := judge(ctx, len(index), func(into [][]float32) error { return features.Batch(ctx, index, into) })
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
