package train

import (
	"math"
	"testing"
)

// The reference's 100 sub-epochs: warm-up from a tenth over 12 scheduler steps, ×0.33 at 70 and 90.
func TestPaperSchedule(t *testing.T) {
	s := Paper(100)
	for e, want := range map[int]float64{0: 1e-5, 6: 5.5e-5, 11: 9.25e-5, 12: 1e-4, 69: 1e-4, 70: 3.3e-5, 89: 3.3e-5, 90: 1.089e-5, 99: 1.089e-5} {
		if got := s.At(e); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: learning rate %v, want %v", e, got, want)
		}
	}
}

func TestShortSchedulesWork(t *testing.T) {
	for n := 1; n < 12; n++ {
		for e := range n {
			if lr := Paper(n).At(e); !(lr > 0 && lr <= 1e-4) {
				t.Errorf("epoch %d of %d: learning rate %v", e, n, lr)
			}
		}
	}
}
