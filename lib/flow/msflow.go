package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"

	G "gorgonia.org/gorgonia"
)

// Config describes an [MSFlow]. Only Channels is required; the zero values of the rest are the paper's choices.
type Config struct {
	Channels []int     // C of each scale's map, finest first
	Sizes    [][2]int  // height and width of each scale's map; only Maps needs them, the flow runs at any size
	Blocks   []int     // blocks of each parallel flow; nil: 2, 5, 8 (8 for every further scale)
	Cond     []int     // channels D of the position code at each scale, a multiple of 4; nil: 64 each; 0: no code
	Clamp    float64   // α of all couplings; 0 means 1.9
	Form     ClampForm // of the parallel flows; TanhUndivided reads checkpoints made with FrEIA before August 2023
	Block    string    // of the parallel flows: a name of ParallelBlocks; empty: all_in_one, the paper's
	NewBlock MakeBlock // a block of one's own, instead of Block
	Subnet   string    // conv_ln, conv or conv_bn; empty: conv_ln
	Custom   Subnet    // a subnet of one's own, instead of Subnet
	NoFusion bool      // leave out the fusion flow, for ablations
	Gentle   bool      // start close to the identity, for features that are nearly normal already; see [MSFlow]
}

// MSFlow is the multi-scale flow: each scale's map goes through its own parallel flow, then the fusion flow joins the
// scales.
//
//	y_i = flow_i(x_i),  z = fusion(y),  ln|det ∂z/∂x| = Σ_i ln|det ∂flow_i| + ln|det ∂fusion|
//
// A gentle start shrinks the last convolution of every coupling's subnet to a tenth and sets those of the fusion flow to
// zero, so that z begins as a permutation of x but for a hundredth.
//
// The parameters are named parallel_flows.I.module_list.K.… and fusion_flow.….
type MSFlow struct {
	cfg      Config
	parallel []*Sequence
	fusion   *Fusion // nil when left out
	params   []*Param
}

// NewMSFlow draws permutations and initial values from rng, scale by scale and block by block.
func NewMSFlow(cfg Config, rng *rand.Rand) (*MSFlow, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, fmt.Errorf("MSFlow: %w", err)
	}
	m := &MSFlow{cfg: cfg}
	for i := range cfg.Channels {
		flow, err := newParallelFlow(cfg, i, rng)
		if err != nil {
			return nil, fmt.Errorf("MSFlow: scale %d: %w", i, err)
		}
		m.parallel = append(m.parallel, flow)
	}
	m.params = withPrefix(m.parallel, parallelName)
	if cfg.NoFusion {
		return m, nil
	}
	if m.fusion, err = NewFusion(cfg.Channels, cfg.Clamp, rng); err != nil {
		return nil, fmt.Errorf("MSFlow: %w", err)
	}
	m.params = append(m.params, withPrefix([]*Fusion{m.fusion}, func(int) string { return fusionName })...)
	if cfg.Gentle {
		m.fusion.silence()
	}
	return m, nil
}

// parallelName begins the names of scale i's own flow, fusionName those of the flow that joins the scales.
func parallelName(i int) string { return fmt.Sprintf("parallel_flows.%d.", i) }

const fusionName = "fusion_flow."

// MakeBlock makes a block of a parallel flow for maps of c channels, with the subnet, the condition and the clamp of cfg.
type MakeBlock func(c int, cfg CouplingConfig, rng *rand.Rand) (Block, error)

// parallelBlocks are those that can be asked for by name, the default first.
var parallelBlocks = []struct {
	name string
	make MakeBlock
}{
	{"all_in_one", func(c int, cfg CouplingConfig, rng *rand.Rand) (Block, error) {
		return NewAllInOne(c, AllInOneConfig{Subnet: cfg.Subnet, Condition: cfg.Condition, Clamp: cfg.Clamp}, rng)
	}},
	{"glow", func(c int, cfg CouplingConfig, rng *rand.Rand) (Block, error) { return NewGLOW(c, cfg, rng) }},
	{"nice", func(c int, cfg CouplingConfig, rng *rand.Rand) (Block, error) { return NewNICE(c, cfg, rng) }},
	{"realnvp", func(c int, cfg CouplingConfig, rng *rand.Rand) (Block, error) { return NewRealNVP(c, cfg, rng) }},
}

