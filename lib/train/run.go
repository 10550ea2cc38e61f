package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// load gets the program for a batch of this size and puts the samples into it.
func (t *Trainer) load(ctx context.Context, data Source, index []int, training bool) (*lossProgram, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.settle()
	key := programKey{len(index), training}
	if t.programs[key] == nil {
		params := t.params
		if !training {
			params = nil
		}
		l, err := compileLoss(t.model, t.maps, len(index), params)
		if err != nil {
			return nil, err
		}
		t.programs[key] = l
	}
	l := t.programs[key]
	return l, data.Batch(ctx, index, l.inputs)
}

// grace is how long a cancelled run may take to end by itself.
const grace = 50 * time.Millisecond

// compute runs a loaded batch. At a cancellation it waits no longer than grace: the run ends in the background without
// touching a parameter, and settle waits for it before the next one.
func (t *Trainer) compute(ctx context.Context, l *lossProgram) (float64, error) {
	var loss float64
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		loss, err = l.run(ctx)
	}()
	select {
	case <-ended:
		return loss, err
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(grace):
		t.running = ended
	}
	return 0, ctx.Err()
}

func (t *Trainer) settle() {
	if t.running != nil {
		<-t.running
		t.running = nil
	}
}

// judge measures the held-out loss of a finished epoch.
func (t *Trainer) judge(ctx context.Context, heldOut Source, e *Epoch) error {
	if heldOut == nil || heldOut.Len() == 0 {
		return nil
	}
	loss, err := t.Loss(ctx, heldOut)
	if err != nil {
		return fmt.Errorf("held-out loss: %w", err)
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%w: after epoch %d the loss of the held-out samples is %v", ErrDiverged, e.Epoch, loss)
	}
	e.HeldOut, e.Best = loss, true
	for _, h := range t.History {
		if h.HeldOut <= loss {
			e.Best = false
		}
	}
	if e.Best {
		t.best.take()
	}
	return nil
}

// Loss is the mean negative log-likelihood of the samples in nats, up to the constant of the normal density, with the
// model in evaluation mode.
func (t *Trainer) Loss(ctx context.Context, data Source) (float64, error) {
	if data.Len() == 0 {
		return 0, errors.New("train: the loss of no samples")
	}
	if t.device != nil {
		return t.device.loss(ctx, data)
	}
	sum, n, size := 0.0, data.Len(), t.options.batch()
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	for lo := 0; lo < n; lo += size {
		part := index[lo:min(lo+size, n)]
		l, err := t.load(ctx, data, part, false)
		if err != nil {
			return 0, err
		}
		loss, err := t.compute(ctx, l)
		if err != nil {
			return 0, err
		}
		sum += loss * float64(len(part))
	}
	return sum / float64(n), nil
}
