package metrics

import (
	"errors"
	"math"
	"slices"
)

// diceLevels is how many thresholds BestDice tries.
const diceLevels = 1024

// BestDice is the threshold t at which the mean, over the images with a defect, of Dice's 2·|A∩D| / (|A| + |D|) is
// greatest, and that mean. A are the pixels of an image ≥ t and D its defect: every image counts the same, however large
// its defect. Maps and masks are (H,W) each. The thresholds tried are values of the maps, closer together the fewer pixels
// exceed them.
func BestDice(maps [][]float32, masks [][]uint8) (threshold, dice float64, err error) {
	levels := diceThresholds(maps, masks)
	if levels == nil {
		return math.NaN(), math.NaN(), errors.New("metrics: BestDice needs an image with a defect")
	}
	sum, n := make([]float64, len(levels)), 0
	for i, mask := range masks {
		if d := diceOf(maps[i], mask, levels); d != nil {
			n++
			for k, v := range d {
				sum[k] += v
			}
		}
	}
	best := 0
	for k, v := range sum {
		if v >= sum[best] {
			best = k
		}
	}
	return float64(levels[best]), sum[best] / float64(n), nil
}

// diceThresholds are ascending values of the maps with defects, at ranks from the greatest on that grow by a constant
// factor.
func diceThresholds(maps [][]float32, masks [][]uint8) []float32 {
	var values []float32
	for i, m := range maps {
		if slices.ContainsFunc(masks[i], defect) {
			values = append(values, m...)
		}
	}
	slices.Sort(values)
	var levels []float32
	for k := diceLevels - 1; k >= 0 && len(values) > 0; k-- {
		rank := int(math.Pow(float64(len(values)), float64(k)/(diceLevels-1)))
		levels = append(levels, values[len(values)-min(max(rank, 1), len(values))])
	}
	return slices.Compact(levels)
}

func defect(v uint8) bool { return v != 0 }

// diceOf is an image's Dice at each level, nil when it has no defect.
func diceOf(m []float32, mask []uint8, levels []float32) []float64 {
	over, hit, size := make([]int, len(levels)+1), make([]int, len(levels)+1), 0
	for i, v := range m {
		k, found := slices.BinarySearch(levels, v) // v reaches the levels before k, and that at k when equal
		if found {
			k++
		}
		over[k]++
		if defect(mask[i]) {
			hit[k]++
			size++
		}
	}
	if size == 0 {
		return nil
	}
	d := make([]float64, len(levels))
	a, both := 0, 0
	for k := len(levels) - 1; k >= 0; k-- {
		a, both = a+over[k+1], both+hit[k+1]
		d[k] = 2 * float64(both) / float64(a+size)
	}
	return d
}