// ParallelBlocks are the names that Config.Block can have, the default first.
func ParallelBlocks() (names []string) {
	for _, b := range parallelBlocks {
		names = append(names, b.name)
	}
	return names
}

// BlockByName finds one of [ParallelBlocks]; the empty name is the first.
func BlockByName(name string) (MakeBlock, error) {
	for _, b := range parallelBlocks {
		if name == "" || name == b.name {
			return b.make, nil
		}
	}
	return nil, fmt.Errorf("block %q is none of %s", name, strings.Join(ParallelBlocks(), ", "))
}

// newParallelFlow is the chain of blocks of scale i.
func newParallelFlow(cfg Config, i int, rng *rand.Rand) (*Sequence, error) {
	coupling := CouplingConfig{Subnet: cfg.Custom, Clamp: Clamp{Form: cfg.Form, Alpha: cfg.Clamp}}
	if cfg.Cond[i] > 0 {
		p, err := PositionCode(cfg.Cond[i])
		if err != nil {
			return nil, err
		}
		coupling.Condition = p
	}
	var blocks []Block
	for k := range cfg.Blocks[i] {
		b, err := cfg.NewBlock(cfg.Channels[i], coupling, rng)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", k, err)
		}
		if s, ok := b.(interface{ soften(k float32) }); ok && cfg.Gentle {
			s.soften(0.1)
		}
		blocks = append(blocks, b)
	}
	return NewSequence(blocks...), nil
}

// resolve fills in the defaults and checks the lengths.
func (cfg Config) resolve() (Config, error) {
	n := len(cfg.Channels)
	if n == 0 {
		return cfg, fmt.Errorf("no channels given")
	}
	if cfg.Custom == nil {
		s, err := SubnetByName(cfg.Subnet)
		if err != nil {
			return cfg, err
		}
		cfg.Custom = s
	}
	if cfg.NewBlock == nil {
		b, err := BlockByName(cfg.Block)
		if err != nil {
			return cfg, err
		}
		cfg.NewBlock = b
	}
	if cfg.Blocks == nil {
		cfg.Blocks = extend([]int{2, 5, 8}, n)
	}
	if cfg.Cond == nil {
		cfg.Cond = extend([]int{64}, n)
	}
	if len(cfg.Blocks) != n || len(cfg.Cond) != n {
		return cfg, fmt.Errorf("%d scales %v but blocks %v and condition channels %v", n, cfg.Channels, cfg.Blocks, cfg.Cond)
	}
	for i := range n {
		if cfg.Blocks[i] < 0 || cfg.Cond[i] < 0 {
			return cfg, fmt.Errorf("scale %d has %d blocks and %d condition channels", i, cfg.Blocks[i], cfg.Cond[i])
		}
	}
	if len(cfg.Sizes) != 0 && len(cfg.Sizes) != n {
		return cfg, fmt.Errorf("%d scales %v but sizes %v", n, cfg.Channels, cfg.Sizes)
	}
	return cfg, nil
}

// extend cuts v to n values or repeats its last.
func extend(v []int, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = v[min(i, len(v)-1)]
	}
	return out
}

// Maps are the shapes that the config's Channels and Sizes give; nil without sizes.
func (m *MSFlow) Maps() []Map {
	var ms []Map
	for i, s := range m.cfg.Sizes {
		ms = append(ms, Map{m.cfg.Channels[i], s[0], s[1]})
	}
	return ms
}

// Config is the configuration with its defaults filled in.
func (m *MSFlow) Config() Config { return m.cfg }

