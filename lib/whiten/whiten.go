// Package whiten takes out of feature maps what a normal distribution already says of them: the mean of each place, and the
// covariance of each region of the picture. A flow that is trained on whitened maps starts where a Gaussian per place ends
// (as PaDiM's, arXiv 2011.08785) and only has to learn what is not Gaussian.
//
// Letters: x are the features of a map, (C,H,W); μ their mean at each place; Σ_r the covariance of the deviations in
// region r; W_r = L_r⁻¹ with L_r·L_rᵀ = Σ_r. The whitened map is y = W_r·(x − μ) at each place of region r, and
// ‖y‖² is the squared Mahalanobis distance of x.
package whiten

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
	"gonum.org/v1/gonum/mat"
)

// Shape is the shape of a map, (C,H,W).
type Shape struct{ C, H, W int }

// Len is the number of values of a map.
func (s Shape) Len() int { return s.C * s.H * s.W }

// Source gives the maps that a Whitening is fitted to, one scale of n images.
type Source interface {
	Len() int
	// Map copies the map of image i into x, (C,H,W).
	Map(ctx context.Context, i int, x []float32) error
}

// Whitening whitens the maps of one scale.
type Whitening struct {
	shape  Shape
	grid   [2]int    // regions down and across
	mean   []float32 // μ, (C,H,W)
	factor []float32 // W_r for each region, (regions,C,C), lower triangles
}

// The constants were chosen on painted defects of held-out normal pictures (bench/quality): a covariance of a region's
// neighbourhood, drawn a fifth of the way to that of the whole map, told them best.
const (
	shrink   = 0.2     // least share of the whole map's covariance in each region's
	margin   = 1       // places around a region that count for its covariance
	floor    = 1e-4    // of the largest variance, added to every variance
	rounding = 1e-8    // of the means' square, what is added at least: pictures that are all the same vary by nothing
	maxGrid  = 8       // regions down and across
	maxTotal = 4 << 20 // values of all W together: maps of many channels get fewer regions
)

// Grid is the number of regions down and across for maps of a shape.
func Grid(s Shape) (rows, columns int) {
	g := min(maxGrid, max(1, int(math.Sqrt(maxTotal/float64(s.C*s.C)))))
	return min(g, s.H), min(g, s.W)
}

// region is a rectangle of places.
type region struct{ top, bottom, left, right int }

func (r region) places() int { return (r.bottom - r.top) * (r.right - r.left) }

// regions are the rectangles of the grid, row by row.
func (w *Whitening) regions() []region {
	out := make([]region, 0, w.grid[0]*w.grid[1])
	for y := range w.grid[0] {
		for x := range w.grid[1] {
			out = append(out, region{y * w.shape.H / w.grid[0], (y + 1) * w.shape.H / w.grid[0],
				x * w.shape.W / w.grid[1], (x + 1) * w.shape.W / w.grid[1]})
		}
	}
	return out
}

// grown is the region with its margin.
func (r region) grown(s Shape) region {
	return region{max(0, r.top-margin), min(s.H, r.bottom+margin), max(0, r.left-margin), min(s.W, r.right+margin)}
}

// ErrFewImages is returned for a source from which no covariance can be taken.
var ErrFewImages = errors.New("whiten: a covariance needs at least two images")

// Fit measures the means and covariances of a source's maps. It reads them twice. An error of the source is returned as it
// is; a map with values that are not finite is an error.
func Fit(ctx context.Context, s Shape, data Source) (*Whitening, error) {
	if data.Len() < 2 {
		return nil, ErrFewImages
	}
	w := &Whitening{shape: s}
	w.grid[0], w.grid[1] = Grid(s)
	var err error
	if w.mean, err = means(ctx, s, data); err != nil {
		return nil, err
	}
	sums, err := w.products(ctx, data)
	if err != nil {
		return nil, err
	}
	return w, w.invert(sums, data.Len())
}

