package baseline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
)

// padim is a normal distribution of the features at each place (arXiv 2011.08785): mean and covariance over the training
// images, 0.01 added to the variances, of randomly chosen dimensions. The distance is Mahalanobis'. It expects parts that
// always lie in the same way.
type padim struct {
	embedding
	seed  uint64
	dims  []int     // the chosen channels
	mean  []float32 // (places,dims)
	white []float32 // W of whiten for each place, packed lower triangles
}

const (
	padimDims   = 100
	padimStream = 0xd135
)

func newPaDiM(maps []Map, o Options) Model {
	p := &padim{embedding: embedding{maps: maps}, seed: o.Seed}
	order := rand.New(rand.NewPCG(o.Seed, padimStream)).Perm(p.channels())
	p.dims = slices.Sorted(slices.Values(order[:min(padimDims, len(order))]))
	return p
}

func (p *padim) Fitted() bool     { return p.white != nil }
func (p *padim) Size() (h, w int) { return p.maps[0].H, p.maps[0].W }

// Fit reads the images twice: for the means, and for the covariances of the deviations from them.
func (p *padim) Fit(ctx context.Context, data Source, progress func(done, total int)) error {
	if data.Len() == 1 {
		return fmt.Errorf("padim: %w", errFewImages)
	}
	report := passes(data, 2, progress)
	mean, err := p.means(ctx, data, report)
	if err != nil {
		return fmt.Errorf("padim: %w", err)
	}
	sums, err := p.products(ctx, data, mean, report)
	if err != nil {
		return fmt.Errorf("padim: %w", err)
	}
	white, err := p.invert(ctx, sums, data.Len())
	if err != nil {
		return fmt.Errorf("padim: %w", err)
	}
	p.mean, p.white = mean, white
	return nil
}

// chosen lays the chosen channels of n images out as (places,n,dims), in memory that is used again.
func (p *padim) chosen(x []float32, n int, maps [][]float32) []float32 {
	all := make([]float32, n*p.size())
	p.all(all, n, maps)
	places, d := p.places(), len(p.dims)
	simd.Parallel(places, func(q int) {
		for i := range n {
			out := x[(q*n+i)*d:][:d]
			for k, c := range p.dims {
				out[k] = all[i*p.size()+c*places+q]
			}
		}
	})
	return x[:places*n*d]
}

// means is the mean of each place's features, (places,dims).
func (p *padim) means(ctx context.Context, data Source, report func(images int)) ([]float32, error) {
	places, d := p.places(), len(p.dims)
	sums := make([]float64, places*d)
	buffer := make([]float32, places*batchSize*d)
	err := each(ctx, data, p.maps, func(_, n int, maps [][]float32) error {
		x := p.chosen(buffer, n, maps)
		simd.Parallel(places, func(q int) {
			sum := sums[q*d : (q+1)*d]
			for i := range n {
				for k, v := range x[(q*n+i)*d:][:d] {
					sum[k] += float64(v)
				}
			}
		})
		report(n)
		return nil
	})
	mean := make([]float32, len(sums))
	for i, s := range sums {
		mean[i] = float32(s / float64(data.Len()))
	}
	return mean, err
}

// products is Σ (x−μ)(x−μ)ᵀ over the images for each place, (places,dims,dims).
func (p *padim) products(ctx context.Context, data Source, mean []float32, report func(images int)) ([]float32, error) {
	places, d := p.places(), len(p.dims)
	sums := make([]float32, places*d*d)
	buffer := make([]float32, places*batchSize*d)
	err := each(ctx, data, p.maps, func(_, n int, maps [][]float32) error {
		x := p.chosen(buffer, n, maps)
		simd.Parallel(places, func(q int) {
			own := x[q*n*d : (q+1)*n*d]
			p.subtractMean(own, mean[q*d:(q+1)*d])
			simd.Gemm(true, false, d, d, n, 1, own, d, own, d, 1, sums[q*d*d:(q+1)*d*d], d)
		})
		report(n)
		return nil
	})
	return sums, err
}

