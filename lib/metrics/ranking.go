package metrics

import (
	"fmt"
	"math"
	"slices"
)

// A Ranking knows, for each distinct score of a positive, how many negatives lie above it and beside it. That is all
// that ROC, precision-recall and PRO curves depend on. Rank makes one of images, Pixels contains one of pixels.
type Ranking struct {
	steps    []step // by falling score
	pos, neg int
	lowest   float64 // the smallest score of all: the threshold that calls everything anomalous
}

// A step is one distinct score of the positives.
type step struct {
	score        float64
	pos          int     // positives with this score
	overlap      float64 // what they add to the mean per-region overlap; pixels only
	above, equal int     // negatives with a larger score; with this very score
}

// Rank sorts images by score. scores and labels (true is anomalous) have one entry per image.
// Errors: ErrLength, ErrEmpty, ErrNaN, ErrOneClass.
func Rank(scores []float64, labels []bool) (*Ranking, error) {
	if len(scores) != len(labels) {
		return nil, fmt.Errorf("metrics: %d scores, %d labels: %w", len(scores), len(labels), ErrLength)
	}
	if len(scores) == 0 {
		return nil, fmt.Errorf("metrics: %w", ErrEmpty)
	}
	var pos, neg []float64
	for i, s := range scores {
		if math.IsNaN(s) {
			return nil, fmt.Errorf("metrics: score %d: %w", i, ErrNaN)
		}
		if labels[i] {
			pos = append(pos, s)
		} else {
			neg = append(neg, s)
		}
	}
	if err := bothClasses("images", len(pos), len(neg)); err != nil {
		return nil, err
	}
	return rankSorted(descending(pos), descending(neg)), nil
}

func bothClasses(what string, pos, neg int) error {
	if pos == 0 || neg == 0 {
		return fmt.Errorf("metrics: %d anomalous and %d normal %s: %w", pos, neg, what, ErrOneClass)
	}
	return nil
}

func descending(s []float64) []float64 {
	slices.SortFunc(s, func(a, b float64) int { return compareFalling(a, b) })
	return s
}

func compareFalling(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// rankSorted merges the falling scores of both classes into steps.
func rankSorted(pos, neg []float64) *Ranking {
	r := &Ranking{pos: len(pos), neg: len(neg), lowest: min(pos[len(pos)-1], neg[len(neg)-1])}
	above := 0
	for i := 0; i < len(pos); {
		s := step{score: pos[i]}
		for ; i < len(pos) && pos[i] == s.score; i++ {
			s.pos++
		}
		for above < len(neg) && neg[above] > s.score {
			above++
		}
		s.above = above
		for above < len(neg) && neg[above] == s.score {
			above++
		}
		s.equal = above - s.above
		r.steps = append(r.steps, s)
	}
	return r
}

// Count is the number of anomalous and of normal items.
func (r *Ranking) Count() (anomalous, normal int) { return r.pos, r.neg }
