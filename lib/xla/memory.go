package xla

import (
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/lib/xla/remote"
)

// ErrOutOfMemory marks that a device's memory does not suffice.
var ErrOutOfMemory = errors.New("the device's memory does not suffice")

// outOfMemory makes a plugin's error for it ErrOutOfMemory.
func outOfMemory(err error) error {
	if remote.IsOutOfMemory(err) {
		return fmt.Errorf("%w: %w", ErrOutOfMemory, err)
	}
	return err
}

// Footprint is what programs for two batch sizes need, from which that of others follows.
type footprint struct{ fixed, perSample int64 }

// fit is the largest batch whose program fits, given what a run for batch takes: the arguments that stay are fixed, all the
// rest grows with the batch. 0 means that not even one sample fits.
func (f footprint) fit(limit int64) int {
	if f.perSample <= 0 || limit <= f.fixed {
		return 0
	}
	return int((limit - f.fixed) / f.perSample)
}

// explain adds to an error for lack of memory which batch size would fit; other errors pass.
func explain(err error, m Memory, batch int, f footprint) error {
	if !errors.Is(err, ErrOutOfMemory) {
		return err
	}
	const gib = 1 << 30
	switch n := min(f.fit(m.Limit), batch-1); {
	case m.Limit == 0 || f.perSample == 0:
		return fmt.Errorf("a batch of %d: %w; try a batch of %d", batch, err, max(1, batch/2))
	case n < 1:
		return fmt.Errorf("a batch of %d needs about %.1f GiB and the device has %.1f GiB, too little even for one sample: %w",
			batch, float64(f.fixed+f.perSample*int64(batch))/gib, float64(m.Limit)/gib, err)
	default:
		return fmt.Errorf("a batch of %d needs about %.1f GiB and the device has %.1f GiB; a batch of %d would fit: %w",
			batch, float64(f.fixed+f.perSample*int64(batch))/gib, float64(m.Limit)/gib, n, err)
	}
}
