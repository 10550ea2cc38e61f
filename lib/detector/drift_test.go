package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Without drift the probabilities of chance are even, with drift they vanish, and a few gross defects are no drift.
func TestDrift(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, shift float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = rng.NormFloat64() + shift
		}
		return out
	}
	below, drifted, missed := 0, 0, 0
	const repeats = 1000
	for range repeats {
		c := &Calibration{Scores: slices.Sorted(slices.Values(draw(60, 0))), Scale: 1}
		if c.Drift(draw(100, 0), 3).P < 0.1 {
			below++
		}
		d := c.Drift(append(draw(97, 0), 50, 60, 70), 3)
		if d.Drifted() {
			drifted++
		}
		if math.Abs(d.Anomalous-0.03) > 0.04 {
			t.Fatalf("%+v", d)
		}
		if d = c.Drift(draw(100, 1.2), 3); !d.Drifted() || d.Higher < 0.6 {
			missed++
		}
		if d = c.Drift(draw(100, -1.2), 3); !d.Drifted() || d.Higher > 0.4 {
			missed++
		}
	}
	if missed > repeats/100 {
		t.Errorf("%d of %d shifts are not noticed", missed, 2*repeats)
	}
	if below < repeats*7/100 || below > repeats*13/100 || drifted > 5 {
		t.Errorf("%d of %d probabilities lie below 0.1; drift is called %d times", below, repeats, drifted)
	}
	if d := (&Calibration{Scale: 1}).Drift(draw(40, 9), 1); d.Drifted() || d.P != 1 {
		t.Errorf("without scores of normal images: %+v", d)
	}
	same := (&Calibration{Scores: []float64{1, 1, 1}, Scale: 1}).Drift(slices.Repeat([]float64{1}, 50), 2)
	if same.Higher != 0.5 || same.Drifted() {
		t.Errorf("equal scores: %+v", same)
	}
}
