package train

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// runner computes losses and takes a trainer's steps: on the processor, or on a device.
type runner interface {
	// steps gives a function that takes one step after the other on the batches of an epoch, which parts lists, and one
	// that ends what goes on beside it.
	steps(ctx context.Context, data Source, parts [][]int, lr float64) (take func(index []int) (Step, error), stop func())
	// losses gives a function that sums the losses of samples of data, at most a batch of them, in nats, with the model in
	// evaluation mode and the parameters of now.
	losses(ctx context.Context, data Source) (sum func(index []int) (float64, error), err error)
	// sync brings parameters and Adam's moments to the trainer's own memory.
	sync() error
	// end is sync, after which the runner holds nothing that a new call would not make again.
	end() error
	// settle waits for what was left behind at an interrupt.
	settle()
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
	n := data.Len()
	if n == 0 {
		return 0, errors.New("train: the loss of no samples")
	}
	sum, err := t.runner.losses(ctx, data)
	if err != nil {
		return 0, err
	}
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	total := 0.0
	for _, part := range batches(index, t.options.batch()) {
		loss, err := sum(part)
		if err != nil {
			return 0, err
		}
		total += loss
	}
	return total / float64(n), nil
}
