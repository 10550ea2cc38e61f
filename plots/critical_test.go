package plots_test

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// ranks are mean ranks of detectors, and the critical difference.
type ranks struct {
	names    []string
	mean     []float64
	critical float64
}

func (r ranks) MeanRanks() (names []string, mean []float64, critical float64) {
	return r.names, r.mean, r.critical
}

func sampleRanks() ranks {
	return ranks{[]string{"padim", "msflow", "cflow", "knn", "patchcore", "gaussian", "fastflow"}, []float64{5.1, 1.6, 3.4, 5.9, 2.2, 6.2, 3.6}, 1.9}
}

func TestCriticalDifferenceGolden(t *testing.T) {
	golden(t, "critical", plots.CriticalDifference(sampleRanks(), plots.Name("det AUROC")))
}

// Of two detectors in few classes nothing can be told; long names are cut.
func TestFewRanksGolden(t *testing.T) {
	golden(t, "critical_few", plots.CriticalDifference(ranks{[]string{"msflow", "a detector whose name says all of its many settings"}, []float64{1.3, 1.7}, 1.13}))
}

func TestCriticalDifferenceRefuses(t *testing.T) {
	for _, r := range []ranks{{}, {[]string{"a"}, []float64{1}, 1}, {[]string{"a", "b"}, []float64{1}, 1}, {[]string{"a", "b"}, []float64{1, 2}, math.NaN()}} {
		if plots.CriticalDifference(r).Err() == nil {
			t.Errorf("%+v was drawn", r)
		}
	}
}
