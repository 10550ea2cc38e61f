package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BatchVarOp is v[c] = mean over batch and pixels of (x−m[c])². Its inputs are x (B,C,...) and m (C); its result is (C).
type BatchVarOp struct{}

// BatchMean is the mean of x (B,C,...) over the batch and the pixels; the result is (C).
func BatchMean(x *G.Node) (*G.Node, error) {
	sum, err := ChannelSum(x)
	if err != nil {
		return nil, err
	}
	return Scale(sum, float64(x.Shape()[1])/float64(x.Shape().TotalSize()))
}

// BatchVar is the biased variance of x (B,C,...) over the batch and the pixels, given its mean (C); the result is (C).
func BatchVar(x, mean *G.Node) (*G.Node, error) { return apply(BatchVarOp{}, x, mean) }

func (p BatchVarOp) String() string { return "BatchVar" }

// Shape is (C).
func (p BatchVarOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, m := in[0], in[1]
	if len(x) < 2 || len(m) != 1 || m[0] != x[1] {
		return nil, fmt.Errorf("x is %s and mean is %s; want (B,C,...) and (C)", shapeText(x), shapeText(m))
	}
	return m.Clone(), nil
}

func (p BatchVarOp) Float32(c *Call[float32]) { batchVar(c) }
func (p BatchVarOp) Float64(c *Call[float64]) { batchVar(c) }

func batchVar[T Float](c *Call[T]) {
	x, mean := c.X[0].Data, c.X[1].Data
	batch, channels, size, _ := OverChannel.split(c.X[0].Shape)
	n := float64(batch * size)
	reduce(c.Y.Data, batch, channels, size, func(sums []float64, lo, hi, length int) {
		rows(len(sums), length, func(i int) {
			at := lo + i*length
			sums[i] = deviation(x[at:at+length], float64(mean[at/size%channels])) / n
		})
	})
}

// deviation is Σ (x−m)².
func deviation[T Float](x []T, m float64) float64 {
	var a, b float64
	for len(x) >= 2 {
		d, e := float64(x[0])-m, float64(x[1])-m
		a, b = a+d*d, b+e*e
		x = x[2:]
	}
	for _, v := range x {
		a += (float64(v) - m) * (float64(v) - m)
	}
	return a + b
}

// Grad: dx = 2/n·(x−m)⊙dv and dm = −2/n·dv⊙Σ(x−m), with n values per channel.
func (p BatchVarOp) Grad(x G.Nodes, y, dv *G.Node) (G.Nodes, error) {
	var c chain
	k := 2 * float64(x[0].Shape()[1]) / float64(x[0].Shape().TotalSize())
	centred := c.do(ChannelAffine(x[0], nil, c.do(Neg(x[1]))))
	scaled := c.do(Scale(dv, k))
	if c.err != nil {
		return nil, c.err
	}
	return c.nodes(
		c.do(ChannelAffine(centred, scaled, nil)),
		c.do(Neg(c.do(Mul(c.do(ChannelSum(centred)), scaled)))))
}
