package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/msflow-go/msflow/lib/flow"
)

// Trainer fits a flow to a source of maps. It is not safe for concurrent use.
type Trainer struct {
	State

	model   flow.Block
	maps    []flow.Map
	options Options
	params  []*flow.Param
	adam    *Adam
	best    *snapshot
	runner  runner
}

// New prepares to fit model to samples of the given maps. The model's parameters are trained in place.
func New(model flow.Block, maps []flow.Map, o Options) (*Trainer, error) {
	if _, err := model.Out(maps); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	params := flow.Trainable(model)
	t := &Trainer{
		model: model, maps: maps, options: o, params: params,
		adam: NewAdam(params), best: newSnapshot(model),
	}
	t.runner = newProcessor(t)
	if o.Device != nil {
		t.runner = newAccelerator(t)
	}
	return t, nil
}

// Continue puts t where an earlier trainer of the same model stopped, to go on to the same numbers as if it had not.
func (t *Trainer) Continue(from *Trainer) error {
	if from.model != t.model {
		return errors.New("train: the earlier training was of another model")
	}
	from.runner.settle()
	t.State, t.adam, t.best = from.State, from.adam, from.best
	return nil
}

// Run trains until the last epoch, or until the held-out loss has not fallen for Patience epochs (heldOut may be nil). It
// goes on from State, so that a second call after a cancellation, or after a checkpoint was read, continues to the same
// numbers as an uninterrupted run. It returns within about 100 ms of ctx's cancellation (on a device, when the step under
// way has ended) with ctx's error and the parameters of the last finished step.
func (t *Trainer) Run(ctx context.Context, data, heldOut Source) (err error) {
	defer func() { err = errors.Join(err, t.runner.end()) }()
	return t.fit(ctx, data, heldOut)
}

func (t *Trainer) fit(ctx context.Context, data, heldOut Source) error {
	if data.Len() == 0 {
		return errors.New("train: no samples to train on")
	}
	for t.Epoch < t.options.epochs() && !t.stale() {
		if err := t.epoch(ctx, data, heldOut); err != nil {
			return err
		}
	}
	return nil
}

// stale tells whether the held-out loss has not fallen for Patience epochs.
func (t *Trainer) stale() bool {
	if t.options.Patience == 0 || len(t.History) == 0 {
		return false
	}
	for i := len(t.History) - 1; i >= 0; i-- {
		if t.History[i].Best {
			return len(t.History)-1-i >= t.options.Patience
		}
	}
	return false
}

func (t *Trainer) epoch(ctx context.Context, data, heldOut Source) error {
	begin := time.Now()
	n, size := data.Len(), t.options.batch()
	visit := order(n, t.options.Seed, t.Epoch)
	lr := t.options.schedule().At(t.Epoch)
	first := t.Batches * size
	take, stop := t.runner.steps(ctx, t.withNoise(data), batches(visit[min(first, n):], size), lr)
	defer stop()
	for lo := first; lo < n; lo += size {
		hi := min(lo+size, n)
		done, err := take(visit[lo:hi])
		if err != nil {
			return err
		}
		if t.options.OnStep != nil {
			done.Done, done.Total = hi, n
			t.options.OnStep(done)
		}
	}
	stop()
	if err := t.runner.sync(); err != nil {
		return err
	}
	seconds := time.Since(begin).Seconds()
	e := Epoch{
		Epoch: t.Epoch + 1, Loss: t.Sum / float64(n), GradNorm: t.Norms / float64(t.Batches), LR: lr,
		Scales: t.scaleMeans(n), Seconds: seconds, Rate: float64(n-first) / seconds,
	}
	if err := t.exploded(e); err != nil {
		return err
	}
	if err := t.judge(ctx, heldOut, &e); err != nil {
		return err
	}
	t.State = State{Epoch: t.Epoch + 1, History: append(t.History, e)}
	if t.options.OnEpoch != nil {
		return t.options.OnEpoch(e)
	}
	return nil
}

// explosion is how many times the first epoch's loss an epoch's may be. A flow starts near the identity, at its worst
// useful loss; far above that the numbers are finite and mean nothing.
const explosion = 100

func (t *Trainer) exploded(e Epoch) error {
	if len(t.History) == 0 {
		return nil
	}
	if first := t.History[0].Loss; e.Loss > explosion*max(1, math.Abs(first)) {
		return fmt.Errorf("%w: epoch %d: the mean loss is %.3g nats after %.3g in the first epoch; a smaller learning rate may help", ErrDiverged, e.Epoch, e.Loss, first)
	}
	return nil
}

// batches cuts the order of an epoch into batches of size, the last one perhaps smaller.
func batches(visit []int, size int) [][]int { return slices.Collect(slices.Chunk(visit, size)) }

// count adds a finished step to the epoch so far.
func (t *Trainer) count(s Step, samples int, scales []float64) {
	t.Batches++
	t.Sum += s.Loss * float64(samples)
	t.Norms += s.GradNorm
	t.addScales(scales)
}

func (t *Trainer) diverged(ctx context.Context, l *lossProgram, what string) error {
	return fmt.Errorf("%w: epoch %d, step %d: %s; the first value that is not finite comes from %s",
		ErrDiverged, t.Epoch+1, t.Batches+1, what, l.firstNonFinite(ctx))
}

// addScales adds a batch's log-likelihoods of each scale to those of the epoch so far.
func (t *Trainer) addScales(sums []float64) {
	if t.Scales == nil {
		t.Scales = make([]float64, len(sums))
	}
	for i, s := range sums {
		t.Scales[i] += s
	}
}

// scaleMeans is the mean log-likelihood of each scale over n samples, in nats per value.
func (t *Trainer) scaleMeans(n int) []float64 {
	var out []float64
	for i, s := range t.Scales {
		out = append(out, s/float64(n*t.maps[i].Len()))
	}
	return out
}
