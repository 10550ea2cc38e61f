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

// LayerNormStatsOp is what the gradients need again: μ and then r of every pixel, (2,B,...). Its inputs are LayerNormOp's,
// beside which it costs nothing; b does not matter, and g neither.
type LayerNormStatsOp struct{ Eps float64 }

// LayerNormGradInputOp is LayerNormOp's ∂/∂x. Its inputs are x, g, dy and the statistics.
type LayerNormGradInputOp struct{}

// LayerNormGradGainOp is LayerNormOp's ∂/∂g. Its inputs are x, g, dy and the statistics; g does not matter. Its result
// is (C).
type LayerNormGradGainOp struct{}

// LayerNorm normalises x (B,C,...) over the channels at each pixel, then scales and shifts each channel:
// y = (x−μ)/√(σ²+eps)⊙gain + bias, with gain and bias of shape (C). It panics unless eps > 0.
func LayerNorm(x, gain, bias *G.Node, eps float64) (*G.Node, error) {
	if !(eps > 0) {
		panic(fmt.Sprintf("op: LayerNorm with eps = %v", eps))
	}
	return apply(LayerNormOp{eps}, x, gain, bias)
}

func (p LayerNormOp) String() string          { return fmt.Sprintf("LayerNorm{eps %v}", p.Eps) }
func (p LayerNormStatsOp) String() string     { return fmt.Sprintf("LayerNormStats{eps %v}", p.Eps) }
func (p LayerNormGradInputOp) String() string { return "LayerNormGradInput" }
func (p LayerNormGradGainOp) String() string  { return "LayerNormGradGain" }

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

// Shape is (2,B,...).
func (p LayerNormStatsOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, err := LayerNormOp(p).Shape(in)
	if err != nil {
		return nil, err
	}
	return statsShape(x), nil
}

func statsShape(x tensor.Shape) tensor.Shape {
	return append(tensor.Shape{2, x[0]}, x[2:]...)
}

