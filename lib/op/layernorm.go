package op

import (
	"fmt"
	"math"
	"sync"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Letters: x input, μ and σ² mean and biased variance over the channels of one pixel, r = 1/√(σ²+Eps),
// x̂ = (x−μ)·r, g gain, b bias, y = x̂⊙g + b, dy the gradient of the cost by y.

// LayerNormOp normalises every pixel over its channels. Its inputs are x (B,C,...), g (C) and b (C).
type LayerNormOp struct{ Eps float64 }

// LayerNormGradInputOp is LayerNormOp's ∂/∂x. Its inputs are x, g and dy.
type LayerNormGradInputOp struct{ Eps float64 }

// LayerNormGradGainOp is LayerNormOp's ∂/∂g. Its inputs are x and dy; its result is (C).
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
	if !in[0].Eq(in[2]) || len(in[0]) < 2 || in[1].TotalSize() != in[0][1] {
		return nil, fmt.Errorf("x %s, gain %s and dy %s do not fit", shapeText(in[0]), shapeText(in[1]), shapeText(in[2]))
	}
	return in[0].Clone(), nil
}

// Shape is (C).
func (p LayerNormGradGainOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) || len(in[0]) < 2 {
		return nil, fmt.Errorf("x %s and dy %s do not fit", shapeText(in[0]), shapeText(in[1]))
	}
	return tensor.Shape{in[0][1]}, nil
}

func (p LayerNormOp) Float32(c *Call[float32])          { layerNorm(p.Eps, c) }
func (p LayerNormOp) Float64(c *Call[float64])          { layerNorm(p.Eps, c) }
func (p LayerNormGradInputOp) Float32(c *Call[float32]) { layerNormGradInput(p.Eps, c) }
func (p LayerNormGradInputOp) Float64(c *Call[float64]) { layerNormGradInput(p.Eps, c) }
func (p LayerNormGradGainOp) Float32(c *Call[float32])  { layerNormGradGain(p.Eps, c) }
func (p LayerNormGradGainOp) Float64(c *Call[float64])  { layerNormGradGain(p.Eps, c) }

// stripWidth is the number of neighbouring pixels that are normalised together: a channel's part of a strip is one
// contiguous run of memory, and all channels of a strip stay in the second-level cache between the passes.
const stripWidth = 128

// strip is a run of n pixels of one sample; element (channel, pixel) is at[channel*size+pixel] from offset at.
type strip[T Float] struct {
	at, n, size int
	mean, rstd  [stripWidth]T
}

// eachStrip runs fn on every strip of x (B,C,...) on all cores. i numbers the strips.
func eachStrip[T Float](x Array[T], fn func(i int, s *strip[T])) {
	channels, size := x.planes()
	perSample := strips(size)
	rows(x.Shape[0]*perSample, channels*stripWidth, func(i int) {
		at := i % perSample * stripWidth
		s, ok := stripPool.Get().(*strip[T])
		if !ok {
			s = new(strip[T])
		}
		defer stripPool.Put(s)
		*s = strip[T]{at: i/perSample*channels*size + at, n: min(stripWidth, size-at), size: size}
		fn(i, s)
	})
}

var stripPool sync.Pool

func strips(size int) int { return (size + stripWidth - 1) / stripWidth }

// row is channel c's part of the strip.
func (s *strip[T]) row(data []T, c int) []T {
	lo := s.at + c*s.size
	return data[lo : lo+s.n]
}

// normalise sets mean = μ and rstd = r of every pixel, in two passes: the variance is of the deviations from μ.
func (s *strip[T]) normalise(x []T, channels int, eps float64) {
	mean, rstd := s.mean[:s.n], s.rstd[:s.n]
	for c := range channels {
		accumulate(mean, s.row(x, c))
	}
	for i := range mean {
		mean[i] /= T(channels)
	}
	for c := range channels {
		accumulateDeviation(rstd, mean, s.row(x, c))
	}
	for i, v := range rstd {
		rstd[i] = T(1 / math.Sqrt(float64(v)/float64(channels)+eps))
	}
}

func accumulate[T Float](sum, x []T) {
	sum = sum[:len(x)]
	for i, v := range x {
		sum[i] += v
	}
}

func accumulateDeviation[T Float](sum, mean, x []T) {
	sum, mean = sum[:len(x)], mean[:len(x)]
	for i, v := range x {
		d := v - mean[i]
		sum[i] += d * d
	}
}

