package xla

import (
	"context"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Training takes steps on a device. Parameters and Adam's moments stay in the device's memory from step to step; Load and
// Store carry them there and back. Prepare may be called from another goroutine while a step runs, nothing else.
type Training struct {
	device  *Device
	program Program
	layout  *stepProgram
	batch   int

	changing []Buffer // parameters, moments, count, updated leaves: replaced by each step
	fixed    []Buffer // rates and the other leaves
	epoch    int      // whose number is on the device
	epochAt  Buffer
}

// Moments are Adam's running moments of the gradients, in the order of the parameters, and the number of steps taken.
type Moments struct {
	M, V  [][]float32
	Steps int
}

// NewTraining compiles a step for the device. rates are the learning rates of the epochs.
func NewTraining(ctx context.Context, d *Device, s Step, rates []float64, p Precision) (*Training, error) {
	layout, err := newStepProgram(s, len(rates), p)
	if err != nil {
		return nil, err
	}
	t := &Training{device: d, layout: layout, batch: batchOf(s.Inputs), epoch: -1}
	if t.program, err = d.compile(ctx, layout.f); err != nil {
		return nil, fmt.Errorf("xla: compiling the training step for %s: %w", d, t.explain(err))
	}
	total, _ := t.program.Footprint()
	if m := d.Memory(); m.Limit > 0 && total > m.Limit {
		return nil, fmt.Errorf("xla: %w", t.explain(ErrOutOfMemory))
	}
	return t, t.uploadFixed(rates)
}

// explain adds to an error for lack of memory which batch size would fit.
func (t *Training) explain(err error) error {
	if t.program == nil {
		return explain(err, t.device.Memory(), t.batch, footprint{})
	}
	return explain(err, t.device.Memory(), t.batch, needs(t.program, t.batch))
}

func (t *Training) upload(v any, dims ...int) (Buffer, error) {
	b, err := t.device.backend.Upload(v, dims...)
	if err != nil {
		return nil, fmt.Errorf("xla: uploading to %s: %w", t.device, t.explain(err))
	}
	return b, nil
}

func (t *Training) uploadFixed(rates []float64) error {
	values := make([]float32, len(rates))
	for i, r := range rates {
		values[i] = float32(r)
	}
	b, err := t.upload(values, len(values))
	if err != nil {
		return err
	}
	t.fixed = append(t.fixed, b)
	for _, n := range t.layout.fixed {
		b, err := uploadLeaf(t.device.backend, n)
		if err != nil {
			return fmt.Errorf("xla: uploading %s to %s: %w", n.Name(), t.device, t.explain(err))
		}
		t.fixed = append(t.fixed, b)
	}
	return nil
}

// Load puts the parameters' values, as bound to their leaves, and the moments into the device's memory.
func (t *Training) Load(m Moments) error {
	freeAll(t.changing)
	t.changing = nil
	keep := func(b Buffer, err error) error {
		if err == nil {
			t.changing = append(t.changing, b)
		}
		return err
	}
	for _, n := range t.layout.Params {
		if err := keep(uploadLeaf(t.device.backend, n)); err != nil {
			return t.explain(err)
		}
	}
	for _, moment := range [][][]float32{m.M, m.V} {
		for i, n := range t.layout.Params {
			if err := keep(t.upload(moment[i], n.Shape()...)); err != nil {
				return err
			}
		}
	}
	if err := keep(t.upload([]int32{int32(m.Steps)})); err != nil {
		return err
	}
	for _, u := range t.layout.Updates {
		if err := keep(uploadLeaf(t.device.backend, u.Leaf)); err != nil {
			return t.explain(err)
		}
	}
	return nil
}

// Adopt takes over the parameters, moments and updated leaves of another training of the same model, which has none then.
func (t *Training) Adopt(from *Training) {
	freeAll(t.changing)
	t.changing, from.changing = from.changing, nil
}

// Store copies the parameters and the updated leaves into the memory that is bound to them, and the moments into m.
func (t *Training) Store(m *Moments) error {
	n := len(t.layout.Params)
	for i, p := range t.layout.Params {
		if err := t.download(t.changing[i], p); err != nil {
			return err
		}
		if err := t.changing[n+i].Download(m.M[i]); err != nil {
			return err
		}
		if err := t.changing[2*n+i].Download(m.V[i]); err != nil {
			return err
		}
	}
	for i, u := range t.layout.Updates {
		if err := t.download(t.changing[3*n+1+i], u.Leaf); err != nil {
			return err
		}
	}
	var count [1]int32
	if err := t.changing[3*n].Download(count[:]); err != nil {
		return err
	}
	m.Steps = int(count[0])
	return nil
}

// download copies a value to the tensor that is bound to a leaf.
func (t *Training) download(b Buffer, n *G.Node) error {
	v, ok := n.Value().(*tensor.Dense)
	if !ok {
		return fmt.Errorf("xla: parameter %s is bound to a %T; want a tensor", n.Name(), n.Value())
	}
	if err := b.Download(dense(v)); err != nil {
		return fmt.Errorf("xla: reading %s from %s: %w", n.Name(), t.device, err)
	}
	return nil
}

// Batch is a batch in the device's memory. It serves one step.
type Batch struct{ buffers []Buffer }

// Free drops a batch that no step will use.
func (b *Batch) Free() { freeAll(b.buffers) }

// Prepare copies a batch to the device: the step's inputs in their order, each a slice of its elements.
func (t *Training) Prepare(inputs ...any) (*Batch, error) {
	b := &Batch{}
	for i, v := range inputs {
		buffer, err := t.device.uploadBatch(v, t.layout.inputs[i].Dims...)
		if err != nil {
			b.Free()
			return nil, fmt.Errorf("xla: uploading to %s: %w", t.device, t.explain(err))
		}
		b.buffers = append(b.buffers, buffer)
	}
	return b, nil
}

// Result is what a step tells.
type Result struct {
	Loss, Norm float64     // nats; of the gradients before clipping
	Watched    [][]float32 // in the order of Step.Watched
}

// Step takes a step with a batch at the learning rate of the epoch, counted from 0, and waits for it. The batch is used up.
// If loss or norm come out infinite or not a number, the parameters stay as they were.
func (t *Training) Step(ctx context.Context, b *Batch, epoch int) (Result, error) {
	defer b.Free()
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if err := t.setEpoch(epoch); err != nil {
		return Result{}, err
	}
	args := append(append(append([]Buffer{}, t.changing...), t.fixed...), t.epochAt)
	out, err := t.program.Run(append(args, b.buffers...))
	if err != nil {
		return Result{}, fmt.Errorf("xla: a training step on %s: %w", t.device, t.explain(err))
	}
	n := t.layout.changing()
	t.changing = out[:n:n]
	defer freeAll(out[n:])
	return t.read(out[n:])
}

// setEpoch puts the epoch's number where the program looks up the learning rate.
func (t *Training) setEpoch(epoch int) error {
	if t.epoch == epoch {
		return nil
	}
	b, err := t.upload([]int32{int32(epoch)})
	if err != nil {
		return err
	}
	if t.epochAt != nil {
		t.epochAt.Free()
	}
	t.epoch, t.epochAt = epoch, b
	return nil
}

func (t *Training) read(out []Buffer) (Result, error) {
	values := make([][]float32, len(out))
	for i, b := range out {
		values[i] = make([]float32, t.layout.results[i].Size())
		if err := b.Download(values[i]); err != nil {
			return Result{}, fmt.Errorf("xla: a training step on %s: %w", t.device, t.explain(err))
		}
	}
	return Result{Loss: float64(values[0][0]), Norm: float64(values[1][0]), Watched: values[2:]}, nil
}

// Memory is what the step takes of the device's memory in bytes, with everything that stays there; 0 is not known.
func (t *Training) Memory() int64 {
	total, _ := t.program.Footprint()
	return total
}

// Free gives the memory of parameters, moments and leaves back.
func (t *Training) Free() {
	freeAll(t.changing)
	freeAll(t.fixed)
	if t.epochAt != nil {
		t.epochAt.Free()
	}
	t.changing, t.fixed, t.epochAt, t.epoch = nil, nil, nil, -1
}
