package train

import (
	"context"
	"math"
	"slices"
	"testing"
)

// zeros is a source of samples that hold nothing but zeros.
type zeros struct{ n int }

func (z zeros) Len() int { return z.n }

func (z zeros) Batch(_ context.Context, _ []int, maps [][]float32) error {
	for _, m := range maps {
		clear(m)
	}
	return nil
}

// A sample's noise depends on the seed, the epoch and the sample, not on the batch that it comes in.
func TestNoiseBelongsToTheSample(t *testing.T) {
	draw := func(s noisy, index ...int) []float32 {
		maps := [][]float32{make([]float32, 3000*len(index)), make([]float32, 50*len(index))}
		if err := s.Batch(context.Background(), index, maps); err != nil {
			t.Fatal(err)
		}
		return maps[0][3000*(len(index)-1):]
	}
	s := noisy{zeros{9}, 0.5, 1, 2}
	a := draw(s, 7)
	if !slices.Equal(a, draw(s, 3, 7)) {
		t.Error("the noise depends on the batch")
	}
	sum, squares := 0.0, 0.0
	for _, v := range a {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	if mean, std := sum/3000, math.Sqrt(squares/3000); math.Abs(mean) > 0.05 || math.Abs(std-0.5) > 0.05 {
		t.Errorf("mean %v, deviation %v", mean, std)
	}
	for name, other := range map[string][]float32{
		"epoch": draw(noisy{s.Source, 0.5, 1, 3}, 7), "seed": draw(noisy{s.Source, 0.5, 2, 2}, 7), "sample": draw(s, 6),
	} {
		if slices.Equal(a, other) {
			t.Errorf("another %s has the same noise", name)
		}
	}
}
