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
type Bootstrap struct {
	Repeats int     // draws; 0 means 1000
	Level   float64 // share of the draws inside the interval; 0 means 0.95
	Seed    uint64
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
// images, as many as there are labels, and must not keep them; it runs on several goroutines. Errors: ErrEmpty, the
// first error of stat, ErrNaN when a draw's figure is NaN. It panics unless 0 ≤ Level < 1.
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
	strata := strataOf(labels)
	parallel(len(draws), func(i int) {
		draws[i] = make([]float64, n)
		rng := rand.New(rand.NewPCG(b.Seed, uint64(i)))
		errs[i] = stat(draw(rng, strata, len(labels)), draws[i])
	})
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("metrics: bootstrap: %w", err)
		}
	}
	return b.percentiles(draws, n)
}

// strataOf lists the anomalous and the normal images.
func strataOf(labels []bool) (strata [2][]int) {
	for i, anomalous := range labels {
		if anomalous {
			strata[0] = append(strata[0], i)
		} else {
			strata[1] = append(strata[1], i)
		}
	}
	return strata
}

func draw(rng *rand.Rand, strata [2][]int, n int) []int {
	pick := make([]int, 0, n)
	for _, s := range strata {
		for range s {
			pick = append(pick, s[rng.IntN(len(s))])
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
