package datasets

import (
	"math"
	"testing"
)

// TestNormalization: gain and offset say in one line what the table of levels holds.
func TestNormalization(t *testing.T) {
	gain, offset := Normalization()
	for c := range levels {
		for v, want := range levels[c] {
			if got := float64(v)*gain[c] + offset[c]; math.Abs(got-float64(want)) > 1e-6 {
				t.Fatalf("level %d of channel %d: %v, want %v", v, c, got, want)
			}
		}
	}
}