// Shape is x's.
func (p LayerNormGradInputOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, gain, dy, stats := in[0], in[1], in[2], in[3]
	if len(x) < 2 || !x.Eq(dy) || len(gain) != 1 || gain[0] != x[1] || !stats.Eq(statsShape(x)) {
		return nil, fmt.Errorf("x %s, gain %s, dy %s and statistics %s do not fit", shapeText(x), shapeText(gain), shapeText(dy), shapeText(stats))
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

// halvesOf are the means and the reciprocal deviations of the statistics.
func halvesOf[T Float](stats []T) (mean, rstd []T) {
	return stats[:len(stats)/2], stats[len(stats)/2:]
}

func (p LayerNormOp) Float32(c *Call[float32]) {
	stats := borrow[float32](2 * len(c.Y.Data) / c.Y.Shape[1])
	defer giveBack(stats)
	p.forward(c.Y.Data, *stats, c.X)
}

func (p LayerNormStatsOp) Float32(c *Call[float32]) {
	y := borrow[float32](len(c.X[0].Data))
	defer giveBack(y)
	LayerNormOp(p).forward(*y, c.Y.Data, c.X)
}

func (p LayerNormOp) joins(other Primitive) bool { return other == LayerNormStatsOp(p) }

func (p LayerNormOp) together(y, stats *Call[float32]) { p.forward(y.Y.Data, stats.Y.Data, y.X) }

func (p LayerNormOp) forward(y, stats []float32, in []Array[float32]) {
	batch, channels, pixels := normShape(in[0].Shape)
	mean, rstd := halvesOf(stats)
	simd.LayerNorm(y, in[0].Data, in[1].Data, in[2].Data, mean, rstd, batch, channels, pixels, float32(p.Eps))
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

func (p LayerNormGradInputOp) joins(other Primitive) bool { return other == LayerNormGradGainOp(p) }

func (p LayerNormGradInputOp) together(dx, dgain *Call[float32]) {
	p.backward(dx.Y.Data, dgain.Y.Data, dx.X)
}

// backward computes both gradients.
func (p LayerNormGradInputOp) backward(dx, dgain []float32, in []Array[float32]) {
	batch, channels, pixels := normShape(in[0].Shape)
	dbias := borrow[float32](channels)
	defer giveBack(dbias)
	mean, rstd := halvesOf(in[3].Data)
	simd.LayerNormGrad(dx, dgain, *dbias, in[2].Data, in[0].Data, in[1].Data, mean, rstd, batch, channels, pixels)
}

func (p LayerNormOp) Float64(c *Call[float64]) {
	x, y := c.X[0].Data, c.Y.Data
	eachPixel(c.X[0].Shape, func(_ int, at func(ch int) int) {
		mean, rstd := moments(x, len(c.X[1].Data), p.Eps, at)
		for ch, g := range c.X[1].Data {
			y[at(ch)] = (x[at(ch)]-mean)*rstd*g + c.X[2].Data[ch]
		}
	})
}

func (p LayerNormStatsOp) Float64(c *Call[float64]) {
	mean, rstd := halvesOf(c.Y.Data)
	eachPixel(c.X[0].Shape, func(i int, at func(ch int) int) {
		mean[i], rstd[i] = moments(c.X[0].Data, len(c.X[1].Data), p.Eps, at)
	})
}

// moments are μ and r of the pixel whose channels are at(0), at(1) ...
func moments(x []float64, channels int, eps float64, at func(ch int) int) (mean, rstd float64) {
	variance := 0.0
	for ch := range channels {
		mean += x[at(ch)] / float64(channels)
	}
	for ch := range channels {
		variance += (x[at(ch)] - mean) * (x[at(ch)] - mean) / float64(channels)
	}
	return mean, 1 / math.Sqrt(variance+eps)
}

// Float64: with u = g⊙dy, dx = r·(u − mean_C(u) − x̂·mean_C(u⊙x̂)).
func (p LayerNormGradInputOp) Float64(c *Call[float64]) {
	x, gain, dy, dx := c.X[0].Data, c.X[1].Data, c.X[2].Data, c.Y.Data
	mean, rstd := halvesOf(c.X[3].Data)
	eachPixel(c.Y.Shape, func(i int, at func(ch int) int) {
		var u, ux float64
		for ch, g := range gain {
			u += g * dy[at(ch)] / float64(len(gain))
			ux += g * dy[at(ch)] * (x[at(ch)] - mean[i]) * rstd[i] / float64(len(gain))
		}
		for ch, g := range gain {
			dx[at(ch)] = rstd[i] * (g*dy[at(ch)] - u - (x[at(ch)]-mean[i])*rstd[i]*ux)
		}
	})
}

// Float64: dg = Σ dy⊙x̂ over batch and pixels.
func (p LayerNormGradGainOp) Float64(c *Call[float64]) {
	x, dy, dg := c.X[0].Data, c.X[2].Data, c.Y.Data
	mean, rstd := halvesOf(c.X[3].Data)
	clear(dg)
	eachPixel(c.X[0].Shape, func(i int, at func(ch int) int) {
		for ch := range dg {
			dg[ch] += dy[at(ch)] * (x[at(ch)] - mean[i]) * rstd[i]
		}
	})
}

// eachPixel calls fn for pixel i = 0, 1 ... of all samples; at(ch) is where its channels are.
func eachPixel(shape []int, fn func(i int, at func(ch int) int)) {
	batch, channels, pixels := normShape(shape)
	for i := range batch * pixels {
		fn(i, func(ch int) int { return (i/pixels*channels+ch)*pixels + i%pixels })
	}
}

// Grad: db = Σ dy; dx and dg as their ops say.
func (p LayerNormOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	stats := c.do(apply(LayerNormStatsOp(p), x...))
	return c.nodes(
		c.do(apply(LayerNormGradInputOp{}, x[0], x[1], dy, stats)),
		c.do(apply(LayerNormGradGainOp{}, x[0], x[1], dy, stats)),
		c.do(ChannelSum(dy)))
}
