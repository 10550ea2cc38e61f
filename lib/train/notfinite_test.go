package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
)

// TestOptionsThatTrainNothing: what is not a number passes comparisons, and would end in the parameters.
func TestOptionsThatTrainNothing(t *testing.T) {
	m := tinyModel(t, "conv")
	for name, o := range map[string]Options{
		"negative epochs": {Epochs: -1}, "negative batch": {Batch: -1}, "negative patience": {Patience: -1},
		"clip of NaN": {Clip: math.NaN()}, "rate of NaN": {Schedule: &Schedule{LR: math.NaN()}}, "infinite rate": {Schedule: &Schedule{LR: math.Inf(1)}},
		"negative rate": {Schedule: &Schedule{LR: -1e-4}}, "decay by NaN": {Schedule: &Schedule{LR: 1e-4, Milestones: []int{3}, Gamma: math.NaN()}},
		"a rate that overflows": {Schedule: &Schedule{LR: 1e300}},
	} {
		if _, err := New(m, tinyMaps, o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAdamRefusesWhatWouldSpoilTheParameters(t *testing.T) {
	for _, c := range [][2]float64{{math.NaN(), 2}, {math.Inf(1), 2}, {-1, 2}, {0.1, math.NaN()}} {
		p := flow.NewParam("p", []float32{1}, 1)
		if _, err := NewAdam([]*flow.Param{p}).Step([][]float32{{1}}, c[0], c[1]); err == nil || p.Float32s()[0] != 1 {
			t.Errorf("rate %v and clip %v: error %v, parameter %v", c[0], c[1], err, p.Float32s())
		}
	}
}

// broken is a source whose values are not numbers.
type broken struct{ noise }

func (s broken) Batch(ctx context.Context, index []int, maps [][]float32) error {
	for _, m := range maps {
		for i := range m {
			m[i] = float32(math.NaN())
		}
	}
	return ctx.Err()
}

// A held-out loss that is not a number is no best one, and the log could not hold it.
func TestAHeldOutLossThatIsNotFiniteIsDivergence(t *testing.T) {
	tr := newTrainer(t, tinyModel(t, "conv"), Options{Epochs: 2, Batch: 4, Schedule: fast})
	err := tr.Run(t.Context(), noise{8, tinyMaps}, broken{noise{4, tinyMaps}})
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "after epoch 1 the loss of the held-out samples is") {
		t.Errorf("the error is %v", err)
	}
}

func TestTheLossOfNothingIsAnError(t *testing.T) {
	tr := newTrainer(t, tinyModel(t, "conv"), Options{})
	if loss, err := tr.Loss(t.Context(), noise{0, tinyMaps}); err == nil {
		t.Errorf("it is %v", loss)
	}
}

func TestSplitPanicsAtSharesThatAreNone(t *testing.T) {
	for _, share := range []float64{math.NaN(), -0.1, 1.1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a share of %v is taken", share)
				}
			}()
			Split(noise{4, tinyMaps}, nil, share, 1)
		}()
	}
}

// A chain reads its own checkpoint, whatever its blocks were put into since it was written.
func TestACheckpointFitsAfterItsBlocksWereUsedElsewhere(t *testing.T) {
	norm := func() *flow.ActNorm {
		n, err := flow.NewActNorm(2)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, b := norm(), norm()
	chain := flow.NewSequence(a, b)
	copy(a.Params()[0].Float32s(), []float32{1, 2})
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := Save(path, chain, nil, nil); err != nil {
		t.Fatal(err)
	}
	flow.NewSequence(b, norm(), a)
	flow.NewSequence(chain)
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(a.Params()[0].Float32s())
	if err := c.Restore(chain); err != nil || !slices.Equal(a.Params()[0].Float32s(), []float32{1, 2}) {
		t.Errorf("%v; the scale is %v", err, a.Params()[0].Float32s())
	}
}