// ParallelFlows are the scales' own flows, with parameters named within each: module_list.K.….
func (m *MSFlow) ParallelFlows() []*Sequence { return m.parallel }

// Fusion is the fusion flow, nil when it was left out.
func (m *MSFlow) Fusion() *Fusion { return m.fusion }

// Out keeps the shapes.
func (m *MSFlow) Out(in []Map) ([]Map, error) {
	if len(in) != len(m.parallel) {
		return nil, fmt.Errorf("MSFlow takes %d maps, not %d: %v", len(m.parallel), len(in), in)
	}
	for i, b := range m.parallel {
		if _, err := b.Out(in[i : i+1]); err != nil {
			return nil, fmt.Errorf("MSFlow: scale %d: %w", i, err)
		}
		if _, err := oneMap("MSFlow", in[i:i+1], m.cfg.Channels[i]); err != nil {
			return nil, err
		}
	}
	return append([]Map(nil), in...), nil
}

// Parallel runs the parallel flows only: the scales' maps before fusion, and each scale's log-determinant (B).
func (m *MSFlow) Parallel(t *Tape, x []*G.Node) (y, logdet []*G.Node, err error) {
	if _, err := m.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	for i, b := range m.parallel {
		leave := t.enter(parallelName(i))
		z, l, err := b.Forward(t, x[i:i+1])
		if err != nil {
			return nil, nil, fmt.Errorf("MSFlow: scale %d: %w", i, err)
		}
		y, logdet = append(y, z[0]), append(logdet, l)
		leave()
	}
	return y, logdet, nil
}

// Forward runs the parallel flows, then fusion.
func (m *MSFlow) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	y, logdets, err := m.Parallel(t, x)
	if err != nil {
		return nil, nil, err
	}
	z, logdet, err := m.Fuse(t, y)
	if err != nil {
		return nil, nil, err
	}
	c := t.calc()
	m.watch(c, z, logdets)
	return z, c.plus(append(logdets, logdet)...), c.fail("MSFlow")
}

// watch points out the fused maps, and what each scale adds to the log-likelihood: −½‖z_i‖² + logdet_i, without the fusion
// flow's log-determinant, which belongs to all scales together.
func (m *MSFlow) watch(c *calc, z, logdets []*G.Node) {
	for i, n := range z {
		c.t.Watch(BlockOutput, fmt.Sprintf("fusion_flow, scale %d", i), n)
		c.t.Watch(ScaleLogLikelihood, fmt.Sprintf("scale %d", i), c.sub(logdets[i], c.scale(c.sum(c.square(n)), 0.5)))
	}
}

// Fuse runs the fusion flow on what Parallel gave; without a fusion flow it changes nothing.
func (m *MSFlow) Fuse(t *Tape, y []*G.Node) ([]*G.Node, *G.Node, error) {
	if m.fusion == nil {
		return y, t.calc().zeros(), nil
	}
	defer t.enter(fusionName)()
	return m.fusion.Forward(t, y)
}

// Inverse undoes fusion, then the parallel flows.
func (m *MSFlow) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := m.Out(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	y, logdet := z, c.zeros()
	var err error
	if m.fusion != nil {
		leave := t.enter(fusionName)
		if y, logdet, err = m.fusion.Inverse(t, z); err != nil {
			return nil, nil, err
		}
		leave()
	}
	x := make([]*G.Node, len(y))
	for i, b := range m.parallel {
		leave := t.enter(parallelName(i))
		out, l, err := b.Inverse(t, y[i:i+1])
		if err != nil {
			return nil, nil, fmt.Errorf("MSFlow: scale %d: %w", i, err)
		}
		x[i], logdet = out[0], c.plus(logdet, l)
		leave()
	}
	return x, logdet, c.fail("MSFlow")
}

// Params are the parallel flows' scale by scale, then the fusion flow's.
func (m *MSFlow) Params() []*Param { return m.params }
