package train

import (
	"context"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
)

// NewDeviceStepper is NewStepper on a device. Loss and gradients come from one program and Update runs a whole training
// step as a second one, so that both are put to the test; the parameters are in the model's own memory after each.
func NewDeviceStepper(ctx context.Context, d *xla.Device, p xla.Precision, model flow.Block, maps []flow.Map, batch int) (*Stepper, error) {
	params := flow.Trainable(model)
	l, err := buildLoss(model, maps, batch, params, false)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	s := &deviceStepping{device: d, precision: p, lossGraph: l, adam: NewAdam(params), host: newHostBatch(maps, batch), ctx: ctx}
	if s.graph, err = xla.Compile(ctx, d, append([]*G.Node{l.loss}, l.grads...), xla.Inputs(l.x...), p); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return &Stepper{s, params}, nil
}

// deviceStepping steps on a device.
type deviceStepping struct {
	*lossGraph
	device    *xla.Device
	precision xla.Precision
	graph     *xla.Graph // of the loss and the gradients
	last      [][]float32
	host      hostBatch
	adam      *Adam
	ctx       context.Context // for the compilation of the step, which Update does when it is told the rate

	training *xla.Training
	lr, clip float64 // that training was compiled for
}

func (s *deviceStepping) Inputs() [][]float32    { return s.host.maps }
func (s *deviceStepping) gradients() [][]float32 { return s.last }

func (s *deviceStepping) Loss(ctx context.Context) (float64, error) {
	if err := s.graph.Refresh(); err != nil {
		return 0, err
	}
	out, err := s.graph.Run(ctx, s.host.images()...)
	if err != nil {
		return 0, err
	}
	s.last = nil
	for _, g := range out[1:] {
		s.last = append(s.last, g.([]float32))
	}
	return float64(out[0].([]float32)[0]), nil
}

func (s *deviceStepping) Update(lr, clip float64) (norm float64, err error) {
	if err := checkStep(lr, clip); err != nil {
		return 0, fmt.Errorf("train: %w", err)
	}
	if s.training == nil || s.lr != lr || s.clip != clip {
		if err := s.compile(lr, clip); err != nil {
			return 0, err
		}
	}
	m := xla.Moments{M: s.adam.m, V: s.adam.v, Steps: s.adam.t}
	if err := s.training.Load(m); err != nil {
		return 0, err
	}
	b, err := s.training.Prepare(s.host.images()...)
	if err != nil {
		return 0, err
	}
	r, err := s.training.Step(s.ctx, b, 0)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(r.Norm) || math.IsInf(r.Norm, 0) {
		return r.Norm, fmt.Errorf("train: the gradient norm is %v", r.Norm)
	}
	err = s.training.Store(&m)
	s.adam.t = m.Steps
	return r.Norm, err
}

func (s *deviceStepping) compile(lr, clip float64) (err error) {
	step := xla.Step{Inputs: xla.Inputs(s.x...), Loss: s.loss, Params: s.leaves(), Grads: s.grads, Updates: s.updates(), Clip: clip}
	s.lr, s.clip = lr, clip
	s.training, err = xla.NewTraining(s.ctx, s.device, step, []float64{lr}, s.precision)
	return err
}

// updates are the leaves that a step changes besides the parameters.
func (l *lossGraph) updates() []xla.Update {
	var out []xla.Update
	for _, u := range l.tape.Updates() {
		out = append(out, xla.Update{Leaf: l.tape.Node(u.Param), Next: u.Node})
	}
	return out
}
