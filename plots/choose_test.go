package plots

import "testing"

// A misjudged image comes before a rightly judged one that has more of the other class on its wrong side.
func TestWorstBeginsWithWrongVerdicts(t *testing.T) {
	scores := []float64{0.1, 0.6, 0.56, 0.9, 0.9, 0.9}
	anomalous := []bool{false, false, true, true, true, true}
	for _, c := range []struct {
		options []Option
		first   int
	}{
		{[]Option{At(0.55)}, 1},
		{nil, 2},
	} {
		o := gather(c.options)
		got, err := o.chosen(Worst(2), scores, anomalous, o.thresholdOf(nil))
		if err != nil || len(got) != 2 || got[0] != c.first || got[1] != 3-c.first {
			t.Errorf("the worst are %v, %v; want %d first", got, err, c.first)
		}
	}
}
