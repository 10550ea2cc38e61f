package flow

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestHaar transforms two channels of one block each: (1 2; 3 4) and (0 0; 0 8).
func TestHaar(t *testing.T) {
	x := tensor.New(tensor.WithShape(1, 2, 2, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 0, 0, 0, 8}))
	for byWavelet, want := range map[bool][]float32{
		false: {5, -1, -2, 0, 4, -4, -4, 4},
		true:  {5, 4, -1, -4, -2, -4, 0, 4},
	} {
		z, _, err := Run(NewHaar(byWavelet), x)
		if err != nil || !slices.Equal(z[0].Float32s(), want) {
			t.Errorf("by wavelet %t: %v (%v), want %v", byWavelet, z, err, want)
		}
	}
}

func TestSqueeze(t *testing.T) {
	x := tensor.New(tensor.WithShape(1, 1, 2, 4), tensor.WithBacking([]float32{0, 1, 2, 3, 4, 5, 6, 7}))
	z, _, err := Run(must(NewSqueeze(2))(t), x)
	if want := []float32{0, 2, 1, 3, 4, 6, 5, 7}; err != nil || !slices.Equal(z[0].Float32s(), want) {
		t.Errorf("%v (%v), want %v", z, err, want)
	}
	if _, err := NewSqueeze(1); err == nil {
		t.Error("a squeeze by 1 is accepted")
	}
}
