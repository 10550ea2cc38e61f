package flow

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestCompiledRunsManyBatches: one graph gives for each batch, and after a change of parameters, what a new graph gives.
func TestCompiledRunsManyBatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	maps := []Map{{4, 4, 3}, {5, 2, 2}}
	m := must(NewMSFlow(Config{Channels: []int{4, 5}, Blocks: []int{1, 1}, Cond: []int{4, 4}}, rng))(t)
	r := must(Compile(m, 2, maps))(t)
	for range 3 {
		unsettle(m, rng)
		x := randomBatch(2, maps, tensor.Float32, rng)
		z, logdet, err := r.Run(context.Background(), x...)
		if err != nil {
			t.Fatal(err)
		}
		want, wantLogdet, err := Run(m, x...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !slices.Equal(z[i].Float32s(), want[i].Float32s()) {
				t.Errorf("map %d differs from a new graph's", i)
			}
		}
		if !slices.Equal(logdet, wantLogdet) {
			t.Errorf("log-determinants %v, a new graph's %v", logdet, wantLogdet)
		}
	}
}

// TestRunRefuses: wrong input is an error that says what is wrong.
func TestRunRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := must(NewAllInOne(4, AllInOneConfig{}, rng))(t)
	for want, x := range map[string][]*tensor.Dense{
		"no input":    nil,
		"(B,C,H,W)":   {tensor.New(tensor.WithShape(4, 4), tensor.Of(tensor.Float32))},
		"flow.Cast":   randomBatch(2, []Map{{4, 2, 2}}, tensor.Float64, rng),
		"4 channels":  randomBatch(2, []Map{{3, 2, 2}}, tensor.Float32, rng),
		"samples":     append(randomBatch(2, []Map{{4, 2, 2}}, tensor.Float32, rng), randomBatch(1, []Map{{4, 2, 2}}, tensor.Float32, rng)...),
		"float32 or ": {tensor.New(tensor.WithShape(1, 4, 1, 1), tensor.Of(tensor.Int))},
	} {
		if _, _, err := Run(b, x...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := must(Compile(b, 2, []Map{{4, 2, 2}}))(t)
	if _, _, err := r.Run(ctx, randomBatch(2, []Map{{4, 2, 2}}, tensor.Float32, rng)...); err != context.Canceled {
		t.Errorf("a cancelled run gives %v", err)
	}
}

// TestUnnamedBlocksShareATape: Gorgonia merges leaves of equal names, the tape must not.
func TestUnnamedBlocksShareATape(t *testing.T) {
	a, b := must(NewActNorm(2))(t), must(NewActNorm(2))(t)
	set(t, a.β, []float32{1, 1})
	set(t, b.β, []float32{10, 10})
	tape := NewTape(1)
	if tape.Node(a.β) == tape.Node(b.β) {
		t.Error("two parameters of one name became one node")
	}
	if first := tape.Node(a.β); first != tape.Node(a.β) {
		t.Error("one parameter became two nodes")
	}
}

func TestSample(t *testing.T) {
	b := must(NewMSFlow(Config{Channels: []int{4, 6}, Blocks: []int{1, 1}, Cond: []int{0, 4}}, rand.New(rand.NewPCG(1, 1))))(t)
	maps := []Map{{4, 4, 4}, {6, 2, 2}}
	draw := func(T float64, seed uint64) []float64 {
		x, err := Sample(b, maps, 3, T, rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if _, got, _ := batchOf(x); !slices.Equal(got, maps) {
			t.Fatalf("samples have the shapes %v, want %v", got, maps)
		}
		return slices.Concat(values(x[0]), values(x[1]))
	}
	if !slices.Equal(draw(1, 7), draw(1, 7)) {
		t.Error("one seed gives two samples")
	}
	if e := relative(draw(1, 7), draw(1, 8)); e < 0.1 {
		t.Errorf("two seeds give almost the same, %g apart", e)
	}
	mode := draw(0, 7)
	if !slices.Equal(mode[:64], mode[64:128]) {
		t.Error("at temperature 0 samples differ")
	}
	if near, far := relative(draw(0.1, 7), mode), relative(draw(1, 7), mode); !(near < far) || math.IsNaN(far) {
		t.Errorf("distance from the mode is %g at temperature 0.1 and %g at 1", near, far)
	}
	if _, err := Sample(b, maps, 0, 1, nil); err == nil {
		t.Error("no samples are drawn without an error")
	}
	if _, err := Sample(b, maps[:1], 1, 1, nil); err == nil {
		t.Error("one map of two is accepted")
	}
}
