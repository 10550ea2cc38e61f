package op

import (
	"context"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// stepSize is the size of a coupling block in training.
type stepSize struct{ batch, channels, hidden, side int }

// trainingCost is the loss of one block of a flow: coupling with a two-layer subnet, global affine, permutation.
func trainingCost(t testing.TB, g *G.ExprGraph, s stepSize) (cost *G.Node, params []*G.Node) {
	t.Helper()
	var c chain
	rng := testRand()
	param := func(name string, shape ...int) *G.Node {
		n := leaf(g, name, random(rng, -0.1, 0.1, shape...), tensor.Float32)
		params = append(params, n)
		return n
	}
	x := leaf(g, "x", random(rng, -1, 1, s.batch, s.channels, s.side, s.side), tensor.Float32)
	half := s.channels / 2
	code := leaf(g, "code", random(rng, -1, 1, 1, s.hidden-half, s.side, s.side), tensor.Float32)
	same := Conv{Pad: [4]int{1, 1, 1, 1}}

	x1, x2 := c.do(SliceChannels(x, 0, half)), c.do(SliceChannels(x, half, s.channels))
	h := c.do(Conv2D(c.do(Concat(x1, code)), param("w1", s.hidden, s.hidden, 3, 3), param("b1", s.hidden), same))
	h = c.do(ReLU(c.do(LayerNorm(h, param("ln.w", s.hidden), param("ln.b", s.hidden), 1e-5))))
	a := c.do(Scale(c.do(Conv2D(h, param("w2", 2*half, s.hidden, 3, 3), param("b2", 2*half), same)), 0.1))
	log := c.do(Scale(c.do(Tanh(c.do(Scale(c.do(SliceChannels(a, 0, half)), 1/1.9)))), 1.9))
	u := c.do(Add(c.do(Mul(x2, c.do(Exp(log)))), c.do(SliceChannels(a, half, 2*half))))
	gain := c.do(Scale(c.do(Softplus(param("gain", 1, s.channels, 1, 1), 0.5)), 0.1))
	v := c.do(ChannelAffine(c.do(Concat(x1, u)), gain, param("offset", 1, s.channels, 1, 1)))
	z := c.do(Permute(v, rng.Perm(s.channels)))

	energy := c.do(Scale(c.do(SumPerSample(c.do(Square(z)))), 0.5))
	logdet := c.do(Add(c.do(SumPerSample(log)), c.do(Scale(c.do(SumAll(c.do(Log(gain)))), float64(s.side*s.side)))))
	cost = c.do(MeanAll(c.do(Sub(energy, logdet))))
	check(t, c.err)
	return cost, params
}

// BenchmarkTrainingStep is one block at the size that the first scale of EfficientNet-Lite0 has at 256 pixels.
func BenchmarkTrainingStep(b *testing.B) {
	g := G.NewGraph()
	cost, params := trainingCost(b, g, stepSize{batch: 8, channels: 24, hidden: 76, side: 32})
	grads, err := G.Grad(cost, params...)
	check(b, err)
	p, err := Compile(append(grads, cost)...)
	check(b, err)
	check(b, p.Run(context.Background()))
	b.ReportMetric(float64(p.Bytes())/(1<<20), "MiB")
	for b.Loop() {
		check(b, p.Run(context.Background()))
	}
}
