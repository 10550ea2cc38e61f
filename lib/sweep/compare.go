package sweep

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Comparison says whether one kind of detector is better than another by a figure.
type Comparison struct {
	A, B       string
	Figure     int
	Pairs      int     // trainings of the same class and seed
	Difference float64 // mean of A − B
	Low, High  float64 // 95 % interval of it
	P          float64 // two-sided, of flipped signs, corrected for the number of comparisons (Holm)
}

// draws is the number of bootstrap samples of a comparison.
const draws = 10_000

// Compare tests every pair of columns by every figure: the mean difference of trainings of the same class and seed, its
// interval by a bootstrap that draws classes and, within each, seeds, and its p-value by flipping the signs of the
// trainings' differences, which a handful of trainings cannot make small. Holm's correction is for the number of
// comparisons. Pairs of less than two trainings are left out. Equal tables give equal numbers.
func (t *Table) Compare() []Comparison {
	var out []Comparison
	for i, a := range t.Columns {
		for _, b := range t.Columns[i+1:] {
			for figure := range Figures {
				if c, ok := t.compare(a, b, figure); ok {
					out = append(out, c)
				}
			}
		}
	}
	correct(out)
	return out
}

func (t *Table) compare(a, b string, figure int) (Comparison, bool) {
	c := Comparison{A: a, B: b, Figure: figure}
	var classes [][]float64
	for _, row := range t.Rows {
		var differences []float64
		for _, seed := range t.Seeds {
			x, ok1 := t.cells[cell{row, a, seed}]
			y, ok2 := t.cells[cell{row, b, seed}]
			if d := x.Figures[figure] - y.Figures[figure]; ok1 && ok2 && !math.IsNaN(d) {
				differences = append(differences, d)
			}
		}
		if len(differences) > 0 {
			classes, c.Pairs = append(classes, differences), c.Pairs+len(differences)
		}
	}
	if c.Pairs < 2 {
		return c, false
	}
	for _, d := range classes {
		c.Difference += mean(d) / float64(len(classes))
	}
	rng := rand.New(rand.NewPCG(uint64(figure), 0x5eed))
	c.Low, c.High = interval(rng, classes)
	c.P = flipped(rng, classes, c.Pairs, c.Difference)
	return c, true
}

// interval is the 95 % interval of a mean over classes.
func interval(rng *rand.Rand, classes [][]float64) (low, high float64) {
	samples := make([]float64, draws)
	for i := range samples {
		samples[i] = drawn(rng, classes)
	}
	slices.Sort(samples)
	return samples[draws/40], samples[draws-1-draws/40]
}

// drawn is the mean over classes that are drawn with replacement, and over seeds within each. One class alone, or one
// seed, is drawn as it is.
func drawn(rng *rand.Rand, classes [][]float64) (sum float64) {
	for range classes {
		d := classes[rng.IntN(len(classes))]
		for range d {
			sum += d[rng.IntN(len(d))] / float64(len(d)*len(classes))
		}
	}
	return sum
}

// exactPairs is the number of trainings up to which every assignment of signs is tried.
const exactPairs = 13

// flipped is the share of assignments of signs to the differences whose mean over the classes is as far from zero as the
// one seen: all of them for few trainings, else as many as the bootstrap draws, and the one seen.
func flipped(rng *rand.Rand, classes [][]float64, pairs int, seen float64) float64 {
	n, signs := draws, rng.Uint64
	if pairs <= exactPairs {
		next := uint64(0)
		n, signs = 1<<pairs, func() uint64 { next++; return next - 1 }
	}
	as := 0
	for range n {
		sum, bits, left := 0.0, uint64(0), 0
		if pairs <= exactPairs {
			bits, left = signs(), 64
		}
		for _, d := range classes {
			for _, v := range d {
				if left == 0 {
					bits, left = signs(), 64
				}
				if bits&1 != 0 {
					v = -v
				}
				sum += v / float64(len(d)*len(classes))
				bits, left = bits>>1, left-1
			}
		}
		if math.Abs(sum) >= math.Abs(seen)*(1-1e-12) {
			as++
		}
	}
	if pairs <= exactPairs {
		return float64(as) / float64(n)
	}
	return float64(as+1) / float64(n+1)
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

// correct applies Holm's correction to the p-values.
func correct(all []Comparison) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case all[i].P < all[j].P:
			return -1
		case all[i].P > all[j].P:
			return 1
		}
		return 0
	})
	least := 0.0
	for rank, i := range order {
		least = math.Max(least, math.Min(1, all[i].P*float64(len(all)-rank)))
		all[i].P = least
	}
}