func means(ctx context.Context, s Shape, data Source) ([]float32, error) {
	sum, x := make([]float64, s.Len()), make([]float32, s.Len())
	for i := range data.Len() {
		if err := data.Map(ctx, i, x); err != nil {
			return nil, err
		}
		for k, v := range x {
			sum[k] += float64(v)
		}
	}
	mean := make([]float32, len(sum))
	for k, v := range sum {
		mean[k] = float32(v / float64(data.Len()))
	}
	return mean, nil
}

// products is Σ (x−μ)(x−μ)ᵀ over the images and the places of each grown region, (regions,C,C).
func (w *Whitening) products(ctx context.Context, data Source) ([][]float32, error) {
	regions := w.regions()
	c := w.shape.C
	sums := make([][]float32, len(regions))
	rows := make([][]float32, len(regions))
	for r, g := range regions {
		sums[r], rows[r] = make([]float32, c*c), make([]float32, c*g.grown(w.shape).places())
	}
	x := make([]float32, w.shape.Len())
	for i := range data.Len() {
		if err := data.Map(ctx, i, x); err != nil {
			return nil, err
		}
		for k, m := range w.mean {
			x[k] -= m
		}
		simd.Parallel(len(regions), func(r int) {
			g := regions[r].grown(w.shape)
			n := g.places()
			w.gather(rows[r], x, g)
			simd.Gemm(false, true, c, c, n, 1, rows[r], n, rows[r], n, 1, sums[r], c)
		})
	}
	return sums, nil
}

// gather lays the places of a region out as (C,places).
func (w *Whitening) gather(dst, x []float32, g region) {
	at := 0
	for c := range w.shape.C {
		for y := g.top; y < g.bottom; y++ {
			row := x[(c*w.shape.H+y)*w.shape.W:]
			at += copy(dst[at:], row[g.left:g.right])
		}
	}
}

// scatter is the opposite of gather.
func (w *Whitening) scatter(x, src []float32, g region) {
	n := g.right - g.left
	for c := range w.shape.C {
		for y := g.top; y < g.bottom; y++ {
			copy(x[(c*w.shape.H+y)*w.shape.W+g.left:][:n], src)
			src = src[n:]
		}
	}
}

// invert turns the sums of products into W_r.
func (w *Whitening) invert(sums [][]float32, images int) error {
	c := w.shape.C
	whole := w.whole(sums, images)
	top := 0.0
	for k := range c {
		top = max(top, whole[k*c+k])
	}
	added := max(floor*top, rounding*w.meanSquare()) + math.SmallestNonzeroFloat32
	w.factor = make([]float32, len(sums)*c*c)
	wrong := make([]error, len(sums))
	regions := w.regions()
	simd.Parallel(len(sums), func(r int) {
		cov := mat.NewSymDense(c, nil)
		n := float64(images * regions[r].grown(w.shape).places())
		share := max(shrink, float64(c)/(float64(c)+n)) // fewer samples than channels say little
		for i := range c {
			for j := i; j < c; j++ {
				v := (1-share)*float64(sums[r][i*c+j])/n + share*whole[i*c+j]
				if i == j {
					v += added
				}
				cov.SetSym(i, j, v)
			}
		}
		wrong[r] = inverseFactor(w.factor[r*c*c:(r+1)*c*c], cov)
	})
	return errors.Join(wrong...)
}

// meanSquare is the mean of μ².
func (w *Whitening) meanSquare() (sum float64) {
	for _, v := range w.mean {
		sum += float64(v) * float64(v) / float64(len(w.mean))
	}
	return sum
}

// whole is the covariance over all regions, (C,C).
func (w *Whitening) whole(sums [][]float32, images int) []float64 {
	out, n := make([]float64, w.shape.C*w.shape.C), 0.0
	for r, g := range w.regions() {
		n += float64(images * g.grown(w.shape).places())
		for k, v := range sums[r] {
			out[k] += float64(v)
		}
	}
	for k := range out {
		out[k] /= n
	}
	return out
}

