package train

import (
	"context"
	"math/rand/v2"
)

// noisy is a source whose samples carry Gaussian noise. What a sample gets depends on the seed, the epoch and the sample
// alone, so that a resumed training sees the same.
type noisy struct {
	Source
	sigma float64
	seed  uint64
	epoch int
}

const noiseStream uint64 = 0x4015e

// Batch copies samples and adds the noise, see Source.
func (s noisy) Batch(ctx context.Context, index []int, maps [][]float32) error {
	if err := s.Source.Batch(ctx, index, maps); err != nil {
		return err
	}
	for b, k := range index {
		rng := rand.New(rand.NewPCG(s.seed+noiseStream, uint64(s.epoch)<<32|uint64(k)))
		for _, m := range maps {
			n := len(m) / len(index)
			for i := range m[b*n : (b+1)*n] {
				m[b*n+i] += float32(s.sigma * rng.NormFloat64())
			}
		}
	}
	return nil
}

// withNoise is the source of an epoch's training samples.
func (t *Trainer) withNoise(data Source) Source {
	if t.options.Noise == 0 {
		return data
	}
	return noisy{data, t.options.Noise, t.options.Seed, t.Epoch}
}
