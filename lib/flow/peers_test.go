package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/op"
)

// peer is a case of bench/peers_twin.py.
type peer struct {
	name  string
	cfg   flow.PeerConfig
	build func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error)
}

func builds[B flow.Block](f func(flow.PeerConfig, *rand.Rand) (B, error)) func(flow.PeerConfig, *rand.Rand) (flow.Block, error) {
	return func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) { return f(cfg, rng) }
}

var peerMaps = []flow.Map{{C: 5, H: 8, W: 12}, {C: 6, H: 4, W: 6}, {C: 10, H: 2, W: 3}}

var peers = []peer{
	{"fastflow", flow.PeerConfig{Maps: peerMaps, Blocks: 3, Width: 0.5}, builds(flow.NewFastFlow)},
	{"cflow", flow.PeerConfig{Maps: peerMaps, Blocks: 2, Width: 0.02}, builds(flow.NewCFlow)},
	{"differnet", flow.PeerConfig{Maps: []flow.Map{{C: 5, H: 1, W: 1}, {C: 6, H: 1, W: 1}, {C: 10, H: 1, W: 1}}, Blocks: 2, Width: 0.004}, builds(flow.NewDifferNet)},
	{"uflow", flow.PeerConfig{Maps: []flow.Map{{C: 5, H: 8, W: 12}, {C: 7, H: 4, W: 6}, {C: 10, H: 2, W: 3}}, Blocks: 3}, builds(flow.NewUFlow)},
	{"csflow", flow.PeerConfig{Maps: []flow.Map{{C: 5, H: 7, W: 9}, {C: 6, H: 4, W: 5}, {C: 3, H: 2, W: 3}}, Blocks: 2, Width: 0.004}, builds(flow.NewCSFlow)},
}

const peerBatch = 2

// fillPeer gives a parameter the numbers that follow from its name.
func fillPeer(t *testing.T, p *flow.Param) {
	t.Helper()
	if p.IsInt() {
		for i, k := range fixture.Perm(p.Name, p.Len()) {
			p.Value.Data().([]int64)[i] = int64(k)
		}
		return
	}
	shape := p.Value.Shape()
	fan := 1
	for _, d := range shape[1:] {
		fan *= d
	}
	bound := 1.5 / math.Sqrt(float64(fan))
	lo, hi := -bound, bound
	switch {
	case strings.HasSuffix(p.Name, "global_scale"):
		start := 2 * math.Log(math.Expm1(5))
		lo, hi = start-0.5, start+0.5
	case strings.HasSuffix(p.Name, "global_offset"):
		lo, hi = -0.1, 0.1
	case strings.Contains(p.Name, ".gamma."):
		lo, hi = 0.2, 0.6
	case strings.HasSuffix(p.Name, "bias"):
		lo, hi = -0.05, 0.05
	}
	if err := p.Set(fixture.Fill(p.Name, lo, hi, shape...)); err != nil {
		t.Fatal(err)
	}
}

// forwardPeer writes one training step of a peer and lists its nodes by the fixture's names.
func forwardPeer(t *testing.T, k peer, m flow.Block) map[string]*G.Node {
	t.Helper()
	tape := flow.NewTape(peerBatch)
	var in []*G.Node
	for i, s := range k.cfg.Maps {
		n := tape.Input(fmt.Sprintf("input.%d", i), s)
		v := fixture.Fill(fmt.Sprintf("input.%d", i), -1.5, 1.5, peerBatch, s.C, s.H, s.W)
		if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(v))); err != nil {
			t.Fatal(err)
		}
		in = append(in, n)
	}
	z, logdet, err := m.Forward(tape, in)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]*G.Node{"logdet": logdet}
	for i, n := range z {
		named[fmt.Sprintf("z.%d", i)] = n
	}
	if c, ok := m.(*flow.CFlow); ok {
		logp, err := c.LogP(tape, z)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range logp {
			named[fmt.Sprintf("logp.%d", i)] = n
		}
	}
	loss, err := flow.Loss(tape, z, logdet)
	if err != nil {
		t.Fatal(err)
	}
	named["loss"] = loss
	var wrt []*G.Node
	for _, p := range flow.Trainable(m) {
		wrt = append(wrt, tape.Node(p))
	}
	grads, err := G.Grad(loss, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range flow.Trainable(m) {
		named["grad."+p.Name] = grads[i]
	}
	return named
}

// TestPeersEqualTheTwin compares latents, log-determinants, log-likelihoods and gradients with an independent program's.
func TestPeersEqualTheTwin(t *testing.T) {
	for _, k := range peers {
		t.Run(k.name, func(t *testing.T) {
			m, err := k.build(k.cfg, rand.New(rand.NewPCG(1, 2)))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Params() {
				fillPeer(t, p)
			}
			named := forwardPeer(t, k, m)
			var outputs []*G.Node
			for _, n := range named {
				outputs = append(outputs, n)
			}
			program, err := op.Compile(outputs...)
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := readResults(t, "testdata/peers/"+k.name+".safetensors")
			if len(want) != len(named) {
				t.Errorf("the twin has %d results, the model %d", len(want), len(named))
			}
			for name, w := range want {
				n := named[name]
				if n == nil {
					t.Errorf("the model has no %s", name)
					continue
				}
				tolerance := 1e-4
				if strings.HasPrefix(name, "grad.") {
					tolerance = 1e-3
				}
				if off := peerError(program.Value(n), w); !(off <= tolerance) {
					t.Errorf("%s is off by %.2g", name, off)
				}
			}
		})
	}
}

// peerError is ‖a−b‖/‖b‖.
func peerError(v G.Value, want []float64) float64 {
	var got []float32
	switch d := v.Data().(type) {
	case []float32:
		got = d
	case float32:
		got = []float32{d}
	}
	if len(got) != len(want) {
		return math.Inf(1)
	}
	off, size := 0.0, 0.0
	for i, w := range want {
		off += (float64(got[i]) - w) * (float64(got[i]) - w)
		size += w * w
	}
	return math.Sqrt(off / size)
}

func TestPeersRefuseWhatTheyCannotTake(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range peers {
		for name, cfg := range map[string]flow.PeerConfig{
			"no maps":           {},
			"one channel":       {Maps: []flow.Map{{C: 1, H: 1, W: 1}}},
			"blocks below none": {Maps: k.cfg.Maps, Blocks: -1},
			"not a width":       {Maps: k.cfg.Maps, Width: math.NaN()},
		} {
			if _, err := k.build(cfg, rng); err == nil {
				t.Errorf("%s was built of %s", k.name, name)
			}
		}
	}
	odd := flow.PeerConfig{Maps: []flow.Map{{C: 8, H: 5, W: 4}, {C: 8, H: 3, W: 2}}, Width: 0.01}
	if _, err := flow.NewUFlow(odd, rng); err == nil {
		t.Error("U-Flow joined maps of 5 and 3 rows")
	}
	if _, err := flow.NewCSFlow(flow.PeerConfig{Maps: []flow.Map{{C: 8, H: 5, W: 4}, {C: 8, H: 2, W: 2}}, Width: 0.01}, rng); err == nil {
		t.Error("CS-Flow joined maps of 5 and 2 rows")
	}
}
