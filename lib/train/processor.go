package train

import (
	"context"
	"fmt"
	"math"
)

// processor takes a trainer's steps on the processor, with a program for each batch size and mode.
type processor struct {
	t        *Trainer
	programs map[programKey]*lossProgram
}

type programKey struct {
	batch    int
	training bool
}

func newProcessor(t *Trainer) *processor {
	return &processor{t: t, programs: map[programKey]*lossProgram{}}
}

func (p *processor) sync() error { return nil }
func (p *processor) end() error  { return nil }

func (p *processor) settle() {
	for _, l := range p.programs {
		l.program.Settle()
	}
}

func (p *processor) steps(ctx context.Context, data Source, _ [][]int, lr float64) (take func(index []int) (Step, error), stop func()) {
	return func(index []int) (Step, error) { return p.step(ctx, data, index, lr) }, func() {}
}

func (p *processor) losses(ctx context.Context, data Source) (sum func(index []int) (float64, error), err error) {
	return func(index []int) (float64, error) {
		l, err := p.load(ctx, data, index, false)
		if err != nil {
			return 0, err
		}
		loss, err := l.run(ctx)
		return loss * float64(len(index)), err
	}, nil
}

// load gets the program for a batch of this size and puts the samples into it. No program may run meanwhile: all have the
// same parameters.
func (p *processor) load(ctx context.Context, data Source, index []int, training bool) (*lossProgram, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.settle()
	key := programKey{len(index), training}
	if p.programs[key] == nil {
		params := p.t.params
		if !training {
			params = nil
		}
		l, err := compileLoss(p.t.model, p.t.maps, len(index), params)
		if err != nil {
			return nil, err
		}
		p.programs[key] = l
	}
	l := p.programs[key]
	return l, data.Batch(ctx, index, l.inputs)
}

// step updates the parameters by one batch of samples.
func (p *processor) step(ctx context.Context, data Source, index []int, lr float64) (Step, error) {
	t := p.t
	l, err := p.load(ctx, data, index, true)
	if err != nil {
		return Step{}, err
	}
	loss, err := l.run(ctx)
	if err != nil {
		return Step{}, err
	}
	report := Step{Epoch: t.Epoch + 1, Epochs: t.options.epochs(), Loss: loss, LR: lr}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return report, t.diverged(ctx, l, fmt.Sprintf("the loss is %v", loss))
	}
	report.GradNorm, err = t.adam.Step(l.gradients(), lr, t.options.clip())
	if err != nil {
		return report, t.diverged(ctx, l, err.Error())
	}
	if err := l.tape.Commit(l.program); err != nil {
		return report, err
	}
	t.count(report, len(index), l.scaleSums())
	return report, nil
}
