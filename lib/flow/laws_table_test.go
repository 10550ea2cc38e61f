package flow

import (
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A law is one row: a block and the maps to try it on. Every row is held to all the laws below.
type law struct {
	name  string
	build func(rng *rand.Rand, maps []Map) (Block, error)
	maps  [][]Map
	opts  []TapeOption // conditions
}

// each lists single maps.
func each(ms ...Map) [][]Map {
	var out [][]Map
	for _, m := range ms {
		out = append(out, []Map{m})
	}
	return out
}

var (
	anyMap  = each(Map{2, 1, 1}, Map{5, 3, 4}, Map{6, 4, 2}) // odd and even channels, not square
	evenMap = each(Map{1, 2, 2}, Map{3, 4, 2})
	pyramid = [][]Map{{{4, 4, 6}, {5, 2, 3}}, {{3, 5, 4}, {2, 3, 2}, {5, 2, 1}}}
)

// built hides the concrete type of a constructor's block.
func built[B Block](b B, err error) (Block, error) {
	if err != nil {
		return nil, err
	}
	return b, nil
}

func allInOne(name string, cfg AllInOneConfig) law {
	return law{name: "AllInOne/" + name, maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) {
		return built(NewAllInOne(m[0].C, cfg, rng))
	}}
}

func couplings(name string, cfg CouplingConfig) []law {
	row := func(kind string, build func(rng *rand.Rand, m []Map) (Block, error)) law {
		return law{name: kind + "/" + name, maps: anyMap, build: build}
	}
	return []law{
		row("NICE", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewNICE(m[0].C, cfg, rng)) }),
		row("RealNVP", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewRealNVP(m[0].C, cfg, rng)) }),
		row("GLOW", func(rng *rand.Rand, m []Map) (Block, error) { return built(NewGLOW(m[0].C, cfg, rng)) }),
	}
}

func position(D int) Condition {
	p, err := PositionCode(D)
	if err != nil {
		panic(err)
	}
	return p
}

func laws() []law {
	rows := []law{
		allInOne("plain", AllInOneConfig{}),
		allInOne("position", AllInOneConfig{Condition: position(4)}),
		allInOne("sigmoid", AllInOneConfig{Scale: Sigmoid, ScaleStart: 0.7}),
		allInOne("exp", AllInOneConfig{Scale: Exponential, Clamp: Clamp{Form: TanhUndivided, Alpha: 1.2}}),
		allInOne("volume preserving", AllInOneConfig{VolumePreserving: true}),
		allInOne("soft", AllInOneConfig{Soft: true}),
		allInOne("householder", AllInOneConfig{Householder: 2}),
		allInOne("soft householder", AllInOneConfig{Householder: 3, Soft: true, ReversePrePermute: true}),
		allInOne("reversed", AllInOneConfig{ReversePrePermute: true}),
		allInOne("unclamped", AllInOneConfig{Clamp: Clamp{Form: Unclamped}, Subnet: ConvOnly}),
		allInOne("batch norm", AllInOneConfig{Subnet: ConvBN}),
		allInOne("pointwise", AllInOneConfig{Subnet: Pointwise(7, 5), Clamp: Clamp{Form: Atan, Alpha: 2}}),
		given1("AllInOne/given"),
		{name: "AllInOne/user", maps: each(Map{2, 1, 1}, Map{5, 1, 1}), build: func(rng *rand.Rand, m []Map) (Block, error) {
			return built(NewAllInOne(m[0].C, AllInOneConfig{Subnet: newMatmulNet}, rng))
		}},
		{name: "ActNorm", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewActNorm(m[0].C)) }},
		{name: "Permute", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewPermute(m[0].C, rng)) }},
		{name: "Orthogonal", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewOrthogonal(m[0].C, rng)) }},
		{name: "Householder", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewHouseholder(m[0].C, 3, rng)) }},
		{name: "LU", maps: anyMap, build: func(rng *rand.Rand, m []Map) (Block, error) { return built(NewLU(m[0].C, rng)) }},
		{name: "Haar/channel", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return NewHaar(false), nil }},
		{name: "Haar/wavelet", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return NewHaar(true), nil }},
		{name: "Haar/up", maps: each(Map{4, 1, 2}, Map{8, 3, 1}), build: func(*rand.Rand, []Map) (Block, error) { return NewInverse(NewHaar(true)), nil }},
		{name: "Squeeze/2", maps: evenMap, build: func(*rand.Rand, []Map) (Block, error) { return built(NewSqueeze(2)) }},
		{name: "Squeeze/3", maps: each(Map{2, 3, 6}), build: func(*rand.Rand, []Map) (Block, error) { return built(NewSqueeze(3)) }},
		{name: "Squeeze/up", maps: each(Map{8, 1, 2}), build: func(*rand.Rand, []Map) (Block, error) {
			s, err := NewSqueeze(2)
			return NewInverse(s), err
		}},
		{name: "Split", maps: each(Map{6, 2, 3}), build: func(*rand.Rand, []Map) (Block, error) { return built(NewSplit(1, 2, 3)) }},
		{name: "Concat", maps: [][]Map{{{1, 2, 3}, {4, 2, 3}}}, build: func(*rand.Rand, []Map) (Block, error) { return NewConcat(1, 4) }},
		{name: "Sequence", maps: each(Map{1, 4, 2}), build: newTestSequence},
		{name: "Graph", maps: [][]Map{{{6, 2, 2}, {1, 4, 4}}}, build: newTestGraph},
		{name: "Fusion", maps: append(pyramid, []Map{{5, 3, 2}}), build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewFusion(channels(ms), 1.9, rng))
		}},
		{name: "MSFlow", maps: pyramid, build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewMSFlow(Config{Channels: channels(ms), Blocks: extend([]int{1, 2}, len(ms)), Cond: extend([]int{4, 0}, len(ms))}, rng))
		}},
		{name: "MSFlow/glow", maps: pyramid, build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewMSFlow(Config{Channels: channels(ms), Blocks: extend([]int{1}, len(ms)), Cond: extend([]int{4}, len(ms)), Block: "glow"}, rng))
		}},
		{name: "MSFlow/no fusion", maps: pyramid[:1], build: func(rng *rand.Rand, ms []Map) (Block, error) {
			return built(NewMSFlow(Config{Channels: channels(ms), Blocks: []int{1, 1}, Cond: []int{8, 8}, Subnet: "conv_bn", NoFusion: true}, rng))
		}},
	}
	rows = append(rows, peerLaws()...)
	rows = append(rows, couplings("plain", CouplingConfig{})...)
	rows = append(rows, couplings("one-sided", CouplingConfig{OneSided: true, Condition: position(4)})...)
	return append(rows, couplings("atan", CouplingConfig{Subnet: Pointwise(6), Clamp: Clamp{Form: Atan, Alpha: 2}})...)
}

