package detector

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/lib/baseline"
	"github.com/msflow-go/msflow/lib/flow"
)

// peer is a flow that MSFlow is compared with, and what its paper has around it. All of them see the same backbone.
type peer struct {
	name  string
	pool  string  // of the features
	lr    float64 // learning rate
	topK  float64 // share of pixels whose mean is the image score; 0 is the largest value alone
	build func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error)
}

var peers = []peer{
	{"differnet", "mean", 2e-4, 1, func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) {
		return block(flow.NewDifferNet(cfg, rng))
	}},
	{"cflow", "none", 2e-4, 0, func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) { return block(flow.NewCFlow(cfg, rng)) }},
	{"fastflow", "none", 1e-3, 0, func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) {
		return block(flow.NewFastFlow(cfg, rng))
	}},
	{"csflow", "none", 2e-4, 1, func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) { return block(flow.NewCSFlow(cfg, rng)) }},
	{"uflow", "none", 1e-3, 0, func(cfg flow.PeerConfig, rng *rand.Rand) (flow.Block, error) { return block(flow.NewUFlow(cfg, rng)) }},
}

// block keeps a nil of a concrete type from becoming a block.
func block[B flow.Block](b B, err error) (flow.Block, error) {
	if err != nil {
		return nil, err
	}
	return b, nil
}

// findPeer is the peer called name.
func findPeer(name string) (peer, bool) {
	i := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
	if i < 0 {
		return peer{}, false
	}
	return peers[i], true
}

// Models lists what Config.Model may be: msflow, the flows that it is compared with, and the models of lib/baseline.
func Models() []string {
	names := []string{MSFlow}
	for _, p := range peers {
		names = append(names, p.name)
	}
	return append(names, baseline.Names()...)
}

// peerDefaults fills in what the peer's paper has.
func (c Config) peerDefaults(p peer) Config {
	c.Pool = or(c.Pool, p.pool)
	c.TopK = or(c.TopK, p.topK)
	if c.Scales == nil {
		c.Scales = []int{0, 1, 2}
	}
	return c
}

// checkPeer looks at what only the peers read.
func (c Config) checkPeer() error {
	if len(c.Blocks) > 1 || len(c.Blocks) == 1 && c.Blocks[0] < 1 {
		return fmt.Errorf("detector: blocks %v; %s takes one number, the length of its chains", c.Blocks, c.Model)
	}
	if !(c.Width >= 0 && c.Width <= 100) { // far wider ones overflow the number of channels
		return fmt.Errorf("detector: subnets of %v times the paper's width; it must be positive and at most 100", c.Width)
	}
	return nil
}

// buildPeer makes the flow for the maps, with its initial weights.
func (d *Detector) buildPeer(p peer) (flow.Block, error) {
	cfg := flow.PeerConfig{Maps: d.maps, Width: d.Config.Width}
	if len(d.Config.Blocks) == 1 {
		cfg.Blocks = d.Config.Blocks[0]
	}
	model, err := p.build(cfg, rand.New(rand.NewPCG(d.Config.Seed, 0x1717)))
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return model, nil
}

// learningRate is the one of the model's paper.
func (c Config) learningRate() float64 {
	if p, ok := findPeer(c.Model); ok {
		return p.lr
	}
	return paperLearningRate
}
