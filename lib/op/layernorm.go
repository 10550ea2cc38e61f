package op

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Letters: x input, μ and σ² mean and biased variance over the channels of one pixel, r = 1/√(σ²+Eps),
// x̂ = (x−μ)·r, g gain, b bias, y = x̂⊙g + b, dy the gradient of the cost by y.

// LayerNormOp normalises every pixel over its channels. Its inputs are x (B,C,...), g (C) and b (C).
type LayerNormOp struct{ Eps float64 }

// LayerNormGradInputOp is LayerNormOp's ∂/∂x. Its inputs are x, g and dy.
type LayerNormGradInputOp struct{ Eps float64 }

// LayerNormGradGainOp is LayerNormOp's ∂/∂g. Its inputs are x, g and dy, of which g does not matter; its result is (C).
type LayerNormGradGainOp struct{ Eps float64 }

// LayerNorm normalises x (B,C,...) over the channels at each pixel, then scales and shifts each channel:
// y = (x−μ)/√(σ²+eps)⊙gain + bias, with gain and bias of shape (C). It panics unless eps > 0.
func LayerNorm(x, gain, bias *G.Node, eps float64) (*G.Node, error) {
	if !(eps > 0) {
		panic(fmt.Sprintf("op: LayerNorm with eps = %v", eps))
	}
	return apply(LayerNormOp{eps}, x, gain, bias)
}

func (p LayerNormOp) String() string { return fmt.Sprintf("LayerNorm{eps %v}", p.Eps) }
func (p LayerNormGradInputOp) String() string {
	return fmt.Sprintf("LayerNormGradInput{eps %v}", p.Eps)
}
func (p LayerNormGradGainOp) String() string { return fmt.Sprintf("LayerNormGradGain{eps %v}", p.Eps) }

// Shape is x's.
func (p LayerNormOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) < 2 {
		return nil, fmt.Errorf("x %s has no channel axis", shapeText(x))
	}
	for i, name := range []string{"gain", "bias"} {
		if s := in[1+i]; len(s) != 1 || s[0] != x[1] {
			return nil, fmt.Errorf("x %s has %d channels but %s is %s", shapeText(x), x[1], name, shapeText(s))
		}
	}
	return x.Clone(), nil
}

// Shape is x's.
func (p LayerNormGradInputOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, gain, dy := in[0], in[1], in[2]
	if len(x) < 2 || !x.Eq(dy) || len(gain) != 1 || gain[0] != x[1] {
		return nil, fmt.Errorf("x %s, gain %s and dy %s do not fit", shapeText(x), shapeText(gain), shapeText(dy))
	}
	return x.Clone(), nil
}

// Shape is (C).
func (p LayerNormGradGainOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	_, err := LayerNormGradInputOp(p).Shape(in)
	return in[1].Clone(), err
}

// normShape is the shape of x as the kernels want it.
func normShape(x []int) (batch, channels, pixels int) {
	return x[0], x[1], tensor.Shape(x).TotalSize() / (x[0] * x[1])
}

func (p LayerNormOp) Float32(c *Call[float32]) {
	batch, channels, pixels := normShape(c.Y.Shape)
	stats := borrow[float32](2 * batch * pixels)
	defer giveBack(stats)
	mean, rstd := halvesOf(*stats)
	simd.LayerNorm(c.Y.Data, c.X[0].Data, c.X[1].Data, c.X[2].Data, mean, rstd, batch, channels, pixels, float32(p.Eps))
}

func (p LayerNormGradInputOp) Float32(c *Call[float32]) {
	dgain := borrow[float32](c.Y.Shape[1])
	defer giveBack(dgain)
	p.backward(c.Y.Data, *dgain, c.X)
}

func (p LayerNormGradGainOp) Float32(c *Call[float32]) {
	dx := borrow[float32](len(c.X[0].Data))
	defer giveBack(dx)
	LayerNormGradInputOp(p).backward(*dx, c.Y.Data, c.X)
}

