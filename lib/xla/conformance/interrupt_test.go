package conformance

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
)

// tinyTrainer trains one small flow on the device.
func tinyTrainer(t *testing.T, lr float64, onStep func(train.Step)) (*flow.MSFlow, *train.Trainer) {
	t.Helper()
	m, err := flow.NewMSFlow(flow.Config{Channels: []int{8}, Blocks: []int{2}, Cond: []int{4}, NoFusion: true}, rand.New(rand.NewPCG(1, 2)))
	check(t, err)
	tr, err := train.New(m, []flow.Map{{C: 8, H: 4, W: 4}}, train.Options{
		Epochs: 3, Batch: 4, Schedule: &train.Schedule{LR: lr, Gamma: 1}, Device: device(t), Precision: xla.Float32, OnStep: onStep,
	})
	check(t, err)
	return m, tr
}

var tinyNoise = noise{10, []flow.Map{{C: 8, H: 4, W: 4}}}

// TestInterrupt: a training that is interrupted in the middle of an epoch and run again ends as one that was not.
func TestInterrupt(t *testing.T) {
	whole, tr := tinyTrainer(t, 1e-3, nil)
	check(t, tr.Run(context.Background(), tinyNoise, nil))
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	parts, again := tinyTrainer(t, 1e-3, func(train.Step) {
		if steps++; steps == 5 {
			cancel()
		}
	})
	if err := again.Run(ctx, tinyNoise, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted run returns %v", err)
	}
	if again.Epoch != 1 || again.Batches != 2 {
		t.Fatalf("it stopped after %d epochs and %d batches", again.Epoch, again.Batches)
	}
	check(t, again.Run(context.Background(), tinyNoise, nil))
	for i, p := range parts.Params() {
		if !p.IsInt() {
			near(t, p.Name, floats(p.Float32s()), floats(whole.Params()[i].Float32s()), 1e-5)
		}
	}
}

// TestDivergence: a step that ends in no numbers is an error that names the block, and leaves the parameters as they were.
func TestDivergence(t *testing.T) {
	m, tr := tinyTrainer(t, 1e30, nil)
	err := tr.Run(context.Background(), tinyNoise, nil)
	if !errors.Is(err, train.ErrDiverged) || !strings.Contains(err.Error(), "comes from") {
		t.Fatalf("error %v", err)
	}
	for _, p := range m.Params() {
		if p.IsInt() {
			continue
		}
		for _, v := range p.Float32s() {
			if math.IsNaN(float64(v)) {
				t.Fatalf("%s has values that are no numbers", p.Name)
			}
		}
	}
}
