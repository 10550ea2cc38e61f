package baseline

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// coreset chooses points so that every other one has a chosen one near by: it starts with the point farthest from the mean
// and goes on with the point that is farthest from all chosen so far (greedy k-centre, Gonzalez 1985).
//
// A point's distance to the chosen ones only falls, so an old one is an upper bound, and a point whose bound is small need
// not be looked at. Each round takes the points with the largest bounds, brings them up to date by matrix products, and
// chooses among them while the farthest is at least as far as the largest bound of all others. That gives the same choice
// as one point at a time, in a small part of the work.
type coreset struct {
	dims        int
	points      []float32 // (n,dims)
	halfSquares []float32 // ½‖x‖² of each point
	bound       []float32 // squared distance to the first seen[i] of chosen; −1 once a point is chosen itself
	seen        []int
	chosen      []int

	columns     []float32 // the chosen points as columns, (dims,want)
	columnsHalf []float32 // their ½‖c‖²
	want        int
}

// kCentre chooses want of the points, in the order of their choice.
func kCentre(ctx context.Context, points []float32, dims, want int, progress func(done int)) ([]int, error) {
	n := len(points) / dims
	c := &coreset{dims: dims, points: points, halfSquares: make([]float32, n), bound: make([]float32, n), seen: make([]int, n), want: want}
	c.columns, c.columnsHalf = make([]float32, dims*want), make([]float32, want)
	simd.Parallel((n+rowsTogether-1)/rowsTogether, func(k int) {
		for i := k * rowsTogether; i < min(n, (k+1)*rowsTogether); i++ {
			c.halfSquares[i] = halfSquare(c.row(i))
		}
	})
	c.farthestFromMean()
	for len(c.chosen) < want {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.round()
		progress(len(c.chosen))
	}
	return c.chosen, nil
}

// rowsTogether is how many points share a matrix product.
const rowsTogether = 256

// candidates is how many points a round looks at.
const candidates = 2048

func (c *coreset) row(i int) []float32 { return c.points[i*c.dims : (i+1)*c.dims] }

func halfSquare(x []float32) float32 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return float32(sum / 2)
}

// farthestFromMean starts the choice, and bounds every distance by infinity.
func (c *coreset) farthestFromMean() {
	mean := make([]float64, c.dims)
	for i := range c.halfSquares {
		for k, v := range c.row(i) {
			mean[k] += float64(v)
		}
	}
	first, most := 0, -1.0
	for i := range c.halfSquares {
		c.bound[i] = float32(math.Inf(1))
		far := 0.0
		for k, v := range c.row(i) {
			d := float64(v) - mean[k]/float64(len(c.halfSquares))
			far += d * d
		}
		if far > most {
			first, most = i, far
		}
	}
	c.choose(first)
}

func (c *coreset) choose(i int) {
	at := len(c.chosen)
	for k, v := range c.row(i) {
		c.columns[k*c.want+at] = v
	}
	c.columnsHalf[at] = c.halfSquares[i]
	c.bound[i] = -1
	c.chosen = append(c.chosen, i)
}

// round looks at the points with the largest bounds and chooses what is sure to be farthest.
func (c *coreset) round() {
	list, floor := c.largest(candidates)
	c.update(list)
	list = slices.DeleteFunc(list, func(i int) bool { return c.bound[i] < floor })
	if len(list) == 0 {
		return
	}
	a := len(list)
	x, products := c.gather(list), make([]float32, a*a)
	simd.Gemm(false, true, a, a, c.dims, 1, x, c.dims, x, c.dims, 0, products, a)
	for len(c.chosen) < c.want {
		best := 0
		for k, i := range list {
			if c.bound[i] > c.bound[list[best]] {
				best = k
			}
		}
		j := list[best]
		if c.bound[j] < floor || c.bound[j] < 0 {
			break
		}
		c.choose(j)
		for k, i := range list {
			c.bound[i] = min(c.bound[i], max(0, 2*(c.halfSquares[i]+c.halfSquares[j]-products[best*a+k])))
		}
		c.bound[j] = -1
	}
	for _, i := range list {
		c.seen[i] = len(c.chosen)
	}
}

// largest lists about k points with the largest bounds in rising order of index, and the largest bound of all others.
func (c *coreset) largest(k int) (list []int, floor float32) {
	const shift = 12 // of a positive float's bits: bins of 1/2048 of the value
	count := make([]int32, 1<<(31-shift))
	for _, b := range c.bound {
		if b >= 0 {
			count[math.Float32bits(b)>>shift]++
		}
	}
	bin := len(count) - 1
	for sum := int(count[bin]); sum < k && bin > 0; sum += int(count[bin]) {
		bin--
	}
	floor = -1
	for i, b := range c.bound {
		own := int(math.Float32bits(b) >> shift)
		switch {
		case b < 0:
		case own > bin || own == bin && len(list) < 2*k:
			list = append(list, i)
		default:
			floor = max(floor, b)
		}
	}
	return list, floor
}

// gather lays the points of a list together.
func (c *coreset) gather(list []int) []float32 {
	x := make([]float32, 0, len(list)*c.dims)
	for _, i := range list {
		x = append(x, c.row(i)...)
	}
	return x
}

// update brings the bounds of a list up to date. Points that have missed about the same choices share a product.
func (c *coreset) update(list []int) {
	behind := slices.DeleteFunc(slices.Clone(list), func(i int) bool { return c.seen[i] == len(c.chosen) })
	slices.SortStableFunc(behind, func(i, j int) int { return cmp.Compare(c.seen[i], c.seen[j]) })
	parts := slices.Collect(slices.Chunk(behind, rowsTogether))
	simd.Parallel(len(parts), func(p int) { c.updatePart(parts[p]) })
}

// columnsTogether is how many chosen points a product takes, to keep its result in the second-level cache.
const columnsTogether = 1024

func (c *coreset) updatePart(part []int) {
	x := c.gather(part)
	products := make([]float32, len(part)*columnsTogether)
	for from := c.seen[part[0]]; from < len(c.chosen); from += columnsTogether {
		n := min(columnsTogether, len(c.chosen)-from)
		simd.Gemm(false, false, len(part), n, c.dims, 1, x, c.dims, c.columns[from:], c.want, 0, products, n)
		half := c.columnsHalf[from : from+n]
		for k, i := range part {
			least := float32(math.Inf(1))
			for q, v := range products[k*n : (k+1)*n] {
				if d := half[q] - v; d < least {
					least = d
				}
			}
			c.bound[i] = min(c.bound[i], max(0, 2*(c.halfSquares[i]+least)))
		}
	}
	for _, i := range part {
		c.seen[i] = len(c.chosen)
	}
}
