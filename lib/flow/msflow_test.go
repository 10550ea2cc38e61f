package flow

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

// TestDefaults: channels alone give the paper's flow.
func TestDefaults(t *testing.T) {
	m := must(NewMSFlow(Config{Channels: []int{4, 6, 8}, Sizes: [][2]int{{8, 6}, {4, 3}, {2, 1}}}, rand.New(rand.NewPCG(1, 1))))(t)
	cfg := m.Config()
	if !slices.Equal(cfg.Blocks, []int{2, 5, 8}) || !slices.Equal(cfg.Cond, []int{64, 64, 64}) {
		t.Errorf("blocks %v and condition channels %v", cfg.Blocks, cfg.Cond)
	}
	for i, want := range []int{2, 5, 8} {
		if got := len(m.ParallelFlows()[i].Blocks()); got != want {
			t.Errorf("flow %d has %d blocks, want %d", i, got, want)
		}
	}
	if want := []Map{{4, 8, 6}, {6, 4, 3}, {8, 2, 1}}; !slices.Equal(m.Maps(), want) {
		t.Errorf("maps %v, want %v", m.Maps(), want)
	}
}

// TestSeed: the seed decides everything.
func TestSeed(t *testing.T) {
	build := func(seed uint64) *MSFlow {
		return must(NewMSFlow(Config{Channels: []int{6, 5}, Blocks: []int{1, 2}}, rand.New(rand.NewPCG(seed, 0))))(t)
	}
	a, b, other := build(1).Params(), build(1).Params(), build(2).Params()
	same := true
	for i := range a {
		if !slices.Equal(a[i].Float32s(), b[i].Float32s()) {
			t.Errorf("%s differs between two flows of one seed", a[i].Name)
		}
		same = same && slices.Equal(a[i].Float32s(), other[i].Float32s())
	}
	if same {
		t.Error("another seed gives the same flow")
	}
}

func TestMSFlowRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no channels":     {},
		"one channel":     {Channels: []int{1}},
		"position code 6": {Channels: []int{4}, Cond: []int{6}},
		"blocks":          {Channels: []int{4, 4}, Blocks: []int{1}},
		"sizes":           {Channels: []int{4, 4}, Sizes: [][2]int{{2, 2}}},
		"subnet":          {Channels: []int{4}, Subnet: "mlp"},
	} {
		if _, err := NewMSFlow(cfg, rand.New(rand.NewPCG(1, 1))); err == nil {
			t.Errorf("%s: %+v is accepted", name, cfg)
		}
	}
}

// TestLoss compares with the sum written out.
func TestLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	z := randomBatch(2, []Map{{3, 2, 2}, {4, 1, 1}}, tensor.Float64, rng)
	want := -(0.5 - 2.0) / 2
	for _, v := range z {
		for _, x := range values(v) {
			want += 0.5 * x * x / 2
		}
	}
	got := evaluate(t, func(c *calc) node {
		var nodes []node
		for _, v := range z {
			nodes = append(nodes, c.t.leaf("z", v))
		}
		logdet := c.t.Const("logdet", func() []float64 { return []float64{0.5, -2} }, 2)
		return c.note(Loss(c.t, nodes, logdet))
	})
	if math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("loss %g, want %g", got[0], want)
	}
}

// TestWatched: the scales' log-likelihoods and the fusion flow's log-determinant add up to the loss.
func TestWatched(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	m := must(NewMSFlow(Config{Channels: []int{4, 5}, Blocks: []int{1, 1}, NoFusion: true}, rng))(t)
	maps := []Map{{4, 3, 4}, {5, 2, 2}}
	tape := NewTape(1)
	var in []node
	for i, v := range randomBatch(1, maps, tensor.Float32, rng) {
		in = append(in, tape.leaf(maps[i].String(), v))
	}
	z, logdet, err := m.Forward(tape, in)
	if err != nil {
		t.Fatal(err)
	}
	loss := must(Loss(tape, z, logdet))(t)
	scales := tape.Watched(ScaleLogLikelihood)
	if len(scales) != 2 || len(tape.Watched(BlockOutput)) != 4 {
		t.Fatalf("%d scales and %d block outputs are watched", len(scales), len(tape.Watched(BlockOutput)))
	}
	p := must(op.Compile(loss, scales[0].Node, scales[1].Node))(t)
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	sum := values(p.Value(scales[0].Node))[0] + values(p.Value(scales[1].Node))[0]
	if got := values(p.Value(loss))[0]; math.Abs(got+sum) > 1e-3 {
		t.Errorf("loss %g, the scales' log-likelihoods add up to %g", got, sum)
	}
}
