package plots

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// chooser picks images by their scores and labels, in the order to show them. The threshold in use is not a number where none is
// known.
type chooser func(scores []float64, anomalous []bool, threshold float64) ([]int, error)

// Worst shows the n images that the scores judge worst: first those on the wrong side of the threshold in use (At, or Thresholder),
// if there is one; of these and the others, anomalous ones that many normal images outscore and normal ones that outscore many
// anomalous. Equal ones are in the order of how close they come to the other class.
func Worst(n int) Option {
	return choose(func(scores []float64, anomalous []bool, threshold float64) ([]int, error) {
		misjudged, wrong, margin := make([]int, len(scores)), make([]float64, len(scores)), make([]float64, len(scores))
		for i, s := range scores {
			if !math.IsNaN(threshold) && s >= threshold != anomalous[i] {
				misjudged[i] = 1
			}
			wrong[i], margin[i] = wrongShare(i, scores, anomalous), -distance(i, scores, anomalous)
		}
		all := append(indices(anomalous, true), indices(anomalous, false)...)
		slices.SortStableFunc(all, func(i, j int) int {
			return cmp.Or(cmp.Compare(misjudged[j], misjudged[i]), cmp.Compare(wrong[j], wrong[i]), cmp.Compare(margin[j], margin[i]))
		})
		return all[:min(n, len(all))], nil
	})
}

// Best shows the n anomalous images that stand out most from the normal ones.
func Best(n int) Option {
	return choose(func(scores []float64, anomalous []bool, _ float64) ([]int, error) {
		found := indices(anomalous, true)
		slices.SortStableFunc(found, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
		return found[:min(n, len(found))], nil
	})
}

// Random shows n images drawn with this seed.
func Random(n int, seed uint64) Option {
	return choose(func(scores []float64, _ []bool, _ float64) ([]int, error) {
		all := rand.New(rand.NewPCG(seed, 0)).Perm(len(scores))
		return all[:min(n, len(all))], nil
	})
}

// Chosen shows the images with these indices, in this order.
func Chosen(index ...int) Option {
	return choose(func(scores []float64, _ []bool, _ float64) ([]int, error) {
		for _, i := range index {
			if i < 0 || i >= len(scores) {
				return nil, fmt.Errorf("there is no image %d among %d", i, len(scores))
			}
		}
		return index, nil
	})
}

func choose(c chooser) Option { return func(o *options) { o.choose = append(o.choose, c) } }

// wrongShare is the share of the other class that image i should lie over (anomalous) or under (normal) but does not.
func wrongShare(i int, scores []float64, anomalous []bool) float64 {
	wrong, n := 0.0, 0.0
	for j, s := range scores {
		if anomalous[j] == anomalous[i] {
			continue
		}
		n++
		if s == scores[i] {
			wrong += 0.5
		} else if s > scores[i] == anomalous[i] {
			wrong++
		}
	}
	if n == 0 {
		return 0
	}
	return wrong / n
}

// distance is how far image i lies from the nearest score of the other class, negative on the wrong side of it.
func distance(i int, scores []float64, anomalous []bool) float64 {
	nearest := math.Inf(1)
	for j, s := range scores {
		d := scores[i] - s
		if anomalous[j] {
			d = -d
		}
		if anomalous[j] != anomalous[i] {
			nearest = min(nearest, d)
		}
	}
	return nearest
}

func indices(labels []bool, want bool) (found []int) {
	for i, l := range labels {
		if l == want {
			found = append(found, i)
		}
	}
	return found
}

// chosen applies the choosers one after the other, without repeats; without any it is own.
func (o options) chosen(own Option, scores []float64, anomalous []bool, threshold float64) ([]int, error) {
	if len(o.choose) == 0 {
		own(&o)
	}
	var all []int
	for _, c := range o.choose {
		some, err := c(scores, anomalous, threshold)
		if err != nil {
			return nil, err
		}
		for _, i := range some {
			if !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	return all, nil
}
