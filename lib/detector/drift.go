package detector

import (
	"math"
	"sort"
)

// Drift compares recent scores with those of the normal images that calibrated the detector: light, optics and product
// change, and a threshold that was right becomes wrong. It is meant for a line on which most parts are normal.
type Drift struct {
	Images    int     `json:"images"`         // recent ones
	Higher    float64 `json:"scores_higher"`  // the probability that a recent image scores higher than one of the calibration; ½ without drift
	P         float64 `json:"p"`              // how likely chance alone is as far from ½, by the rank-sum test (normal approximation)
	Anomalous float64 `json:"anomalous"`      // the share of recent images that reach the threshold
	Expected  float64 `json:"expected_share"` // the share of normal images that do
}

// driftLevel is the probability of chance below which a difference is called drift. It is low, since it is looked at again
// and again.
const driftLevel = 1e-4

// Drifted tells whether the scores have moved beyond chance. Fewer than thirty images never tell.
func (d Drift) Drifted() bool { return d.Images >= 30 && d.P < driftLevel }

// Drift judges the scores of recent images at a threshold. It is zero for detectors of older files, which keep no scores.
func (c *Calibration) Drift(recent []float64, threshold float64) Drift {
	d := Drift{Images: len(recent), Higher: 0.5, P: 1, Expected: c.FalseAlarms(threshold)}
	n, m := float64(len(recent)), float64(len(c.Scores))
	if n == 0 || m == 0 {
		return d
	}
	wins := 0.0
	for _, s := range recent {
		below, atMost := sort.SearchFloat64s(c.Scores, s), sort.SearchFloat64s(c.Scores, math.Nextafter(s, math.Inf(1)))
		wins += float64(below) + float64(atMost-below)/2
		if s >= threshold {
			d.Anomalous += 1 / n
		}
	}
	d.Higher = wins / (n * m)
	spread := math.Sqrt((n + m + 1) / (12 * n * m)) // of Higher, without drift
	d.P = math.Erfc(math.Abs(d.Higher-0.5) / spread / math.Sqrt2)
	return d
}