// subtractMean takes a place's mean off the vectors of all images.
func (p *padim) subtractMean(x, mean []float32) {
	for ; len(x) > 0; x = x[len(mean):] {
		for k, m := range mean {
			x[k] -= m
		}
	}
}

// invert whitens every place's covariance.
func (p *padim) invert(ctx context.Context, sums []float32, images int) ([]float32, error) {
	places, d := p.places(), len(p.dims)
	white, wrong := make([]float32, places*packed(d)), make([]error, places)
	simd.Parallel(places, func(q int) {
		if wrong[q] = ctx.Err(); wrong[q] != nil {
			return
		}
		own := sums[q*d*d:]
		err := whiten(white[q*packed(d):(q+1)*packed(d)], make([]float64, packed(d)), func(r, c int) float64 { return float64(own[r*d+c]) }, d, images)
		if err != nil {
			wrong[q] = fmt.Errorf("row %d, column %d: %w", q/p.maps[0].W, q%p.maps[0].W, err)
		}
	})
	return white, errors.Join(wrong...)
}

// Distance is the Mahalanobis distance of each place's features to that place's Gaussian.
func (p *padim) Distance(ctx context.Context, n int, maps [][]float32) ([]float32, []float64, error) {
	places, d := p.places(), len(p.dims)
	x, distance := p.chosen(make([]float32, places*n*d), n, maps), make([]float32, n*places)
	simd.Parallel(places, func(q int) {
		if ctx.Err() != nil {
			return
		}
		own := x[q*n*d : (q+1)*n*d]
		p.subtractMean(own, p.mean[q*d:(q+1)*d])
		for i := range n {
			distance[i*places+q] = whiteNorm(p.white[q*packed(d):(q+1)*packed(d)], own[i*d:(i+1)*d])
		}
	})
	return distance, nil, ctx.Err()
}

// whiteNorm is ‖W·x‖ for a packed lower triangle W.
func whiteNorm(w, x []float32) float32 {
	sum := 0.0
	for r := range x {
		row := w[packed(r) : packed(r)+r+1]
		var a, b, c, d float32
		k := 0
		for ; k+4 <= len(row); k += 4 { // four sums, so that additions need not wait for one another
			a += row[k] * x[k]
			b += row[k+1] * x[k+1]
			c += row[k+2] * x[k+2]
			d += row[k+3] * x[k+3]
		}
		for ; k < len(row); k++ {
			a += row[k] * x[k]
		}
		y := float64(a+b) + float64(c+d)
		sum += y * y
	}
	return float32(math.Sqrt(sum))
}

func (p *padim) Tensors() []weights.Tensor {
	dims := weights.Tensor{Name: "padim.dimensions", Shape: []int{len(p.dims)}, DType: "I64"}
	for _, k := range p.dims {
		dims.Ints = append(dims.Ints, int64(k))
	}
	d := len(p.dims)
	return []weights.Tensor{dims, tensor("padim.mean", p.mean, p.places(), d), tensor("padim.whitening", p.white, p.places(), packed(d))}
}

func (p *padim) Restore(get func(name string) (weights.Tensor, error)) error {
	dims, err := get("padim.dimensions")
	if err != nil {
		return err
	}
	if len(dims.Ints) != len(p.dims) {
		return fmt.Errorf("tensor padim.dimensions has shape %v of %s and the model wants [%d] of I64", dims.Shape, dims.DType, len(p.dims))
	}
	chosen := make([]int, len(p.dims))
	for i, k := range dims.Ints {
		if k < 0 || k >= int64(p.channels()) {
			return fmt.Errorf("tensor padim.dimensions names channel %d of %d", k, p.channels())
		}
		chosen[i] = int(k)
	}
	d := len(chosen)
	mean, err := fetch(get, "padim.mean", p.places(), d)
	if err != nil {
		return err
	}
	white, err := fetch(get, "padim.whitening", p.places(), packed(d))
	if err != nil {
		return err
	}
	p.dims, p.mean, p.white = chosen, mean.Data, white.Data
	return nil
}