// inverseFactor writes L⁻¹ of cov = L·Lᵀ to into, (C,C).
func inverseFactor(into []float32, cov *mat.SymDense) error {
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		return errors.New("whiten: the covariance is not positive definite; are all features finite?")
	}
	var l, inv mat.TriDense
	chol.LTo(&l)
	if err := inv.InverseTri(&l); err != nil {
		return fmt.Errorf("whiten: inverting the covariance's factor: %w", err)
	}
	n := cov.SymmetricDim()
	for i := range n {
		for j := range i + 1 {
			into[i*n+j] = float32(inv.At(i, j))
		}
	}
	return nil
}

// Apply whitens n maps in place, (n,C,H,W).
func (w *Whitening) Apply(maps []float32, n int) {
	each := w.shape.Len()
	if len(maps) != n*each {
		panic(fmt.Sprintf("whiten: %d values for %d maps of %v", len(maps), n, w.shape))
	}
	regions := w.regions()
	chunks := min(len(regions), max(1, 2*simd.Threads()/n)) // of an image's regions, so that one image is shared too
	simd.Parallel(n*chunks, func(i int) {
		k := i % chunks
		w.some(maps[i/chunks*each:][:each], regions, k*len(regions)/chunks, (k+1)*len(regions)/chunks)
	})
}

// some whitens the regions from first to before end of a map.
func (w *Whitening) some(x []float32, regions []region, first, end int) {
	c := w.shape.C
	var in, mean, out []float32
	for r := first; r < end; r++ {
		g := regions[r]
		n := g.places()
		in, mean, out = slices.Grow(in[:0], c*n)[:c*n], slices.Grow(mean[:0], c*n)[:c*n], slices.Grow(out[:0], c*n)[:c*n]
		w.gather(in, x, g)
		w.gather(mean, w.mean, g)
		for k, m := range mean {
			in[k] -= m
		}
		simd.Gemm(false, false, c, n, c, 1, w.factor[r*c*c:(r+1)*c*c], c, in, n, 0, out, n)
		w.scatter(x, out, g)
	}
}

// Tensors are what Restore needs, under names that begin with prefix.
func (w *Whitening) Tensors(prefix string) []weights.Tensor {
	c, packed := w.shape.C, make([]float32, 0, len(w.factor)/2)
	regions := w.grid[0] * w.grid[1]
	for r := range regions {
		for i := range c {
			packed = append(packed, w.factor[(r*c+i)*c:][:i+1]...)
		}
	}
	return []weights.Tensor{
		{Name: prefix + "mean", Shape: []int{c, w.shape.H, w.shape.W}, DType: "F32", Data: w.mean},
		{Name: prefix + "factor", Shape: []int{w.grid[0], w.grid[1], c * (c + 1) / 2}, DType: "F32", Data: packed},
	}
}

// Restore reads what Tensors wrote for maps of the given shape.
func Restore(s Shape, prefix string, get func(name string) (weights.Tensor, error)) (*Whitening, error) {
	mean, err := get(prefix + "mean")
	if err != nil {
		return nil, err
	}
	factor, err := get(prefix + "factor")
	if err != nil {
		return nil, err
	}
	if !slices.Equal(mean.Shape, []int{s.C, s.H, s.W}) || len(mean.Data) != s.Len() {
		return nil, fmt.Errorf("tensor %smean has shape %v and the model wants [%d %d %d]", prefix, mean.Shape, s.C, s.H, s.W)
	}
	triangle := s.C * (s.C + 1) / 2
	f := factor.Shape
	if len(f) != 3 || f[2] != triangle || f[0] < 1 || f[1] < 1 || f[0] > s.H || f[1] > s.W || len(factor.Data) != f[0]*f[1]*f[2] {
		return nil, fmt.Errorf("tensor %sfactor has shape %v and the model wants regions of %d values each", prefix, f, triangle)
	}
	w := &Whitening{shape: s, grid: [2]int{f[0], f[1]}, mean: mean.Data, factor: make([]float32, f[0]*f[1]*s.C*s.C)}
	w.unpack(factor.Data)
	return w, nil
}

func (w *Whitening) unpack(packed []float32) {
	c := w.shape.C
	for r := range w.grid[0] * w.grid[1] {
		for i := range c {
			copy(w.factor[(r*c+i)*c:][:i+1], packed)
			packed = packed[i+1:]
		}
	}
}
