package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Bootstrap asks how far a figure would move with other test images. It draws images with replacement, normal and
// anomalous ones separately so that their numbers stay, and takes the middle Level of the figures that result
// (the percentile interval). The zero value is useful. Equal settings give equal intervals, on any number of cores.
//
// Images of one physical part are no independent witnesses: with Parts, whole parts are drawn, each with all its images,
// and separately those with normal images only, with anomalous ones only and with both.
type Bootstrap struct {
	Repeats int     // draws; 0 means 1000
	Level   float64 // share of the draws inside the interval; 0 means 0.95
	Seed    uint64
	Parts   []string // the part that each image shows; nil: each its own
}

// An Interval is a confidence interval.
type Interval struct{ Low, High float64 }

// String writes the interval as [0.912, 0.987].
func (i Interval) String() string { return fmt.Sprintf("[%.3f, %.3f]", i.Low, i.High) }

func (b Bootstrap) repeats() int {
	if b.Repeats <= 0 {
		return 1000
	}
	return b.Repeats
}

func (b Bootstrap) level() float64 {
	if b.Level == 0 {
		return 0.95
	}
	return b.Level
}

// Interval is the confidence interval of a figure of images with these labels. stat gets the indices of the drawn
// images, as many as there are labels (with Parts about as many), and must not keep them; it runs on several goroutines.
// Errors: ErrEmpty, the first error of stat, ErrNaN when a draw's figure is NaN. It panics unless 0 ≤ Level < 1, and if
// there are Parts but not one for each label.
func (b Bootstrap) Interval(labels []bool, stat func(pick []int) (float64, error)) (Interval, error) {
	all, err := b.intervals(labels, 1, func(pick []int, out []float64) (err error) {
		out[0], err = stat(pick)
		return err
	})
	if err != nil {
		return Interval{math.NaN(), math.NaN()}, err
	}
	return all[0], nil
}

// intervals is Interval for n figures at once.
func (b Bootstrap) intervals(labels []bool, n int, stat func(pick []int, out []float64) error) ([]Interval, error) {
	if len(labels) == 0 {
		return nil, fmt.Errorf("metrics: bootstrap: %w", ErrEmpty)
	}
	if !(b.level() > 0 && b.level() < 1) {
		panic(fmt.Sprintf("metrics: bootstrap level %v is not between 0 and 1", b.Level))
	}
	draws, errs := make([][]float64, b.repeats()), make([]error, b.repeats())
	strata := b.strata(labels)
	parallel(len(draws), func(i int) {
		draws[i] = make([]float64, n)
		rng := rand.New(rand.NewPCG(b.Seed, uint64(i)))
		errs[i] = stat(draw(rng, strata), draws[i])
	})
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("metrics: bootstrap: %w", err)
		}
	}
	return b.percentiles(draws, n)
}

// strata lists the images of each part: the parts with anomalous images only, those with normal ones only, and the mixed.
func (b Bootstrap) strata(labels []bool) (strata [3][][]int) {
	if b.Parts != nil && len(b.Parts) != len(labels) {
		panic(fmt.Sprintf("metrics: bootstrap: %d parts named for %d images", len(b.Parts), len(labels)))
	}
	var parts [][]int
	at := map[string]int{}
	for i := range labels {
		k, seen := len(parts), false
		if b.Parts != nil {
			k, seen = at[b.Parts[i]]
		}
		if !seen {
			k = len(parts)
			parts = append(parts, nil)
		}
		if b.Parts != nil {
			at[b.Parts[i]] = k
		}
		parts[k] = append(parts[k], i)
	}
	for _, part := range parts {
		k := stratum(part, labels)
		strata[k] = append(strata[k], part)
	}
	return strata
}

func stratum(part []int, labels []bool) int {
	anomalous := 0
	for _, i := range part {
		if labels[i] {
			anomalous++
		}
	}
	switch anomalous {
	case len(part):
		return 0
	case 0:
		return 1
	}
	return 2
}

func draw(rng *rand.Rand, strata [3][][]int) (pick []int) {
	for _, parts := range strata {
		for range parts {
			pick = append(pick, parts[rng.IntN(len(parts))]...)
		}
	}
	return pick
}

// percentiles cuts (1−level)/2 of the draws off each end, interpolating between neighbours.
func (b Bootstrap) percentiles(draws [][]float64, n int) ([]Interval, error) {
	out := make([]Interval, n)
	column := make([]float64, len(draws))
	for j := range out {
		for i, d := range draws {
			if math.IsNaN(d[j]) {
				return nil, fmt.Errorf("metrics: bootstrap: draw %d: %w", i, ErrNaN)
			}
			column[i] = d[j]
		}
		slices.Sort(column)
		tail := (1 - b.level()) / 2
		out[j] = Interval{quantile(column, tail), quantile(column, 1-tail)}
	}
	return out, nil
}

// quantile interpolates linearly between sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	if i == len(sorted)-1 || sorted[i] == sorted[i+1] { // equal neighbours may be infinite
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// AUROC is the confidence interval of the AUROC of image scores. Errors as for Rank.
func (b Bootstrap) AUROC(scores []float64, labels []bool) (Interval, error) {
	return b.ofRanking(scores, labels, (*Ranking).AUROC)
}

// AP is the confidence interval of the average precision of image scores. Errors as for Rank.
func (b Bootstrap) AP(scores []float64, labels []bool) (Interval, error) {
	return b.ofRanking(scores, labels, (*Ranking).AP)
}

// F1Max is the confidence interval of the best F1 of image scores, the threshold chosen anew in each draw.
// Errors as for Rank.
func (b Bootstrap) F1Max(scores []float64, labels []bool) (Interval, error) {
	return b.ofRanking(scores, labels, func(r *Ranking) float64 {
		f1, _ := r.F1Max()
		return f1
	})
}

func (b Bootstrap) ofRanking(scores []float64, labels []bool, figure func(*Ranking) float64) (Interval, error) {
	if _, err := Rank(scores, labels); err != nil {
		return Interval{math.NaN(), math.NaN()}, err
	}
	return b.Interval(labels, func(pick []int) (float64, error) {
		s, l := make([]float64, len(pick)), make([]bool, len(pick))
		for i, j := range pick {
			s[i], l[i] = scores[j], labels[j]
		}
		r, err := Rank(s, l)
		if err != nil {
			return math.NaN(), err
		}
		return figure(r), nil
	})
}