func layerNorm[T Float](eps float64, c *Call[T]) {
	x, y, gain, bias := c.X[0], c.Y.Data, c.X[1].Data, c.X[2].Data
	eachStrip(x, func(_ int, s *strip[T]) {
		s.normalise(x.Data, len(gain), eps)
		for ch, g := range gain {
			y, x, mean, rstd, b := s.row(y, ch), s.row(x.Data, ch), s.mean[:s.n], s.rstd[:s.n], bias[ch]
			x, mean, rstd = x[:len(y)], mean[:len(y)], rstd[:len(y)]
			for i := range y {
				y[i] = (x[i]-mean[i])*rstd[i]*g + b
			}
		}
	})
}

// layerNormGradInput: with u = g⊙dy, dx = r·(u − mean_C(u) − x̂·mean_C(u⊙x̂)).
func layerNormGradInput[T Float](eps float64, c *Call[T]) {
	x, gain, dy, dx := c.X[0], c.X[1].Data, c.X[2].Data, c.Y.Data
	eachStrip(x, func(_ int, s *strip[T]) {
		s.normalise(x.Data, len(gain), eps)
		var sumU, sumUX [stripWidth]T
		for ch, g := range gain {
			s.projections(sumU[:s.n], sumUX[:s.n], s.row(x.Data, ch), s.row(dy, ch), g)
		}
		for i := range s.n {
			sumU[i] *= s.rstd[i] / T(len(gain))
			sumUX[i] *= s.rstd[i] * s.rstd[i] * s.rstd[i] / T(len(gain))
		}
		for ch, g := range gain {
			s.gradRow(s.row(dx, ch), sumU[:s.n], sumUX[:s.n], s.row(x.Data, ch), s.row(dy, ch), g)
		}
	})
}

// projections adds one channel's u and u·(x−μ).
func (s *strip[T]) projections(sumU, sumUX, x, dy []T, g T) {
	sumU, sumUX, dy, mean := sumU[:len(x)], sumUX[:len(x)], dy[:len(x)], s.mean[:len(x)]
	for i, v := range x {
		u := g * dy[i]
		sumU[i] += u
		sumUX[i] += u * (v - mean[i])
	}
}

// gradRow writes one channel of dx, given r·mean(u) and r²·mean(u⊙x̂).
func (s *strip[T]) gradRow(dx, a, b, x, dy []T, g T) {
	dx, a, b, dy, mean, rstd := dx[:len(x)], a[:len(x)], b[:len(x)], dy[:len(x)], s.mean[:len(x)], s.rstd[:len(x)]
	for i, v := range x {
		dx[i] = g*dy[i]*rstd[i] - a[i] - (v-mean[i])*b[i]
	}
}

// layerNormGradGain: dg = Σ dy⊙x̂ over batch and pixels. Each strip adds up its own pixels; the strips are added in order.
func layerNormGradGain[T Float](eps float64, c *Call[T]) {
	x, dy, dg := c.X[0], c.X[1].Data, c.Y.Data
	channels, size := x.planes()
	n := x.Shape[0] * strips(size)
	partial := borrowFloats(n * channels)
	defer returnFloats(partial)
	sums := *partial
	eachStrip(x, func(i int, s *strip[T]) {
		s.normalise(x.Data, channels, eps)
		for ch := range channels {
			sums[i*channels+ch] = s.correlate(s.row(x.Data, ch), s.row(dy, ch))
		}
	})
	for ch := range dg {
		var sum float64
		for i := range n {
			sum += sums[i*channels+ch]
		}
		dg[ch] = T(sum)
	}
}

// correlate is Σ dy·x̂ of one channel of the strip.
func (s *strip[T]) correlate(x, dy []T) float64 {
	dy, mean, rstd := dy[:len(x)], s.mean[:len(x)], s.rstd[:len(x)]
	var sum float64
	for i, v := range x {
		sum += float64(dy[i] * (v - mean[i]) * rstd[i])
	}
	return sum
}

// Grad: db = Σ dy; dx and dg as their ops say.
func (p LayerNormOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(
		c.do(apply(LayerNormGradInputOp(p), x[0], x[1], dy)),
		c.do(apply(LayerNormGradGainOp(p), x[0], dy)),
		c.do(ChannelSum(dy)))
}
