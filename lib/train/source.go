package train

import (
	"context"
	"math/rand/v2"
)

// Source is a set of samples, each a list of maps (C,H,W), one per scale.
type Source interface {
	// Len is the number of samples.
	Len() int
	// Batch copies the samples with the given indices into the maps' tensors: maps[s] holds len(index) samples of scale s, each
	// C·H·W values, in the order of index.
	Batch(ctx context.Context, index []int, maps [][]float32) error
}

// Subset is the part of a source that the indices name.
type Subset struct {
	Source Source
	Index  []int
}

// Len is the number of samples of the part.
func (s Subset) Len() int { return len(s.Index) }

// Batch copies samples of the part, see Source.
func (s Subset) Batch(ctx context.Context, index []int, maps [][]float32) error {
	inner := make([]int, len(index))
	for i, k := range index {
		inner[i] = s.Index[k]
	}
	return s.Source.Batch(ctx, inner, maps)
}

// Split cuts a source at random into a part to train on and a held-out part with the given share of the samples
// (at least one when share > 0). The same seed gives the same parts.
func Split(s Source, share float64, seed uint64) (fit, heldOut Source) {
	n := s.Len()
	k := int(share*float64(n) + 0.5)
	if share > 0 && k == 0 {
		k = 1
	}
	k = min(k, n)
	order := rand.New(rand.NewPCG(seed, splitStream)).Perm(n)
	return Subset{s, order[k:]}, Subset{s, order[:k]}
}

// Streams keep the random numbers of different uses apart under one seed.
const (
	splitStream uint64 = 0x5711
	orderStream uint64 = 0x0bde
)

// order is the order in which an epoch visits n samples: it depends on seed and epoch alone, so that a resumed run
// goes on as an uninterrupted one.
func order(n int, seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(seed+orderStream, uint64(epoch))).Perm(n)
}
