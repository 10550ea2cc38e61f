package plots_test

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// placed is a ranking.
type placed struct {
	names             []string
	values, low, high []float64
}

func (p placed) Ranked() (names []string, values, low, high []float64) {
	return p.names, p.values, p.low, p.high
}

func samplePlaces() placed {
	return placed{
		[]string{"msflow size 256", "patchcore", "msflow size 128", "padim"},
		[]float64{0.984, 0.971, 0.958, 0.911}, []float64{0.975, 0.955, 0.94, math.NaN()}, []float64{0.991, 0.985, 0.972, math.NaN()},
	}
}

func TestRankingGolden(t *testing.T) {
	golden(t, "ranking", plots.Ranking(samplePlaces(), plots.Name("det AUROC")))
}

func TestRankingRefuses(t *testing.T) {
	short := samplePlaces()
	short.low = short.low[:2]
	none := samplePlaces()
	none.values[1] = math.NaN()
	for _, p := range []placed{{}, short, none} {
		if plots.Ranking(p).Err() == nil {
			t.Errorf("%+v was drawn", p)
		}
	}
}
