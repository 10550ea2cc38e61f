package detector

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/datasets"
)

// normals collects what the detector makes of normal images, in the model's own units.
type normals struct {
	scores []float64
	peaks  []float64 // the largest value of each map
	middle []float64 // the median of each map
	tails  []float32 // the largest pixels of all maps
	pixels int
}

// see takes an image's score and the map that pictures show.
func (n *normals) see(score float64, shown []float32) {
	sorted := slices.Clone(shown)
	slices.Sort(sorted)
	n.scores = append(n.scores, score)
	n.peaks = append(n.peaks, float64(sorted[len(sorted)-1]))
	n.middle = append(n.middle, float64(sorted[len(sorted)/2]))
	// No more than a hundredth of each map is kept, ten times what the share asks for: a single odd image does not lift
	// the level.
	n.tails = append(n.tails, sorted[len(sorted)-max(1, len(sorted)/100):]...)
	n.pixels += len(sorted)
}

// mostScores is how many scores a calibration keeps.
const mostScores = 1000

// describe puts what was seen on the calibration's scale.
func (n *normals) describe(c *Calibration) {
	slices.Sort(n.tails)
	above := min(int((1-normalShare)*float64(n.pixels)), len(n.tails)-1)
	location, scale := gumbel(n.peaks)
	c.Pixels = &PixelCalibration{
		Location: c.scaled(location), Scale: scale * 0.5 / (c.High - c.Low), Ordinary: c.scaled(float64(n.tails[len(n.tails)-1-above])),
	}
	scores := slices.Sorted(slices.Values(n.scores))
	kept := min(len(scores), mostScores)
	for i := range kept {
		c.Scores = append(c.Scores, c.scaled(scores[i*(len(scores)-1)/max(1, kept-1)]))
	}
}

// Calibrate measures the detector anew on normal images that it was not trained on: the scale of scores and maps, the
// threshold that the given share of normal images is expected to reach, with its interval by drawing whole parts, and the
// thresholds of defects. from says in words what the images are.
func (d *Detector) Calibrate(ctx context.Context, set datasets.Set, falseAlarms float64, from string, progress Progress) (*Calibration, error) {
	if !(falseAlarms > 0 && falseAlarms < 1) {
		return nil, fmt.Errorf("detector: false alarms on a share of %v of normal images; it lies between 0 and 1", falseAlarms)
	}
	if n := set.Anomalous(); n > 0 || len(set) == 0 {
		return nil, fmt.Errorf("detector: calibrating on %d images, %d of them anomalous; it takes normal ones", len(set), n)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.model == nil && (d.baseline == nil || !d.baseline.Fitted()) {
		return nil, ErrUntrained
	}
	features, err := d.features(ctx, set, defaultCacheBytes, progress)
	if err != nil {
		return nil, err
	}
	defer features.Close()
	before := d.calibration
	d.calibration = nil
	c, n, err := d.measure(ctx, features, true)
	if err != nil {
		d.calibration = before
		return nil, err
	}
	c.Share, c.From = falseAlarms, from
	c.Interval = n.thresholdInterval(c, set.Parts(), d.Config.Seed)
	d.calibration = c
	return c, nil
}

// draws is how many sets of parts an interval of the threshold is from.
const draws = 1000

// thresholdInterval draws the parts that the images show with replacement, and takes the threshold of each draw. Of a
// single part there is none.
func (n *normals) thresholdInterval(c *Calibration, parts []string, seed uint64) *Interval {
	byPart := map[string][]float64{}
	for i, part := range parts {
		byPart[part] = append(byPart[part], c.scaled(n.scores[i]))
	}
	names := distinct(parts)
	if len(names) < 2 {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x7e5))
	thresholds := make([]float64, draws)
	for i := range thresholds {
		var scores []float64
		for range names {
			scores = append(scores, byPart[names[rng.IntN(len(names))]]...)
		}
		location, scale := gumbel(scores)
		thresholds[i] = exceeded(location, scale, c.Share)
	}
	slices.Sort(thresholds)
	return &Interval{thresholds[draws*25/1000], thresholds[draws*975/1000-1]}
}
