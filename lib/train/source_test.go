package train

import (
	"fmt"
	"slices"
	"testing"
)

func indices(s Source) []int { return s.(Subset).Index }

// Without parts, and with one part a sample, the held-out samples are as many as asked for.
func TestSplitHoldsOutItsShare(t *testing.T) {
	s := noise{n: 40, maps: tinyMaps}
	var own []string
	for i := range s.n {
		own = append(own, fmt.Sprint("image ", i))
	}
	for _, share := range []float64{0, 0.01, 0.1, 0.5, 0.9} {
		fit, held := Split(s, nil, share, 3)
		want := int(share*40 + 0.5)
		if share == 0.01 {
			want = 1
		}
		if held.Len() != want || fit.Len() != 40-want {
			t.Errorf("share %v: %d to fit, %d held out", share, fit.Len(), held.Len())
		}
		fit2, held2 := Split(s, own, share, 3)
		if !slices.Equal(indices(fit), indices(fit2)) || !slices.Equal(indices(held), indices(held2)) {
			t.Errorf("share %v: parts of one image each change the sides", share)
		}
	}
}

func TestSplitKeepsPartsTogether(t *testing.T) {
	s := noise{n: 48, maps: tinyMaps}
	var parts []string
	for i := range s.n {
		parts = append(parts, fmt.Sprint("tile ", i%8))
	}
	for seed := range uint64(20) {
		fit, held := Split(s, parts, 0.2, seed)
		if held.Len() != 12 || fit.Len() != 36 {
			t.Errorf("seed %d: %d to fit, %d held out", seed, fit.Len(), held.Len())
		}
		for _, i := range indices(held) {
			if slices.ContainsFunc(indices(fit), func(j int) bool { return parts[i] == parts[j] }) {
				t.Fatalf("seed %d: %s is on both sides", seed, parts[i])
			}
		}
	}
	if fit, held := Split(s, make([]string, 48), 0.1, 1); held.Len() != 0 || fit.Len() != 48 {
		t.Errorf("one part: %d to fit, %d held out", fit.Len(), held.Len())
	}
	if fit, held := Split(s, slices.Repeat([]string{"a", "b"}, 24), 0.1, 1); held.Len() != 24 || fit.Len() != 24 {
		t.Errorf("two large parts: %d to fit, %d held out", fit.Len(), held.Len())
	}
}
