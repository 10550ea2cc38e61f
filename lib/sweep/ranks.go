package sweep

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Ranks are the mean ranks of a table's kinds of detectors by one figure: in every class the best mean over the seeds has
// rank 1, and equal ones share their ranks (Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR
// 7, 2006).
type Ranks struct {
	Names    []string // best first
	Mean     []float64
	Classes  int     // that all kinds have results of; the others are left out
	P        float64 // Friedman's test of all kinds being alike
	Critical float64 // mean ranks that differ by less cannot be told apart at 5 % (Nemenyi)
}

// MeanRanks are names, mean ranks and the critical difference.
func (r Ranks) MeanRanks() (names []string, ranks []float64, critical float64) {
	return r.Names, r.Mean, r.Critical
}

// Ranks ranks the kinds of detectors by one figure. Friedman's statistic is judged by shuffling the ranks within each
// class, which a handful of classes cannot make significant, not by its limit for many. Fewer than two kinds, or no class
// that all have, give no names.
func (t *Table) Ranks(figure int) Ranks {
	rows := t.shared(figure)
	k := len(t.Columns)
	if k < 2 || len(rows) == 0 {
		return Ranks{P: math.NaN(), Critical: math.NaN()}
	}
	var ranks [][]float64
	for _, row := range rows {
		values := make([]float64, k)
		for j, column := range t.Columns {
			values[j] = t.Spread(row, column, figure).Mean
		}
		ranks = append(ranks, ranksOf(values))
	}
	order := make([]int, k)
	sums := columnSums(ranks)
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sums[a], sums[b]) })
	r := Ranks{Classes: len(rows), P: friedman(ranks), Critical: nemenyi(k, len(rows))}
	for _, j := range order {
		r.Names, r.Mean = append(r.Names, t.Columns[j]), append(r.Mean, sums[j]/float64(len(rows)))
	}
	return r
}

// shared are the rows where every column has the figure.
func (t *Table) shared(figure int) (rows []string) {
	for _, row := range t.Rows {
		lacks := func(column string) bool { return math.IsNaN(t.Spread(row, column, figure).Mean) }
		if !slices.ContainsFunc(t.Columns, lacks) {
			rows = append(rows, row)
		}
	}
	return rows
}

// ranksOf gives the highest value rank 1; equal values share the mean of their ranks.
func ranksOf(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		higher, same := 0, 0
		for _, w := range values {
			if w > v {
				higher++
			} else if w == v {
				same++
			}
		}
		out[i] = float64(higher) + float64(same+1)/2
	}
	return out
}

func columnSums(ranks [][]float64) []float64 {
	sums := make([]float64, len(ranks[0]))
	for _, row := range ranks {
		for j, r := range row {
			sums[j] += r
		}
	}
	return sums
}

// friedman is the p-value of the sum of squares of the columns' rank sums, among those of shuffled rows.
func friedman(ranks [][]float64) float64 {
	squares := func() (s float64) {
		for _, sum := range columnSums(ranks) {
			s += sum * sum
		}
		return s
	}
	seen, as := squares(), 1 // the order seen is one of the possible ones
	rng := rand.New(rand.NewPCG(uint64(len(ranks)), 0x5eed))
	for i := range ranks {
		ranks[i] = slices.Clone(ranks[i])
	}
	for range draws {
		for _, row := range ranks {
			rng.Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
		}
		if squares() >= seen*(1-1e-12) {
			as++
		}
	}
	return float64(as) / (draws + 1)
}

// nemenyi is the critical difference of mean ranks of k kinds over n classes at 5 %,
//
//	q √(k(k+1) / 12n)
//
// with the quantile q of the range of k standard normal numbers.
func nemenyi(k, n int) float64 {
	return rangeQuantile(k, 0.95) * math.Sqrt(float64(k*(k+1))/float64(12*n))
}

// rangeQuantile finds where the distribution of the range of k standard normal numbers,
//
//	F(q) = k ∫ φ(x) (Φ(x) − Φ(x−q))ᵏ⁻¹ dx
//
// reaches p, by halving.
func rangeQuantile(k int, p float64) float64 {
	normal := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	below := func(q float64) (f float64) {
		const step = 0.01
		for x := -8.0; x < 8; x += step {
			f += step * float64(k) * math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) * math.Pow(normal(x)-normal(x-q), float64(k-1))
		}
		return f
	}
	low, high := 0.0, 16.0
	for range 50 {
		if mid := (low + high) / 2; below(mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// Ranking is one figure's mean over the classes for every kind of detector, best first, with 95 % intervals.
type Ranking struct {
	Names             []string
	Values, Low, High []float64
	Classes           int // that all kinds have results of; the others are left out
}

// Ranked are the names with values and intervals.
func (r Ranking) Ranked() (names []string, values, low, high []float64) {
	return r.Names, r.Values, r.Low, r.High
}

// Ranking sorts the kinds of detectors by one figure. The intervals are a bootstrap over classes and, within each, seeds;
// they say how much the means would vary with other objects, and overlap more than a paired comparison of the kinds would
// (see Compare). A single training has no interval.
func (t *Table) Ranking(figure int) Ranking {
	rows := t.shared(figure)
	if len(rows) == 0 {
		return Ranking{}
	}
	type place struct {
		name             string
		value, low, high float64
	}
	var places []place
	for _, column := range t.Columns {
		var classes [][]float64
		trainings := 0
		p := place{name: column, low: math.NaN(), high: math.NaN()}
		for _, row := range rows {
			values := t.values(row, column, figure)
			classes, trainings = append(classes, values), trainings+len(values)
			p.value += mean(values) / float64(len(rows))
		}
		if trainings > 1 {
			p.low, p.high = interval(rand.New(rand.NewPCG(uint64(figure), 0x5eed)), classes)
		}
		places = append(places, p)
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.value, a.value) })
	r := Ranking{Classes: len(rows)}
	for _, p := range places {
		r.Names, r.Values, r.Low, r.High = append(r.Names, p.name), append(r.Values, p.value), append(r.Low, p.low), append(r.High, p.high)
	}
	return r
}