func channels(ms []Map) []int {
	var c []int
	for _, m := range ms {
		c = append(c, m.C)
	}
	return c
}

// given1 has a condition that is handed over at run time, the same for all samples.
func given1(name string) law {
	v := gaussian(1, Map{3, 3, 4}, 1, tensor.Float64, rand.New(rand.NewPCG(5, 5)))
	return law{name: name, maps: each(Map{5, 3, 4}), opts: []TapeOption{WithCondition("where", v)}, build: func(rng *rand.Rand, m []Map) (Block, error) {
		return built(NewAllInOne(m[0].C, AllInOneConfig{Condition: Given("where", 3)}, rng))
	}}
}

// matmulNet is a subnet as a user would write it, with Gorgonia's own ops only: tanh(x·W)·V for vectors (C,1,1).
type matmulNet struct{ w, v *Param }

func newMatmulNet(name string, in, out int, rng *rand.Rand) (Net, error) {
	return &matmulNet{normalParam(name+".w", rng, 0.5, in, 6), normalParam(name+".v", rng, 0.5, 6, out)}, nil
}

func (n *matmulNet) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	rows := G.Must(G.Reshape(x, tensor.Shape{x.Shape()[0], x.Shape()[1]}))
	hidden := G.Must(G.Tanh(G.Must(G.Mul(rows, t.Node(n.w)))))
	y := G.Must(G.Mul(hidden, t.Node(n.v)))
	return G.Reshape(y, tensor.Shape{y.Shape()[0], y.Shape()[1], 1, 1})
}

func (n *matmulNet) Params() []*Param { return []*Param{n.w, n.v} }

// newTestSequence down-samples, mixes and couples; one block stands in it twice.
func newTestSequence(rng *rand.Rand, m []Map) (Block, error) {
	a, err := NewActNorm(4 * m[0].C)
	if err != nil {
		return nil, err
	}
	b, err := NewGLOW(4*m[0].C, CouplingConfig{}, rng)
	return NewSequence(NewHaar(true), a, b, a), err
}

// newTestGraph splits one input, joins a part with the other input after up-sampling the first, and leaves two outputs.
func newTestGraph(rng *rand.Rand, m []Map) (Block, error) {
	g := NewGraph()
	x, y := g.Input(m[0]), g.Input(m[1])
	split, err := NewSplit(4, 2)
	if err != nil {
		return nil, err
	}
	parts, err := g.Add(split, x)
	if err != nil {
		return nil, err
	}
	up, err := g.Add(NewInverse(NewHaar(false)), parts[0])
	if err != nil {
		return nil, err
	}
	join, err := NewConcat(1, 1)
	if err != nil {
		return nil, err
	}
	both, err := g.Add(join, up[0], y)
	if err != nil {
		return nil, err
	}
	c, err := NewAllInOne(2, AllInOneConfig{}, rng)
	if err != nil {
		return nil, err
	}
	out, err := g.Add(c, both...)
	if err != nil {
		return nil, err
	}
	return built(g.Build(parts[1], out[0]))
}
