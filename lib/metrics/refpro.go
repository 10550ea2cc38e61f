package metrics

import (
	"fmt"
	"math"
)

// referenceSteps and referenceLimit are the settings of the PRO figures in published tables.
const (
	referenceSteps = 800
	referenceLimit = 0.3
)

// ReferencePRO is the per-region overlap as published tables compute it, for comparison with them only: 800 equally
// spaced thresholds from the smallest score towards the largest, scores strictly above are anomalous, the
// false-positive rates up to 0.3 are stretched to [0,1] and the trapezoid area under the curve is taken. It depends on
// how the scores are spread (a few outliers leave only some thresholds for all the rest), starts at whatever the
// smallest rate is instead of at 0, and has no meaning when fewer than two thresholds remain; use AUPRO for new results.
// Result in [0,1]. Errors: ErrNoRange when the scores are all equal or not finite, ErrTooCoarse when fewer than two
// thresholds give a rate up to 0.3.
func (p *Pixels) ReferencePRO() (float64, error) {
	if !(p.high > p.low) || math.IsInf(p.high-p.low, 0) {
		return math.NaN(), fmt.Errorf("metrics: reference PRO of scores from %v to %v: %w", p.low, p.high, ErrNoRange)
	}
	x, y := p.referenceCurve(newGrid(p.low, p.high))
	last := 0
	for last < len(x) && x[last] <= referenceLimit {
		last++
	}
	x, y = x[:last], y[:last]
	if len(x) < 2 || x[last-1] == x[0] {
		return math.NaN(), fmt.Errorf("metrics: reference PRO: %d of %d thresholds have a false-positive rate up to %v: %w",
			last, referenceSteps, referenceLimit, ErrTooCoarse)
	}
	area := 0.0
	for i := 1; i < len(x); i++ {
		area += (x[i] - x[i-1]) * (y[i] + y[i-1]) / 2
	}
	return area / (x[last-1] - x[0]), nil
}

// referenceCurve lists false-positive rate and mean overlap at the grid's thresholds from the largest to the smallest.
func (p *Pixels) referenceCurve(g grid) (fpr, pro []float64) {
	normal := p.binNormal(g)
	overlap := make([]float64, referenceSteps+1)
	for _, d := range p.defects {
		r := p.regions[uint32(d)]
		overlap[g.below(float64(value(uint32(d>>32))))] += 1 / float64(r.area)
	}
	fp, sum := 0, 0.0
	for k := referenceSteps; k > 0; k-- { // threshold k−1 lets through what lies over k or more thresholds
		fp += normal[k]
		sum += overlap[k]
		fpr = append(fpr, float64(fp)/float64(p.neg))
		pro = append(pro, sum/float64(len(p.regions)))
	}
	return fpr, pro
}

// binNormal counts the normal pixels by the number of thresholds below their score.
func (p *Pixels) binNormal(g grid) []int {
	counts := make([][]int, len(p.groups))
	parallel(len(p.groups), func(i int) {
		count := make([]int, referenceSteps+1)
		for image := p.groups[i].from; image < p.groups[i].to; image++ {
			mask := p.masks[image]
			for j, v := range p.maps[image] {
				if mask == nil || mask[j] == 0 {
					count[g.below(float64(v))]++
				}
			}
		}
		counts[i] = count
	})
	for _, c := range counts[1:] {
		for k, n := range c {
			counts[0][k] += n
		}
	}
	return counts[0]
}

// A grid is a row of equally spaced thresholds.
type grid struct {
	low, perStep float64
	thresholds   []float64
}

func newGrid(low, high float64) grid {
	g := grid{low: low, perStep: referenceSteps / (high - low), thresholds: make([]float64, referenceSteps)}
	for i := range g.thresholds {
		g.thresholds[i] = low + float64(i)*(high-low)/referenceSteps
	}
	return g
}

// below counts the thresholds strictly under v. The division only guesses; the comparison with the thresholds decides.
func (g grid) below(v float64) int {
	k := min(int((v-g.low)*g.perStep), referenceSteps)
	for k > 0 && g.thresholds[k-1] >= v {
		k--
	}
	for k < referenceSteps && g.thresholds[k] < v {
		k++
	}
	return k
}
