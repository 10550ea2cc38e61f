package baseline

import (
	"context"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
)

// gaussian is one normal distribution of the features at all places; the distance is Mahalanobis'. It knows what normal
// features are, but not where.
type gaussian struct {
	embedding
	mean  []float32 // (channels)
	white []float32 // W of whiten, a packed lower triangle
}

func newGaussian(maps []Map, _ Options) Model { return &gaussian{embedding: embedding{maps: maps}} }

func (g *gaussian) Fitted() bool     { return g.white != nil }
func (g *gaussian) Size() (h, w int) { return g.maps[0].H, g.maps[0].W }

// Fit reads the images twice: for the mean, and for the covariance of the deviations from it.
func (g *gaussian) Fit(ctx context.Context, data Source, progress func(done, total int)) error {
	report := passes(data, 2, progress)
	mean, err := g.means(ctx, data, report)
	if err != nil {
		return fmt.Errorf("gaussian: %w", err)
	}
	c, samples := g.channels(), data.Len()*g.places()
	if samples < 2 {
		return fmt.Errorf("gaussian: %w", errFewImages)
	}
	sum, err := g.products(ctx, data, mean, report)
	if err != nil {
		return fmt.Errorf("gaussian: %w", err)
	}
	white := make([]float32, packed(c))
	err = whiten(white, make([]float64, packed(c)), func(r, k int) float64 { return sum[r*c+k] }, c, samples)
	if err != nil {
		return fmt.Errorf("gaussian: %w", err)
	}
	g.mean, g.white = mean, white
	return nil
}

// passes makes one progress of several passes over the data.
func passes(data Source, number int, progress func(done, total int)) func(images int) {
	done := 0
	return func(images int) {
		done += images
		if progress != nil {
			progress(done, number*data.Len())
		}
	}
}

// means is the mean of each channel over all images and places.
func (g *gaussian) means(ctx context.Context, data Source, report func(images int)) ([]float32, error) {
	c, places := g.channels(), g.places()
	sums, rows := make([]float64, c), make([]float64, c)
	x := make([]float32, batchSize*g.size())
	err := each(ctx, data, g.maps, func(_, n int, maps [][]float32) error {
		g.all(x, n, maps)
		for i := range n {
			simd.RowSums(rows, x[i*g.size():(i+1)*g.size()], places)
			for k, v := range rows {
				sums[k] += v
			}
		}
		report(n)
		return nil
	})
	mean := make([]float32, c)
	for k, v := range sums {
		mean[k] = float32(v / float64(data.Len()*places))
	}
	return mean, err
}

// products is Σ (x−μ)(x−μ)ᵀ over all images and places, (channels,channels).
func (g *gaussian) products(ctx context.Context, data Source, mean []float32, report func(images int)) ([]float64, error) {
	c, places := g.channels(), g.places()
	sum, one := make([]float64, c*c), make([]float32, c*c)
	x := make([]float32, batchSize*g.size())
	err := each(ctx, data, g.maps, func(_, n int, maps [][]float32) error {
		g.all(x, n, maps)
		for i := range n {
			image := x[i*g.size() : (i+1)*g.size()]
			subtract(image, mean, places)
			simd.Gemm(false, true, c, c, places, 1, image, places, image, places, 0, one, c)
			for k, v := range one {
				sum[k] += float64(v)
			}
		}
		report(n)
		return nil
	})
	return sum, err
}

// subtract takes each channel's mean off an image (channels,places).
func subtract(image, mean []float32, places int) {
	for k, m := range mean {
		for i := k * places; i < (k+1)*places; i++ {
			image[i] -= m
		}
	}
}

// Distance is the Mahalanobis distance of each place's features.
func (g *gaussian) Distance(ctx context.Context, n int, maps [][]float32) ([]float32, []float64, error) {
	c, places := g.channels(), g.places()
	x := make([]float32, n*g.size())
	g.all(x, n, maps)
	square := unpacked(g.white, c)
	y, distance := make([]float32, c*places), make([]float32, n*places)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		image := x[i*g.size() : (i+1)*g.size()]
		subtract(image, g.mean, places)
		simd.Gemm(false, false, c, places, c, 1, square, c, image, places, 0, y, places)
		norms(distance[i*places:(i+1)*places], y)
	}
	return distance, nil, nil
}

// unpacked is a packed lower triangle as a matrix (n,n).
func unpacked(l []float32, n int) []float32 {
	m := make([]float32, n*n)
	for r := range n {
		copy(m[r*n:], l[packed(r):packed(r)+r+1])
	}
	return m
}

// norms is the Euclidean norm of each place's vector in an image (channels,places).
func norms(dst, image []float32) {
	sums := make([]float64, len(dst))
	for ; len(image) > 0; image = image[len(dst):] {
		for q, v := range image[:len(dst)] {
			sums[q] += float64(v) * float64(v)
		}
	}
	for q, s := range sums {
		dst[q] = float32(math.Sqrt(s))
	}
}

func (g *gaussian) Tensors() []weights.Tensor {
	return []weights.Tensor{tensor("gaussian.mean", g.mean, g.channels()), tensor("gaussian.whitening", g.white, len(g.white))}
}

func (g *gaussian) Restore(get func(name string) (weights.Tensor, error)) error {
	mean, err := fetch(get, "gaussian.mean", g.channels())
	if err != nil {
		return err
	}
	white, err := fetch(get, "gaussian.whitening", packed(g.channels()))
	if err != nil {
		return err
	}
	g.mean, g.white = mean.Data, white.Data
	return nil
}
