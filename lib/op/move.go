package op

import (
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"gorgonia.org/tensor"
)

// moveOp computes a move. Its inputs are the maps, then gain and offset, if there are.
type moveOp struct {
	move
	table []simd.Channel
}

func (p *moveOp) String() string { return fmt.Sprintf("Move of %d channels", len(p.rows)) }

// Shape is that of the maps, with the channels selected.
func (p *moveOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return withChannels(in[0], len(p.rows)), nil
}

func (p *moveOp) Float32(c *Call[float32]) {
	_, size := c.Y.planes()
	if p.table == nil {
		p.plan(c.X, size)
	}
	gain, offset := moveCoefficients(&p.move, c.X)
	for j, r := range p.rows {
		if r.in < 0 {
			continue
		}
		t := &p.table[j]
		t.X = c.X[r.in].Data
		if r.coef >= 0 {
			t.K, t.L = gain(r.coef), offset(r.coef)
		}
	}
	simd.MoveChannels(c.Y.Data, p.table, c.Y.Shape[0], size)
}

// plan fills in what stays the same at every run.
func (p *moveOp) plan(x []Array[float32], size int) {
	p.table = make([]simd.Channel, len(p.rows))
	for j, r := range slices.Backward(p.rows) {
		t := &p.table[j]
		*t = simd.Channel{K: float32(r.k), Run: 1}
		if r.in < 0 {
			continue
		}
		t.At, t.Step = r.channel*size, x[r.in].Shape[1]*size
		if next := j + 1; next < len(p.rows) && r.coef < 0 && p.rows[next] == (moved{r.in, r.channel + 1, r.k, -1}) {
			t.Run += p.table[next].Run
		}
	}
}

// moveCoefficients are the functions that look up a channel's gain and offset.
func moveCoefficients[T Float](m *move, x []Array[T]) (gain, offset func(coef int) T) {
	gain, offset = func(int) T { return 1 }, func(int) T { return 0 }
	at := len(m.maps)
	if m.gain != nil {
		g := x[at].Data
		gain = func(coef int) T { return g[coef] }
		at++
	}
	if m.offset != nil {
		d := x[at].Data
		offset = func(coef int) T { return d[coef] }
	}
	return gain, offset
}

func (p *moveOp) Float64(c *Call[float64]) {
	channels, size := c.Y.planes()
	gain, offset := moveCoefficients(&p.move, c.X)
	for i := range c.Y.Shape[0] * channels {
		y, r := c.Y.Data[i*size:(i+1)*size], p.rows[i%channels]
		x := channelOf(c.X, r, i/channels, size)
		k, d := r.k, 0.0
		if r.coef >= 0 {
			k, d = gain(r.coef), offset(r.coef)
		}
		clear(y)
		for n, v := range x {
			y[n] = v*k + d
		}
	}
}

// channelOf is where channel r of sample b comes from; empty for zeros.
func channelOf[T Float](x []Array[T], r moved, b, size int) []T {
	if r.in < 0 {
		return nil
	}
	a := x[r.in]
	return a.Data[(b*a.Shape[1]+r.channel)*size:][:size]
}

// movedSumOp is ChannelSum of a move, or DotOp of two. Its inputs are the maps of the factors, one after the other.
type movedSumOp struct {
	factors [][]moved
	pairs   []simd.RowPair
}

func (p *movedSumOp) String() string {
	return fmt.Sprintf("Sum of %d moved channels", len(p.factors[0]))
}

// Shape is (C).
func (p *movedSumOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{len(p.factors[0])}, nil
}

func (p *movedSumOp) Float32(c *Call[float32]) {
	batch, channels := c.X[0].Shape[0], len(p.factors[0])
	_, size := c.X[0].planes()
	sums := borrow[float64](batch * channels)
	defer giveBack(sums)
	p.pairs = slices.Grow(p.pairs[:0], batch*channels)
	for i := range batch * channels {
		b, j := i/channels, i%channels
		pair := simd.RowPair{X: channelOf(c.X, p.factors[0][j], b, size)}
		if len(p.factors) > 1 {
			pair.Y = channelOf(c.X, p.factors[1][j], b, size)
			if pair.X == nil || pair.Y == nil {
				pair = simd.RowPair{}
			}
		}
		p.pairs = append(p.pairs, pair)
	}
	simd.PairSums(*sums, p.pairs)
	sumColumns64(c.Y.Data, *sums)
}

func (p *movedSumOp) Float64(c *Call[float64]) {
	channels := len(p.factors[0])
	_, size := c.X[0].planes()
	clear(c.Y.Data)
	var total [1]float64
	for i := range c.X[0].Shape[0] * channels {
		b, j := i/channels, i%channels
		x := channelOf(c.X, p.factors[0][j], b, size)
		if len(p.factors) == 1 {
			rowTotals(total[:], x, len(x))
		} else {
			y := channelOf(c.X, p.factors[1][j], b, size)
			rowInners(total[:], x, y, min(len(x), len(y)))
		}
		c.Y.Data[j] += total[0]
	}
}

// sumColumns64 sets y[k] = Σ_p x[p,k].
func sumColumns64(y []float32, x []float64) {
	for k := range y {
		total := 0.0
		for i := k; i < len(x); i += len(y) {
			total += x[i]
		}
		y[k] = float32(total)
	}
}
