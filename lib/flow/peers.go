package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// PeerConfig describes one of the flows that MSFlow is compared with. Only Maps is required; the zero values of the rest
// are those of the flow's paper.
type PeerConfig struct {
	Maps   []Map   // of the scales, finest first
	Blocks int     // coupling blocks in a chain; 0: the paper's number
	Width  float64 // factor on the hidden widths of all subnets; 0: 1
}

func (cfg PeerConfig) blocks(paper int) int {
	if cfg.Blocks == 0 {
		return paper
	}
	return cfg.Blocks
}

// hidden is a subnet's width where the paper has the given one.
func (cfg PeerConfig) hidden(paper int) int {
	if cfg.Width == 0 {
		return paper
	}
	return max(1, int(float64(paper)*cfg.Width+0.5))
}

func (cfg PeerConfig) check() error {
	if len(cfg.Maps) == 0 {
		return fmt.Errorf("no maps given")
	}
	if cfg.Blocks < 0 || !(cfg.Width >= 0) {
		return fmt.Errorf("%d blocks with subnets of %v times the paper's width", cfg.Blocks, cfg.Width)
	}
	return nil
}

// sideBySide gives every map a flow of its own.
func sideBySide(maps []Map, chain func(i int, m Map) (*Sequence, error)) (*Graph, error) {
	b := NewGraph()
	var out []Wire
	for i, m := range maps {
		flow, err := chain(i, m)
		if err != nil {
			return nil, fmt.Errorf("scale %d: %w", i, err)
		}
		wires, err := b.Add(flow, b.Input(m))
		if err != nil {
			return nil, fmt.Errorf("scale %d: %w", i, err)
		}
		out = append(out, wires...)
	}
	return b.Build(out...)
}

// chainOf is n blocks one after another.
func chainOf(n int, block func(k int) (Block, error)) (*Sequence, error) {
	var blocks []Block
	for k := range n {
		b, err := block(k)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", k, err)
		}
		blocks = append(blocks, b)
	}
	return NewSequence(blocks...), nil
}

// alternating is the subnet of block k where kernels of 3×3 and 1×1 take turns, 3×3 first: convolution, ReLU, convolution,
// as wide inside as its input.
func (cfg PeerConfig) alternating(k int) Subnet {
	kernel := 3
	if k%2 == 1 {
		kernel = 1
	}
	return func(name string, in, out int, rng *rand.Rand) (Net, error) {
		width := cfg.hidden(in)
		return &twoConvs{
			newConvParams(name+".conv1", in, width, kernel, rng),
			newConvParams(name+".conv2", width, out, kernel, rng),
		}, nil
	}
}

// twoConvs is convolution, ReLU, convolution.
type twoConvs struct{ first, second convParams }

func (n *twoConvs) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	c := t.calc()
	return n.second.apply(c, c.relu(n.first.apply(c, x))), c.err
}

func (n *twoConvs) Params() []*Param {
	return []*Param{n.first.weight, n.first.bias, n.second.weight, n.second.bias}
}

