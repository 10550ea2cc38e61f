package sweep

import (
	"math"
	"slices"
	"testing"
)

// The quantiles of Demšar's table 5a are those of the range of normal numbers over √2.
func TestCriticalDifferencesAreThoseOfTheTables(t *testing.T) {
	for k, q := range map[int]float64{2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 10: 3.164} {
		want := q * math.Sqrt(float64(k*(k+1))/(6*14))
		if got := nemenyi(k, 14); math.Abs(got-want) > 5e-4*want {
			t.Errorf("%d kinds over 14 classes: %.4f, want %.4f", k, got, want)
		}
	}
}

func TestSharedRanks(t *testing.T) {
	if r := ranksOf([]float64{0.9, 0.7, 0.9, 0.8}); !slices.Equal(r, []float64{1.5, 4, 1.5, 3}) {
		t.Error(r)
	}
}

// ranking makes a table where one kind is the best, and one the worst, in each of n classes.
func ranking(classes int) *Table {
	var results []Result
	for i := range classes {
		class := string(rune('a' + i))
		for j, model := range []string{"worst", "middle", "best"} {
			for _, seed := range []string{"1", "2"} {
				results = append(results, made(class, model, seed, 0.5+0.1*float64(j)+0.01*float64(i)))
			}
		}
	}
	return NewTable(append(results, made("lonely", "best", "1", 0.1)), 0)
}

// Where the order is the same in every class, six orders to the power of n were possible and six of them are as clear.
func TestRanks(t *testing.T) {
	for classes, want := range map[int]float64{2: 6.0 / 36, 3: 6.0 / 216, 4: 6.0 / 1296} {
		r := ranking(classes).Ranks(0)
		if !slices.Equal(r.Names, []string{"best", "middle", "worst"}) || !slices.Equal(r.Mean, []float64{1, 2, 3}) || r.Classes != classes {
			t.Errorf("%+v", r)
		}
		if math.Abs(r.P-want) > 0.1*want+0.001 {
			t.Errorf("%d classes: p %v, want about %v", classes, r.P, want)
		}
	}
	if r := ranking(3).Ranks(1); len(r.Names) != 0 { // no pixel figures
		t.Errorf("%+v", r)
	}
}

func TestRankingHasIntervals(t *testing.T) {
	r := ranking(3).Ranking(0)
	if !slices.Equal(r.Names, []string{"best", "middle", "worst"}) || r.Classes != 3 || math.Abs(r.Values[0]-0.71) > 1e-9 {
		t.Fatalf("%+v", r)
	}
	if !(r.Low[0] < r.Values[0] && r.Values[0] < r.High[0] && r.Low[0] >= 0.7-1e-9 && r.High[0] <= 0.72+1e-9) {
		t.Errorf("%+v", r)
	}
	one := NewTable([]Result{made("a", "x", "1", 0.5)}, 0).Ranking(0)
	if len(one.Names) != 1 || !math.IsNaN(one.Low[0]) {
		t.Errorf("%+v", one)
	}
}
