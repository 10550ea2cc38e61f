package baseline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
)

// patchCore keeps a coreset of the normal images' patches and measures the distance to the nearest (arXiv 2106.08265).
//
// A patch is the 3×3 average of the features around a place, those of coarser maps interpolated to the finest. The coreset
// is chosen by greedy k-centre after a random projection. An image's score is its largest distance s* between a patch x
// and its nearest stored patch m*, weighted by how well m* stands for its own neighbourhood N_b of b stored patches
// (equation 7):
//
//	s = (1 − exp‖x−m*‖ / Σ_{m∈N_b(m*)} exp‖x−m‖) · s*
type patchCore struct {
	embedding
	options     Options
	bank        []float32 // (patches,channels)
	halfSquares []float32 // ½‖m‖² of each
}

const (
	projected  = 128 // dimensions of the random projection
	neighbours = 9   // b
)

// projectionStream keeps its random numbers apart from others of the same seed.
const projectionStream = 0xc03e

func newPatchCore(maps []Map, o Options) Model {
	if o.Coreset == 0 {
		o.Coreset = 0.1
	}
	return &patchCore{embedding: embedding{maps, true}, options: o}
}

func (p *patchCore) Fitted() bool     { return p.bank != nil }
func (p *patchCore) Size() (h, w int) { return p.maps[0].H, p.maps[0].W }

// Fit chooses the coreset. The patches are computed twice, so that only their projections are in memory.
func (p *patchCore) Fit(ctx context.Context, data Source, progress func(done, total int)) error {
	points, dims, err := p.project(ctx, data)
	if err != nil {
		return fmt.Errorf("patchcore: %w", err)
	}
	want := max(1, int(math.Ceil(p.options.Coreset*float64(len(points)/dims))))
	chosen, err := kCentre(ctx, points, dims, want, func(done int) {
		if progress != nil {
			progress(done, want)
		}
	})
	if err != nil {
		return fmt.Errorf("patchcore: choosing the coreset: %w", err)
	}
	bank, err := p.collect(ctx, data, chosen)
	if err != nil {
		return fmt.Errorf("patchcore: %w", err)
	}
	p.keep(bank)
	return nil
}

// project gives every patch of every image in few dimensions, (images·places,dims).
func (p *patchCore) project(ctx context.Context, data Source) (points []float32, dims int, err error) {
	c, places := p.channels(), p.places()
	dims = min(projected, c)
	matrix := projection(c, dims, p.options.Seed)
	points = make([]float32, data.Len()*places*dims)
	patches := make([]float32, batchSize*p.size())
	err = each(ctx, data, p.maps, func(first, n int, maps [][]float32) error {
		p.all(patches, n, maps)
		for i := range n {
			x, out := patches[i*p.size():], points[(first+i)*places*dims:]
			simd.Gemm(true, false, places, dims, c, 1, x, places, matrix, dims, 0, out, dims)
		}
		return nil
	})
	return points, dims, err
}

// projection is a random matrix (c,dims) that keeps distances about as they are (Johnson and Lindenstrauss), or the
// identity where nothing is to be gained.
func projection(c, dims int, seed uint64) []float32 {
	m := make([]float32, c*dims)
	if dims == c {
		for i := range c {
			m[i*c+i] = 1
		}
		return m
	}
	r := rand.New(rand.NewPCG(seed, projectionStream))
	for i := range m {
		m[i] = float32(r.NormFloat64() / math.Sqrt(float64(dims)))
	}
	return m
}

// collect computes the chosen patches again, in rising order of image and place.
func (p *patchCore) collect(ctx context.Context, data Source, chosen []int) ([]float32, error) {
	chosen = slices.Sorted(slices.Values(chosen))
	c, places := p.channels(), p.places()
	bank := make([]float32, 0, len(chosen)*c)
	patches := make([]float32, batchSize*p.size())
	err := each(ctx, data, p.maps, func(first, n int, maps [][]float32) error {
		p.all(patches, n, maps)
		for len(chosen) > 0 && chosen[0] < (first+n)*places {
			i := chosen[0] - first*places
			bank = appendColumn(bank, patches[i/places*p.size():], i%places, c, places)
			chosen = chosen[1:]
		}
		return nil
	})
	return bank, err
}

// appendColumn adds the features (c) of one place of an image (c,places).
func appendColumn(to, image []float32, place, c, places int) []float32 {
	for k := range c {
		to = append(to, image[k*places+place])
	}
	return to
}

// keep takes the stored patches.
func (p *patchCore) keep(bank []float32) {
	c := p.channels()
	p.bank, p.halfSquares = bank, make([]float32, len(bank)/c)
	for i := range p.halfSquares {
		p.halfSquares[i] = halfSquare(bank[i*c : (i+1)*c])
	}
}

