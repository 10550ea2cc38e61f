package train

import (
	"context"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/xla"
)

// accelerator takes a trainer's steps on a device. While it does, parameters and Adam's moments live there: the trainer's
// own are those of the last sync.
type accelerator struct {
	t        *Trainer
	compiled map[int]*deviceStep // by the batch that they were compiled for
	holds    *xla.Training       // has the parameters; nil: the trainer has them
	eval     *deviceLoss         // for held-out samples
}

func newAccelerator(t *Trainer) *accelerator {
	return &accelerator{t: t, compiled: map[int]*deviceStep{}}
}

// deviceStep is a training step for one batch size.
type deviceStep struct {
	*lossGraph
	training *xla.Training
	host     hostBatch
}

// full is a batch of data with that many samples, rounded up to what can be divided among several devices.
func (a *accelerator) full(total int) int {
	return a.t.options.Device.Even(min(a.t.options.batch(), total))
}

// size is the batch that n samples are computed as. A smaller batch is filled up with samples of weight zero rather than
// compiled for, unless the model looks at the batch as a whole.
func (a *accelerator) size(n, total int) int {
	full := a.full(total)
	if s := a.compiled[full]; s != nil && len(s.tape.Updates()) > 0 {
		return n
	}
	return full
}

// step gets the step for n of total samples.
func (a *accelerator) step(ctx context.Context, n, total int) (*deviceStep, error) {
	if full := a.full(total); a.compiled[full] == nil {
		if err := a.compile(ctx, full); err != nil {
			return nil, err
		}
	}
	size := a.size(n, total)
	if a.compiled[size] == nil {
		if err := a.compile(ctx, size); err != nil {
			return nil, err
		}
	}
	return a.compiled[size], nil
}

func (a *accelerator) compile(ctx context.Context, batch int) error {
	graph, err := buildLoss(a.t.model, a.t.maps, batch, a.t.params, true)
	if err != nil {
		return err
	}
	s := xla.Step{
		Inputs: xla.Inputs(append(graph.x, graph.weight)...), Loss: graph.loss, Params: graph.leaves(), Grads: graph.grads,
		Updates: graph.updates(), Watched: graph.scales, Clip: a.t.options.clip(),
	}
	training, err := xla.NewTraining(ctx, a.t.options.Device, s, a.t.options.rates(), a.t.options.Precision)
	if err != nil {
		return err
	}
	a.compiled[batch] = &deviceStep{graph, training, newHostBatch(a.t.maps, batch)}
	a.note(batch, training)
	return nil
}

// note tells what was compiled.
func (a *accelerator) note(batch int, training *xla.Training) {
	if a.t.options.OnNote == nil {
		return
	}
	const gib = 1 << 30
	line := fmt.Sprintf("training step for batches of %d compiled for %s", batch, a.t.options.Device)
	if need := training.Memory(); need > 0 {
		line += fmt.Sprintf(", %.2f GiB", float64(need)/gib)
		if a.t.options.Device.Count > 1 {
			line += " on each"
		}
	}
	if m := a.t.options.Device.Memory(); m.Limit > 0 {
		line += fmt.Sprintf(" of %.1f GiB", float64(m.Limit)/gib)
	}
	a.t.options.OnNote(line)
}

// waiting is a batch that waits on the device for its step.
type waiting struct {
	step  *deviceStep
	batch *xla.Batch
	err   error
}

// feed prepares the batches one after the other, each while the step before it runs.
func (a *accelerator) feed(ctx context.Context, data Source, parts [][]int) <-chan waiting {
	out := make(chan waiting)
	go func() {
		defer close(out)
		for _, index := range parts {
			f := a.prepare(ctx, data, index)
			select {
			case out <- f:
			case <-ctx.Done():
				if f.batch != nil {
					f.batch.Free()
				}
				return
			}
			if f.err != nil {
				return
			}
		}
	}()
	return out
}

func (a *accelerator) prepare(ctx context.Context, data Source, index []int) waiting {
	s, err := a.step(ctx, len(index), data.Len())
	if err != nil {
		return waiting{err: err}
	}
	if err := s.host.fill(ctx, data, index); err != nil {
		return waiting{err: err}
	}
	b, err := s.training.Prepare(s.host.inputs()...)
	return waiting{s, b, err}
}

// settle has nothing to do: a step on the device is waited for.
func (a *accelerator) settle() {}

func (a *accelerator) steps(ctx context.Context, data Source, parts [][]int, _ float64) (take func(index []int) (Step, error), stop func()) {
	feeding, cancel := context.WithCancel(ctx)
	next := a.feed(feeding, data, parts)
	take = func(index []int) (Step, error) {
		f, ok := <-next
		if !ok {
			return Step{}, ctx.Err()
		}
		if f.err != nil {
			return Step{}, f.err
		}
		return a.take(ctx, data, index, f)
	}
	return take, func() {
		cancel()
		for f := range next { // until the feeder has ended
			if f.batch != nil {
				f.batch.Free()
			}
		}
	}
}

func (a *accelerator) take(ctx context.Context, data Source, index []int, f waiting) (Step, error) {
	if err := a.move(f.step.training); err != nil {
		f.batch.Free()
		return Step{}, err
	}
	t := a.t
	r, err := f.step.training.Step(ctx, f.batch, t.Epoch)
	if err != nil {
		return Step{}, err
	}
	report := Step{Epoch: t.Epoch + 1, Epochs: t.options.epochs(), Loss: r.Loss, GradNorm: r.Norm, LR: t.options.schedule().At(t.Epoch)}
	for what, v := range map[string]float64{"the loss": r.Loss, "the gradient norm": r.Norm} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return report, a.diverged(ctx, data, index, fmt.Sprintf("%s is %v", what, v))
		}
	}
	t.count(report, len(index), sums(r.Watched, len(index)))
	return report, nil
}

// move brings the parameters to the training that takes the next step.
func (a *accelerator) move(to *xla.Training) error {
	switch {
	case a.holds == to:
		return nil
	case a.holds != nil:
		to.Adopt(a.holds)
	default:
		if err := to.Load(a.moments()); err != nil {
			return err
		}
	}
	a.holds = to
	return nil
}

func (a *accelerator) moments() xla.Moments {
	return xla.Moments{M: a.t.adam.m, V: a.t.adam.v, Steps: a.t.adam.t}
}

// sync copies parameters and moments to the trainer; the device keeps them.
func (a *accelerator) sync() error {
	if a.holds == nil {
		return nil
	}
	m := a.moments()
	if err := a.holds.Store(&m); err != nil {
		return fmt.Errorf("bringing the parameters from %s: %w", a.t.options.Device, err)
	}
	a.t.adam.t = m.Steps
	return nil
}

// end is sync, after which the device has the memory back.
func (a *accelerator) end() error {
	err := a.sync()
	a.holds = nil
	for _, s := range a.compiled {
		s.training.Free()
	}
	clear(a.compiled)
	if a.eval != nil {
		a.eval.graph.Free()
		a.eval = nil
	}
	return err
}

// diverged looks for the block that made the first value that is no number, on the processor.
func (a *accelerator) diverged(ctx context.Context, data Source, index []int, what string) error {
	if err := a.sync(); err != nil {
		return err
	}
	l, err := newProcessor(a.t).load(ctx, data, index, true)
	if err != nil {
		return err
	}
	return a.t.diverged(ctx, l, what)
}

// sums adds up the first n samples' values.
func sums(each [][]float32, n int) []float64 {
	out := make([]float64, len(each))
	for i, v := range each {
		for _, x := range v[:n] {
			out[i] += float64(x)
		}
	}
	return out
}
