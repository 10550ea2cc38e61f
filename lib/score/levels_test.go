package score

import (
	"math"
	"testing"
)

// A place that is e times as surprising as the rest stands out by one unit of the logarithm over the level's deviation.
func TestSurpriseByEye(t *testing.T) {
	level := Level{Mean: 0, Std: 2}
	m := Surprise([][]float32{{-1, -1, -1, -float32(math.E)}}, [][2]int{{2, 2}}, []Level{level}, 2, 2)
	if e := relative(m, []float32{0, 0, 0, 0.5}); !(e < 1e-6) {
		t.Errorf("%v", m)
	}
}

// Scales count alike, whatever their own units are.
func TestSurpriseForgetsUnits(t *testing.T) {
	a, b := []float32{-1, -2, -3, -4}, []float32{-4, -1, -2, -9}
	scaled := make([]float32, 4)
	for i, v := range b {
		scaled[i] = 1000 * v
	}
	sizes := [][2]int{{2, 2}, {2, 2}}
	want := Surprise([][]float32{a, b}, sizes, []Level{LevelOf(a), LevelOf(b)}, 5, 6)
	got := Surprise([][]float32{a, scaled}, sizes, []Level{LevelOf(a), LevelOf(scaled)}, 5, 6)
	if e := relative(got, want); !(e < 1e-5) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLevels(t *testing.T) {
	l := LevelOf([]float32{-1, -float32(math.Exp(2))})
	if math.Abs(l.Mean-1) > 1e-6 || math.Abs(l.Std-1) > 1e-6 {
		t.Errorf("%+v, want mean 1 and deviation 1", l)
	}
	for name, maps := range map[string][][]float32{"nothing": nil, "one value": {{-2}}, "zeros": {{0, 0}}} {
		if l := LevelOf(maps...); !(l.Std > 0) || math.IsInf(l.Mean, 0) || l.Mean != l.Mean {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if !panics(func() { Surprise([][]float32{{1}}, [][2]int{{1, 1}}, nil, 4, 4) }) {
		t.Error("a missing level was accepted")
	}
	// Far away values stay apart, where exp(logp) has long become zero.
	m := Surprise([][]float32{{-1e6, -2e6}}, [][2]int{{1, 2}}, []Level{{0, 1}}, 1, 2)
	if !(m[1] > m[0]) {
		t.Errorf("%v", m)
	}
}
