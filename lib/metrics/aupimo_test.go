package metrics

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// One normal image of ten pixels 0…9 and an image whose two defect pixels score 9.5 and 8.5: the first is found from
// the start, the second from FPR 0.1 on. Between 0.1 and 1 both are found, between 0.01 and 0.1 one.
func TestAUPIMOByEye(t *testing.T) {
	s := pixelSet{h: 1, w: 10,
		maps:  [][]float32{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {9.5, 8.5, 0, 0, 0, 0, 0, 0, 0, 0}},
		masks: [][]uint8{nil, {1, 1, 0, 0, 0, 0, 0, 0, 0, 0}}}
	p := s.pixels(t)
	for _, c := range []struct{ lower, upper, want float64 }{{0.1, 1, 1}, {0.1, 0.2, 1}, {0.1, 0.9, 1}} {
		per, mean, err := p.AUPIMO(c.lower, c.upper)
		if err != nil || !math.IsNaN(per[0]) || math.Abs(per[1]-c.want) > 1e-12 || mean != per[1] {
			t.Errorf("from %v to %v: %v, mean %v, error %v; want %v", c.lower, c.upper, per, mean, err, c.want)
		}
	}
	s.maps[1][1] = 7.5 // two normal pixels above: found from FPR 0.2
	per, _, err := s.pixels(t).AUPIMO(0.1, 0.4)
	if want := 0.5 + 0.5*0.5; err != nil || math.Abs(per[1]-want) > 1e-12 {
		t.Errorf("from 0.1 to 0.4: %v, error %v; want %v, one pixel throughout and one for half of ln 4", per[1], err, want)
	}
}

func TestAUPIMOAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	for _, levels := range []int{0, 1, 4} {
		s := randomPixels(rng, 7, 8, 9, levels)
		per, mean, err := s.pixels(t).AUPIMO(0.01, 0.2)
		if err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0.0
		for i, a := range per {
			if s.masks[i] == nil || i%3 == 0 {
				if !math.IsNaN(a) {
					t.Errorf("image %d has no defect but %v", i, a)
				}
				continue
			}
			sum, n = sum+a, n+1
			if want := s.slowAUPIMO(i, 0.01, 0.2); !(math.Abs(a-want) < 1e-3) {
				t.Errorf("levels %d, image %d: %v, want %v", levels, i, a, want)
			}
		}
		near(t, "mean", mean, sum/n)
	}
}

func TestAUPIMOErrors(t *testing.T) {
	s := randomPixels(rand.New(rand.NewPCG(13, 13)), 4, 8, 8, 0)
	for _, c := range [][2]float64{{0, 0.1}, {0.2, 0.1}, {0.1, 2}, {math.NaN(), 0.1}} {
		if _, _, err := s.pixels(t).AUPIMO(c[0], c[1]); !errors.Is(err, ErrLimit) {
			t.Errorf("range %v: %v", c, err)
		}
	}
	if _, _, err := s.pixels(t).AUPIMO(AUPIMOLower, AUPIMOUpper); !errors.Is(err, ErrTooCoarse) {
		t.Errorf("128 normal pixels for a rate of 1e-5: %v", err)
	}
	s.maps, s.masks = s.maps[1:3], s.masks[1:3]
	if _, _, err := s.pixels(t).AUPIMO(0.1, 0.2); !errors.Is(err, ErrOneClass) {
		t.Errorf("no image without a defect: %v", err)
	}
}