func (p *patchCore) stored(i int) []float32 { return p.bank[i*p.channels() : (i+1)*p.channels()] }

// Distance is the Euclidean distance of each patch to the nearest stored one, and the weighted largest of each image.
func (p *patchCore) Distance(ctx context.Context, n int, maps [][]float32) ([]float32, []float64, error) {
	places := p.places()
	patches := make([]float32, n*p.size())
	p.all(patches, n, maps)
	distance, scores := make([]float32, n*places), make([]float64, n)
	for i := range n {
		x := patches[i*p.size() : (i+1)*p.size()]
		nearest := p.nearest(ctx, x)
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		d := distance[i*places : (i+1)*places]
		simd.Parallel(places, func(q int) {
			d[q] = float32(euclid(appendColumn(nil, x, q, p.channels(), places), p.stored(nearest[q])))
		})
		worst := slices.Index(d, slices.Max(d))
		scores[i] = p.score(appendColumn(nil, x, worst, p.channels(), places), nearest[worst])
	}
	return distance, scores, nil
}

// Stored patches in one matrix product, and in one item of work.
const (
	bankRows    = 128
	bankSegment = 16 * bankRows
)

// nearest is the index of the stored patch that is nearest to each patch of an image (channels,places), the first where
// several are.
func (p *patchCore) nearest(ctx context.Context, x []float32) []int {
	places, stored := p.places(), len(p.halfSquares)
	segments := (stored + bankSegment - 1) / bankSegment
	least, which := make([]float32, segments*places), make([]int32, segments*places)
	simd.Parallel(segments, func(s int) {
		if ctx.Err() == nil {
			p.search(x, s*bankSegment, min(stored, (s+1)*bankSegment), least[s*places:(s+1)*places], which[s*places:(s+1)*places])
		}
	})
	out := make([]int, places)
	for q := range out {
		best := 0
		for s := range segments {
			if least[s*places+q] < least[best*places+q] {
				best = s
			}
		}
		out[q] = int(which[best*places+q])
	}
	return out
}

// search finds the nearest among the stored patches from..to: since ‖x−m‖² = ‖x‖² + 2(½‖m‖² − x·m), the one with the least
// ½‖m‖² − x·m.
func (p *patchCore) search(x []float32, from, to int, least []float32, which []int32) {
	c, places := p.channels(), p.places()
	for q := range least {
		least[q] = float32(math.Inf(1))
	}
	products := make([]float32, bankRows*places)
	for ; from < to; from += bankRows {
		rows := min(bankRows, to-from)
		simd.Gemm(false, false, rows, places, c, 1, p.bank[from*c:], c, x, places, 0, products, places)
		for r := range rows {
			half, row := p.halfSquares[from+r], products[r*places:(r+1)*places]
			least := least[:len(row)]
			for q, v := range row {
				if d := half - v; d < least[q] {
					least[q], which[q] = d, int32(from+r)
				}
			}
		}
	}
}

// score weights the distance of patch x to the stored patch m, its nearest.
func (p *patchCore) score(x []float32, m int) float64 {
	near := p.around(m)
	far := euclid(x, p.stored(m))
	if len(near) == 1 {
		return far
	}
	sum := 0.0
	for _, i := range near {
		sum += math.Exp(euclid(x, p.stored(i)) - far)
	}
	return (1 - 1/sum) * far
}

// around lists the stored patches nearest to stored patch m, itself among them.
func (p *patchCore) around(m int) []int {
	distance := make([]float64, len(p.halfSquares))
	simd.Parallel((len(distance)+bankRows-1)/bankRows, func(k int) {
		for i := k * bankRows; i < min(len(distance), (k+1)*bankRows); i++ {
			distance[i] = euclid(p.stored(i), p.stored(m))
		}
	})
	var near []int
	for i, d := range distance {
		at, _ := slices.BinarySearchFunc(near, d, func(k int, d float64) int {
			if distance[k] <= d {
				return -1
			}
			return 1
		})
		if at < neighbours {
			near = slices.Insert(near, at, i)[:min(len(near)+1, neighbours)]
		}
	}
	return near
}

// euclid is ‖a−b‖.
func euclid(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

func (p *patchCore) Tensors() []weights.Tensor {
	return []weights.Tensor{tensor("patchcore.bank", p.bank, len(p.halfSquares), p.channels())}
}

func (p *patchCore) Restore(get func(name string) (weights.Tensor, error)) error {
	t, err := fetch(get, "patchcore.bank", -1, p.channels())
	if err == nil {
		p.keep(t.Data)
	}
	return err
}