// NewFastFlow is FastFlow (Yu and others, arXiv 2111.07677): a chain of eight [AllInOne] blocks at every scale, with
// convolutions of 3×3 and 1×1 in turn and the clamp 2.
func NewFastFlow(cfg PeerConfig, rng *rand.Rand) (*Graph, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("FastFlow: %w", err)
	}
	g, err := sideBySide(cfg.Maps, func(_ int, m Map) (*Sequence, error) {
		return chainOf(cfg.blocks(8), func(k int) (Block, error) {
			return NewAllInOne(m.C, AllInOneConfig{Subnet: cfg.alternating(k), Clamp: Clamp{Alpha: 2}}, rng)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("FastFlow: %w", err)
	}
	return g, nil
}

// NewDifferNet is DifferNet (Rudolph and others, arXiv 2008.12577): the vectors of all scales, each (C,1,1), joined and
// sent through eight blocks, each a random permutation and a [GLOW] coupling with three hidden layers of 2048 neurons and
// the clamp α·0.636·atan(a/α), α = 3. It judges whole images: take each map's mean before it.
func NewDifferNet(cfg PeerConfig, rng *rand.Rand) (*Graph, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("DifferNet: %w", err)
	}
	b, joined := NewGraph(), 0
	var wires []Wire
	var channels []int
	for _, m := range cfg.Maps {
		wires, channels, joined = append(wires, b.Input(m)), append(channels, m.C), joined+m.C
	}
	if len(wires) > 1 {
		join, err := NewConcat(channels...)
		if err == nil {
			wires, err = b.Add(join, wires...)
		}
		if err != nil {
			return nil, fmt.Errorf("DifferNet: %w", err)
		}
	}
	width := cfg.hidden(2048)
	coupling := CouplingConfig{Subnet: Pointwise(width, width, width), Clamp: Clamp{Form: Atan, Alpha: 3}}
	chain, err := permutedChain(joined, cfg.blocks(8), rng, func() (Block, error) { return NewGLOW(joined, coupling, rng) })
	if err == nil {
		wires, err = b.Add(chain, wires...)
	}
	if err != nil {
		return nil, fmt.Errorf("DifferNet: %w", err)
	}
	return b.Build(wires...)
}

// permutedChain is n couplings of c channels with a random permutation before each.
func permutedChain(c, n int, rng *rand.Rand, coupling func() (Block, error)) (*Sequence, error) {
	var blocks []Block
	for range n {
		p, err := NewPermute(c, rng)
		if err != nil {
			return nil, err
		}
		b, err := coupling()
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, p, b)
	}
	return NewSequence(blocks...), nil
}

// NewUFlow is U-Flow (Tailanian and others, arXiv 2211.12353): from the coarsest scale to the finest, a stage of four
// [AllInOne] blocks (as FastFlow's); half of its channels are latents, the other half trades channels for pixels and joins
// the next finer scale. What passes on is the largest multiple of four that half of the channels holds.
//
// Each scale MUST be twice as high and wide as the next. The latents are listed from the finest scale.
func NewUFlow(cfg PeerConfig, rng *rand.Rand) (*Graph, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("U-Flow: %w", err)
	}
	b := NewGraph()
	inputs, latents := make([]Wire, len(cfg.Maps)), make([]Wire, len(cfg.Maps))
	for i, m := range cfg.Maps {
		inputs[i] = b.Input(m)
	}
	u := uflow{cfg, b, rng}
	wire := inputs[len(inputs)-1]
	for i := len(inputs) - 1; i >= 0; i-- {
		var err error
		if latents[i], wire, err = u.stage(i, wire, inputs); err != nil {
			return nil, fmt.Errorf("U-Flow: scale %d: %w", i, err)
		}
	}
	return b.Build(latents...)
}

// uflow lays out one.
type uflow struct {
	cfg PeerConfig
	b   *GraphBuilder
	rng *rand.Rand
}

// stage adds the flow of scale i on a wire; above the finest scale it gives the input of the next.
func (u uflow) stage(i int, x Wire, inputs []Wire) (latent, next Wire, err error) {
	flow, err := chainOf(u.cfg.blocks(4), func(k int) (Block, error) {
		return NewAllInOne(x.Map.C, AllInOneConfig{Subnet: u.cfg.alternating(k), Clamp: Clamp{Alpha: 2}}, u.rng)
	})
	if err != nil {
		return latent, next, err
	}
	z, err := u.b.Add(flow, x)
	if err != nil || i == 0 {
		return z[0], next, err
	}
	pass := x.Map.C / 2 / 4 * 4
	if pass == 0 {
		return latent, next, fmt.Errorf("%d channels are too few to pass any on", x.Map.C)
	}
	split, err := NewSplit(x.Map.C-pass, pass)
	if err != nil {
		return latent, next, err
	}
	if z, err = u.b.Add(split, z...); err != nil {
		return latent, next, err
	}
	next, err = u.join(z[1], inputs[i-1])
	return z[0], next, err
}

// join enlarges what a stage passes on and joins it with the finer scale.
func (u uflow) join(passed, finer Wire) (Wire, error) {
	squeeze, err := NewSqueeze(2)
	if err != nil {
		return Wire{}, err
	}
	up, err := u.b.Add(NewInverse(squeeze), passed)
	if err != nil {
		return Wire{}, err
	}
	concat, err := NewConcat(finer.Map.C, up[0].Map.C)
	if err != nil {
		return Wire{}, err
	}
	out, err := u.b.Add(concat, finer, up[0])
	if err != nil {
		return Wire{}, err
	}
	return out[0], nil
}