// backward computes both gradients. It finds μ and r again, with dx as the place for the result that is not wanted.
func (p LayerNormGradInputOp) backward(dx, dgain []float32, in []Array[float32]) {
	batch, channels, pixels := normShape(in[0].Shape)
	stats, dbias := borrow[float32](2*batch*pixels), borrow[float32](channels)
	defer giveBack(stats)
	defer giveBack(dbias)
	mean, rstd := halvesOf(*stats)
	x, gain, dy := in[0].Data, in[1].Data, in[2].Data
	simd.LayerNorm(dx, x, gain, gain, mean, rstd, batch, channels, pixels, float32(p.Eps))
	simd.LayerNormGrad(dx, dgain, *dbias, dy, x, gain, mean, rstd, batch, channels, pixels)
}

// joins: ∂/∂g costs nothing beside ∂/∂x.
func (p LayerNormGradInputOp) joins(other Primitive) bool { return other == LayerNormGradGainOp(p) }

func (p LayerNormGradInputOp) together(dx, dgain *Call[float32]) {
	p.backward(dx.Y.Data, dgain.Y.Data, dx.X)
}

func halvesOf(s []float32) (a, b []float32) { return s[:len(s)/2], s[len(s)/2:] }

func (p LayerNormOp) Float64(c *Call[float64]) {
	eachPixel(c.X[0], p.Eps, func(at func(ch int) int, mean, rstd float64) {
		for ch, g := range c.X[1].Data {
			c.Y.Data[at(ch)] = (c.X[0].Data[at(ch)]-mean)*rstd*g + c.X[2].Data[ch]
		}
	})
}

// Float64: with u = g⊙dy, dx = r·(u − mean_C(u) − x̂·mean_C(u⊙x̂)).
func (p LayerNormGradInputOp) Float64(c *Call[float64]) {
	x, gain, dy, dx := c.X[0], c.X[1].Data, c.X[2].Data, c.Y.Data
	eachPixel(x, p.Eps, func(at func(ch int) int, mean, rstd float64) {
		var u, ux float64
		for ch, g := range gain {
			u += g * dy[at(ch)] / float64(len(gain))
			ux += g * dy[at(ch)] * (x.Data[at(ch)] - mean) * rstd / float64(len(gain))
		}
		for ch, g := range gain {
			dx[at(ch)] = rstd * (g*dy[at(ch)] - u - (x.Data[at(ch)]-mean)*rstd*ux)
		}
	})
}

// Float64: dg = Σ dy⊙x̂ over batch and pixels.
func (p LayerNormGradGainOp) Float64(c *Call[float64]) {
	x, dy, dg := c.X[0], c.X[2].Data, c.Y.Data
	clear(dg)
	eachPixel(x, p.Eps, func(at func(ch int) int, mean, rstd float64) {
		for ch := range dg {
			dg[ch] += dy[at(ch)] * (x.Data[at(ch)] - mean) * rstd
		}
	})
}

// eachPixel calls fn for every pixel of x with its μ and r; at(ch) is where its channels are.
func eachPixel(x Array[float64], eps float64, fn func(at func(ch int) int, mean, rstd float64)) {
	batch, channels, pixels := normShape(x.Shape)
	for i := range batch * pixels {
		at := func(ch int) int { return (i/pixels*channels+ch)*pixels + i%pixels }
		var mean, variance float64
		for ch := range channels {
			mean += x.Data[at(ch)] / float64(channels)
		}
		for ch := range channels {
			variance += (x.Data[at(ch)] - mean) * (x.Data[at(ch)] - mean) / float64(channels)
		}
		fn(at, mean, 1/math.Sqrt(variance+eps))
	}
}

// Grad: db = Σ dy; dx and dg as their ops say.
func (p LayerNormOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(
		c.do(apply(LayerNormGradInputOp(p), x[0], x[1], dy)),
		c.do(apply(LayerNormGradGainOp(p), x[0], x[1], dy)),
		c.do(ChannelSum(dy)))
}
