package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/lib/flow"
)

// noise is a source of normal maps that depend on the sample alone.
type noise struct {
	n    int
	maps []flow.Map
}

func (s noise) Len() int { return s.n }

func (s noise) Batch(ctx context.Context, index []int, maps [][]float32) error {
	for b, k := range index {
		rng := rand.New(rand.NewPCG(uint64(k), 7))
		for i, m := range s.maps {
			for j := range m.Len() {
				maps[i][b*m.Len()+j] = float32(1 + 0.5*rng.NormFloat64())
			}
		}
	}
	return ctx.Err()
}

// tinyMaps are three scales with odd channels.
var tinyMaps = []flow.Map{{C: 5, H: 8, W: 6}, {C: 6, H: 4, W: 3}, {C: 8, H: 2, W: 2}}

func tinyModel(t *testing.T, subnet string) *flow.MSFlow {
	t.Helper()
	m, err := flow.NewMSFlow(flow.Config{
		Channels: []int{5, 6, 8}, Blocks: []int{1, 1, 2}, Cond: []int{4, 4, 4}, Subnet: subnet,
	}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newTrainer(t *testing.T, m flow.Block, o Options) *Trainer {
	t.Helper()
	tr, err := New(m, tinyMaps, o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// fast learns visibly in a few epochs.
var fast = &Schedule{LR: 3e-3, Gamma: 1}

func TestTrainingLowersTheLoss(t *testing.T) {
	for _, subnet := range []string{"conv_ln", "conv", "conv_bn"} {
		m := tinyModel(t, subnet)
		tr := newTrainer(t, m, Options{Epochs: 8, Batch: 4, Schedule: fast})
		if err := tr.Run(context.Background(), noise{10, tinyMaps}, noise{3, tinyMaps}); err != nil {
			t.Fatal(err)
		}
		first, last := tr.History[0], tr.History[7]
		if !(last.Loss < first.Loss-5) || !(last.HeldOut < first.HeldOut-5) {
			t.Errorf("%s: loss %v → %v, held out %v → %v", subnet, first.Loss, last.Loss, first.HeldOut, last.HeldOut)
		}
		if len(last.Scales) != 3 || last.Scales[0] == 0 {
			t.Errorf("%s: log-likelihoods of the scales: %v", subnet, last.Scales)
		}
	}
}

func parameters(m flow.Block) []float32 {
	var out []float32
	for _, p := range m.Params() {
		out = append(out, p.Float32s()...)
	}
	return out
}

// An interrupted training that is resumed from its checkpoint must end with the very bits of an uninterrupted one, wherever
// it was interrupted.
func TestResumeIsExact(t *testing.T) {
	options := Options{Epochs: 4, Batch: 4, Schedule: fast, Seed: 3}
	data, held := noise{10, tinyMaps}, noise{3, tinyMaps}
	whole := tinyModel(t, "conv_bn")
	a := newTrainer(t, whole, options)
	if err := a.Run(context.Background(), data, held); err != nil {
		t.Fatal(err)
	}
	for stopAfter := 1; stopAfter <= 11; stopAfter += 2 {
		path := filepath.Join(t.TempDir(), "c.safetensors")
		interrupt(t, path, options, stopAfter, data, held)
		c, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m := tinyModel(t, "conv_bn")
		for _, p := range flow.Trainable(m) { // what is not restored shows
			clear(p.Float32s())
		}
		if err := c.Restore(m); err != nil {
			t.Fatal(err)
		}
		b := newTrainer(t, m, options)
		if err := c.Resume(b); err != nil {
			t.Fatal(err)
		}
		if err := b.Run(context.Background(), data, held); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(parameters(m), parameters(whole)) {
			t.Errorf("stopped after %d steps: the resumed training ends elsewhere", stopAfter)
		}
		for i, e := range b.History {
			if w := a.History[i]; e.Loss != w.Loss || e.GradNorm != w.GradNorm || e.HeldOut != w.HeldOut || !slices.Equal(e.Scales, w.Scales) {
				t.Errorf("stopped after %d steps: epoch %d is %+v, want %+v", stopAfter, i+1, e, w)
			}
		}
	}
}

// interrupt trains for some steps, is cancelled, and saves.
func interrupt(t *testing.T, path string, options Options, steps int, data, held Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options.OnStep = func(Step) {
		if steps--; steps == 0 {
			cancel()
		}
	}
	m := tinyModel(t, "conv_bn")
	tr := newTrainer(t, m, options)
	if err := tr.Run(ctx, data, held); !errors.Is(err, context.Canceled) {
		t.Fatalf("the training was cancelled and returned %v", err)
	}
	if err := Save(path, m, map[string]string{"who": "test"}, tr); err != nil {
		t.Fatal(err)
	}
}

func TestPatienceStopsAndTheBestIsKept(t *testing.T) {
	m := tinyModel(t, "conv_ln")
	var best []float32
	o := Options{Epochs: 60, Batch: 4, Schedule: &Schedule{LR: 3e-2, Gamma: 1}, Patience: 3}
	o.OnEpoch = func(e Epoch) error {
		if e.Best {
			best = parameters(m)
		}
		return nil
	}
	tr := newTrainer(t, m, o)
	// Held-out samples from elsewhere get worse once the flow fits the training samples.
	if err := tr.Run(context.Background(), noise{4, tinyMaps}, Subset{noise{9, tinyMaps}, []int{7, 8}}); err != nil {
		t.Fatal(err)
	}
	if tr.Epoch == 60 {
		t.Skip("the held-out loss kept falling for 60 epochs")
	}
	if n := len(tr.History); tr.History[n-1].Best || tr.History[n-2].Best || tr.History[n-3].Best || !tr.History[n-4].Best {
		t.Errorf("stopped after %d epochs with the last four %+v", n, tr.History[n-4:])
	}
	if err := tr.RestoreBest(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(best, parameters(m)) {
		t.Error("RestoreBest gives other parameters than those of the best epoch")
	}
}

func TestCancellationIsHarmless(t *testing.T) {
	maps := []flow.Map{{C: 64, H: 64, W: 64}}
	m, err := flow.NewMSFlow(flow.Config{Channels: []int{64}, Blocks: []int{6}}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(m, maps, Options{Epochs: 1, Batch: 8})
	if err != nil {
		t.Fatal(err)
	}
	before := parameters(m)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := tr.Run(ctx, noise{8, maps}, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled training returned %v", err)
	}
	if !slices.Equal(before, parameters(m)) {
		t.Error("a step that was cancelled changed the parameters")
	}
}

func TestDivergenceNamesTheBlock(t *testing.T) {
	m := tinyModel(t, "conv_ln")
	for _, p := range m.Params() {
		if p.Name == "parallel_flows.2.module_list.1.subnet.conv1.weight" {
			p.Float32s()[0] = float32(math.NaN())
		}
	}
	tr := newTrainer(t, m, Options{Epochs: 1, Batch: 4})
	err := tr.Run(context.Background(), noise{4, tinyMaps}, nil)
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "parallel_flows.2.module_list.1") || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("a NaN in a weight gives %v", err)
	}
}

func TestDamagedCheckpoints(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "good.safetensors")
	m := tinyModel(t, "conv_ln")
	if err := Save(path, m, "config", newTrainer(t, m, Options{})); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{"cut": good[:len(good)/2], "empty": {}, "header": good[:20]}
	for _, at := range []int{9, len(good) / 3, len(good) - 5} {
		flipped := slices.Clone(good)
		flipped[at] ^= 0x10
		damage["flipped"+string(rune('a'+at%26))] = flipped
	}
	for name, data := range damage {
		bad := filepath.Join(dir, name)
		if err := os.WriteFile(bad, data, 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Open(bad)
		if err == nil {
			err = c.Restore(m)
		}
		if err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckpointOfAnotherModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := Save(path, tinyModel(t, "conv_ln"), nil, nil); err != nil {
		t.Fatal(err)
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := flow.NewMSFlow(flow.Config{Channels: []int{5, 6, 9}, Blocks: []int{1, 1, 2}, Cond: []int{4, 4, 4}}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	before := parameters(other)
	if err := c.Restore(other); err == nil || !strings.Contains(err.Error(), "parallel_flows.2") {
		t.Errorf("restoring into a model of other shapes: %v", err)
	}
	if !slices.Equal(before, parameters(other)) {
		t.Error("a refused checkpoint changed the model")
	}
	if err := c.Resume(newTrainer(t, tinyModel(t, "conv_ln"), Options{})); err == nil {
		t.Error("a checkpoint without training state can be resumed")
	}
}
