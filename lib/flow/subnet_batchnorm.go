package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// bnMomentum is the weight of the newest batch in the running statistics.
const bnMomentum = 0.1

// batchNorm is (x − μ)/√(σ² + ε)·gain + bias per channel. In training μ and σ² are the batch's, and the running statistics
// move towards them (σ² by n/(n−1), so that it is unbiased); otherwise they are the running ones.
type batchNorm struct{ gain, bias, mean, variance *Param }

func newBatchNorm(name string, c int) *batchNorm {
	return &batchNorm{
		gain:     constParam(name+".weight", 1, c),
		bias:     constParam(name+".bias", 0, c),
		mean:     frozen(constParam(name+".running_mean", 0, c)),
		variance: frozen(constParam(name+".running_var", 1, c)),
	}
}

func (b *batchNorm) apply(c *calc, x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	μ, v := c.t.Node(b.mean), c.t.Node(b.variance)
	if c.t.training {
		μ, v = b.batch(c, x, μ, v)
	}
	// gain/√(v+ε), by way of logarithms: x^(−½) = exp(−½·ln x)
	k := c.mul(c.t.Node(b.gain), c.exp(c.scale(c.log(c.addConst(v, lnEps)), -0.5)))
	return c.affine(x, k, c.sub(c.t.Node(b.bias), c.mul(μ, k)))
}

// batch is the batch's own statistics; it registers the running ones' next values.
func (b *batchNorm) batch(c *calc, x, runMean, runVar *G.Node) (μ, v *G.Node) {
	m := MapOf(x)
	n := float64(c.t.batch * m.H * m.W)
	if n < 2 {
		return nil, c.note(nil, fmt.Errorf("batch normalization of a single pixel %v has no variance", x.Shape()))
	}
	μ = c.unary(op.BatchMean, x)
	v = c.binary(op.BatchVar, x, μ)
	nextMean := c.add(c.scale(runMean, 1-bnMomentum), c.scale(μ, bnMomentum))
	nextVar := c.add(c.scale(runVar, 1-bnMomentum), c.scale(v, bnMomentum*n/(n-1)))
	if c.err == nil {
		c.t.Update(b.mean, nextMean)
		c.t.Update(b.variance, nextVar)
	}
	return μ, v
}

func (b *batchNorm) params() []*Param { return []*Param{b.gain, b.bias, b.mean, b.variance} }
