package train

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/lib/flow"
)

// Stepper takes single steps on batches that the caller lays down, for loops of one's own and for checks against a
// reference. Trainer is the loop for everything else.
type Stepper struct {
	stepping
	params []*flow.Param
}

// stepping is a step where it is computed.
type stepping interface {
	// Inputs is where the batch goes: for each scale (B,C,H,W).
	Inputs() [][]float32
	// Loss computes the batch's loss, mean_B(Σ_i ½‖z_i‖² − logdet) in nats, and all gradients.
	Loss(ctx context.Context) (float64, error)
	// Update takes a step of Adam with the gradients of the last Loss, clipped together to the norm clip (0: not at all),
	// and returns their norm before clipping. It overwrites the gradients.
	Update(lr, clip float64) (norm float64, err error)

	gradients() [][]float32
}

// NewStepper compiles the loss of model and its gradients for batches of maps.
func NewStepper(model flow.Block, maps []flow.Map, batch int) (*Stepper, error) {
	params := flow.Trainable(model)
	program, err := compileLoss(model, maps, batch, params)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return &Stepper{&hostStepping{program, NewAdam(params)}, params}, nil
}

// Gradients are those of the last Loss by parameter name; the values are valid until the next Loss or Update.
func (s *Stepper) Gradients() map[string][]float32 {
	out := map[string][]float32{}
	for i, g := range s.gradients() {
		out[s.params[i].Name] = g
	}
	return out
}

// hostStepping steps on the processor.
type hostStepping struct {
	program *lossProgram
	adam    *Adam
}

func (s *hostStepping) Inputs() [][]float32                       { return s.program.inputs }
func (s *hostStepping) Loss(ctx context.Context) (float64, error) { return s.program.run(ctx) }
func (s *hostStepping) gradients() [][]float32                    { return s.program.gradients() }

func (s *hostStepping) Update(lr, clip float64) (norm float64, err error) {
	norm, err = s.adam.Step(s.program.gradients(), lr, clip)
	if err != nil {
		return norm, err
	}
	return norm, s.program.tape.Commit(s.program.program)
}
