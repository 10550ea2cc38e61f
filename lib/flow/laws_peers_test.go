package flow

import "math/rand/v2"

// peerLaws hold the flows that MSFlow is compared with to the same laws. Couplings that may scale by e³ lose digits with
// every block and neuron, so that two of them are short and narrow here.
func peerLaws() []law {
	small := [][]Map{{{4, 4, 8}, {5, 2, 4}}}
	vectors := [][]Map{{{4, 1, 1}, {3, 1, 1}}, {{5, 1, 1}}}
	row := func(name string, blocks int, width float64, maps [][]Map, build func(cfg PeerConfig, rng *rand.Rand) (Block, error)) law {
		return law{name: name, maps: maps, build: func(rng *rand.Rand, m []Map) (Block, error) {
			return build(PeerConfig{Maps: m, Blocks: blocks, Width: width}, rng)
		}}
	}
	return []law{
		row("FastFlow", 2, 0.5, small, func(cfg PeerConfig, rng *rand.Rand) (Block, error) { return built(NewFastFlow(cfg, rng)) }),
		row("CFlow", 2, 0.02, small, func(cfg PeerConfig, rng *rand.Rand) (Block, error) { return built(NewCFlow(cfg, rng)) }),
		row("DifferNet", 1, 0.002, vectors, func(cfg PeerConfig, rng *rand.Rand) (Block, error) { return built(NewDifferNet(cfg, rng)) }),
		row("UFlow", 2, 1, [][]Map{{{4, 4, 8}, {9, 2, 4}}}, func(cfg PeerConfig, rng *rand.Rand) (Block, error) { return built(NewUFlow(cfg, rng)) }),
		row("CSFlow", 1, 0.002, append(small, []Map{{4, 3, 5}, {3, 2, 3}, {2, 1, 2}}), func(cfg PeerConfig, rng *rand.Rand) (Block, error) { return built(NewCSFlow(cfg, rng)) }),
	}
}
