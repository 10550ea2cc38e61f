package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/xla"
)

// Options say how to fit. The zero value is the paper's: 100 epochs, batches of 8, gradient norm clipped to 2.
type Options struct {
	Epochs   int       // passes over the samples; 0 means 100
	Batch    int       // samples per step; 0 means 8
	Schedule *Schedule // nil means Paper(Epochs)
	Clip     float64   // largest gradient norm; 0 means 2, negative means no clipping
	Seed     uint64    // orders the samples
	Noise    float64   // standard deviation of Gaussian noise on the maps of every training step; 0 means none
	Patience int       // stop after so many epochs without a better held-out likelihood; 0 never stops early

	Device    *xla.Device   // where to compute; nil is the processor
	Precision xla.Precision // on a device; "" means xla.TF32

	OnStep  func(Step)        // called after every step
	OnEpoch func(Epoch) error // called after every epoch; an error stops the training
	OnNote  func(string)      // called with a line about the device, when a program was compiled for it
}

func (o Options) epochs() int { return or(o.Epochs, 100) }
func (o Options) batch() int  { return or(o.Batch, 8) }
func (o Options) clip() float64 {
	if o.Clip == 0 {
		return 2
	}
	return o.Clip
}
func (o Options) schedule() Schedule {
	if o.Schedule == nil {
		return Paper(o.epochs())
	}
	return *o.Schedule
}

// check returns an error for options that no training can have. NaN passes any comparison, so what is wanted is asked for.
func (o Options) check() error {
	if o.Epochs < 0 || o.Batch < 0 || o.Patience < 0 {
		return fmt.Errorf("%d epochs of batches of %d with a patience of %d: none may be negative", o.Epochs, o.Batch, o.Patience)
	}
	for e, lr := range o.rates() {
		if err := checkStep(lr, o.clip()); err != nil {
			return fmt.Errorf("epoch %d: %w", e+1, err)
		}
	}
	return nil
}

// checkStep returns an error for a learning rate or a clipping norm that would write what is not a number into the
// parameters.
func checkStep(lr, clip float64) error {
	if !(lr >= 0 && lr <= math.MaxFloat32) {
		return fmt.Errorf("the learning rate is %v", lr)
	}
	if math.IsNaN(clip) {
		return errors.New("the gradient norm to clip at is NaN")
	}
	return nil
}

// rates are the learning rates of all epochs.
func (o Options) rates() []float64 {
	out := make([]float64, o.epochs())
	for e := range out {
		out[e] = o.schedule().At(e)
	}
	return out
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Step reports one update of the parameters.
type Step struct {
	Epoch, Epochs  int     // the epoch under way, from 1
	Done, Total    int     // samples seen of this epoch
	Loss, GradNorm float64 // nats per sample; norm before clipping
	LR             float64
}

// Epoch reports one pass over the samples.
type Epoch struct {
	Epoch    int       `json:"epoch"` // from 1
	Loss     float64   `json:"loss"`  // mean over the samples, nats
	GradNorm float64   `json:"grad_norm"`
	LR       float64   `json:"lr"`
	Scales   []float64 `json:"scale_log_likelihood,omitempty"` // mean log-likelihood of each scale, nats per value
	HeldOut  float64   `json:"held_out_loss,omitempty"`        // loss of the held-out samples, 0 without any
	Best     bool      `json:"best,omitempty"`                 // the lowest held-out loss so far

	// What the clock says is no part of a checkpoint: equal trainings write equal bytes.
	Seconds float64 `json:"-"`
	Rate    float64 `json:"-"` // samples per second
}

// State is where a training stands; with the parameters and Adam's moments it is all that resuming needs.
type State struct {
	Epoch   int     `json:"epoch"`   // finished epochs
	Batches int     `json:"batches"` // finished batches of the epoch under way
	Sum     float64 `json:"sum"`     // summed loss of the samples of those batches
	Norms   float64 `json:"norms"`   // summed gradient norms of those batches

	// Scales is the log-likelihood of each scale, summed over those samples.
	Scales  []float64 `json:"scales,omitempty"`
	History []Epoch   `json:"history"`
}

// ErrDiverged marks a loss or gradient that is not a number or infinite. The parameters are still those before the step; a
// held-out loss is found so after the epoch. So is an epoch whose loss is far above the first one's.
var ErrDiverged = errors.New("training diverged")
