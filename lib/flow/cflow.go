package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// CFlow is CFLOW-AD (Gudovskiy and others, arXiv 2107.12571): every place of a scale is a sample of its own, sent through
// a chain of eight [AllInOne] blocks whose perceptrons also see the place's position code of 128 channels. Their hidden
// layer is twice as wide as their input.
type CFlow struct {
	*Graph
	chains []*Sequence
}

// NewCFlow makes one chain for each scale.
func NewCFlow(cfg PeerConfig, rng *rand.Rand) (*CFlow, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("CFLOW: %w", err)
	}
	position, err := PositionCode(128)
	if err != nil {
		return nil, fmt.Errorf("CFLOW: %w", err)
	}
	perceptron := func(name string, in, out int, rng *rand.Rand) (Net, error) {
		return Pointwise(cfg.hidden(2*in))(name, in, out, rng)
	}
	f := &CFlow{}
	f.Graph, err = sideBySide(cfg.Maps, func(_ int, m Map) (*Sequence, error) {
		chain, err := chainOf(cfg.blocks(8), func(int) (Block, error) {
			return NewAllInOne(m.C, AllInOneConfig{Subnet: perceptron, Condition: position}, rng)
		})
		f.chains = append(f.chains, chain)
		return chain, err
	})
	if err != nil {
		return nil, fmt.Errorf("CFLOW: %w", err)
	}
	return f, nil
}

// LogP is the log-likelihood of each place in nats per channel, log-determinant included, for the latents that Forward
// wrote on the same tape:
//
//	logp = (−½·Σ_c z_c² + Σ_blocks (Σ_c s_c + Σ_c ln g_c)) / C
func (f *CFlow) LogP(t *Tape, z []*G.Node) ([]*G.Node, error) {
	scales := t.Watched(LogScale)
	first := len(scales)
	for _, chain := range f.chains {
		first -= len(chain.blocks)
	}
	if first < 0 || len(z) != len(f.chains) {
		return nil, fmt.Errorf("CFLOW: %d latents on a tape without their forward pass", len(z))
	}
	out := make([]*G.Node, len(z))
	for i, n := range z {
		logp, err := LogP(t, n)
		if err != nil {
			return nil, fmt.Errorf("CFLOW: %w", err)
		}
		c := t.calc()
		for _, b := range f.chains[i].blocks {
			logp = b.(*AllInOne).addLogDet(c, logp, scales[first].Node)
			first++
		}
		if out[i] = logp; c.err != nil {
			return nil, c.fail("CFLOW")
		}
	}
	return out, nil
}

// addLogDet adds a place's log-determinant per channel to logp, (B,1,H,W); s is the block's log-scale.
func (b *AllInOne) addLogDet(c *calc, logp, s *G.Node) *G.Node {
	_, c2 := halve(b.channels)
	perChannel := func(n int) *G.Node {
		return c.t.Const(fmt.Sprintf("sum(%d) of %d", n, b.channels), func() []float64 {
			w := make([]float64, n)
			for i := range w {
				w[i] = 1 / float64(b.channels)
			}
			return w
		}, 1, n, 1, 1)
	}
	logp = c.add(logp, c.convNode(s, perChannel(c2), nil, 1))
	_, lng := b.cfg.Scale.gain(c, c.t.Node(b.γ))
	one := c.t.Const("one(1,1,1,1)", func() []float64 { return []float64{1} }, 1, 1, 1, 1)
	return c.affine(logp, one, c.convNode(lng, perChannel(b.channels), nil, 1))
}

// PlaceLikelihood is a block that knows more of a place's log-likelihood than its latents tell. LogP gives, for latents
// that Forward wrote on the same tape, the maps (B,1,H,W) in nats per channel.
type PlaceLikelihood interface {
	Block
	LogP(t *Tape, z []*G.Node) ([]*G.Node, error)
}

// LogPs is the log-likelihood map of each latent, (B,1,H,W): the block's own where it is a [PlaceLikelihood], otherwise
// [LogP].
func LogPs(b Block, t *Tape, z []*G.Node) ([]*G.Node, error) {
	if own, ok := b.(PlaceLikelihood); ok {
		return own.LogP(t, z)
	}
	out := make([]*G.Node, len(z))
	for i, n := range z {
		var err error
		if out[i], err = LogP(t, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CompileLogP is [Compile] with the log-likelihood maps of [LogPs] in the latents' place.
func CompileLogP(b Block, batch int, x []Map) (*Compiled, error) {
	return compile(logpBlock{b}, batch, x, nil)
}

// logpBlock gives maps of likelihood instead of latents.
type logpBlock struct{ Block }

func (b logpBlock) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	z, logdet, err := b.Block.Forward(t, x)
	if err != nil {
		return nil, nil, err
	}
	logp, err := LogPs(b.Block, t, z)
	return logp, logdet, err
}
