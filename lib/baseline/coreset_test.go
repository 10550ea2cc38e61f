package baseline

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every choice must be a point that is farthest from those before it, up to rounding; the first is farthest from the mean.
func TestCoresetTakesTheFarthest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, dims, want int }{{1, 3, 1}, {30, 2, 30}, {500, 5, 60}, {5000, 4, 250}} {
		points := make([]float32, c.n*c.dims)
		for i := range points {
			points[i] = float32(3 + r.NormFloat64())
		}
		chosen, err := kCentre(context.Background(), points, c.dims, c.want, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if len(chosen) != c.want {
			t.Fatalf("%+v: %d choices", c, len(chosen))
		}
		row := func(i int) []float32 { return points[i*c.dims : (i+1)*c.dims] }
		far := make([]float64, c.n)
		for i := range far {
			far[i] = euclid(row(i), meanOf(points, c.dims))
		}
		for at, next := range chosen {
			if most := slices.Max(far); far[next] < most-1e-3 {
				t.Fatalf("%+v: choice %d lies at %v, the farthest at %v", c, at, far[next], most)
			}
			for i := range far {
				if at == 0 {
					far[i] = math.Inf(1)
				}
				far[i] = min(far[i], euclid(row(i), row(next)))
			}
			far[next] = -1
		}
	}
}

func meanOf(points []float32, dims int) []float32 {
	mean := make([]float32, dims)
	for i, v := range points {
		mean[i%dims] += v * float32(dims) / float32(len(points))
	}
	return mean
}

// Equal points must not keep the choice from ending, nor be chosen twice.
func TestCoresetOfEqualPoints(t *testing.T) {
	points := make([]float32, 3*6000)
	for i := range points {
		points[i] = 2
	}
	chosen, err := kCentre(context.Background(), points, 3, 5000, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(chosen)
	if len(slices.Compact(chosen)) != 5000 {
		t.Errorf("%d different points of 5000", len(slices.Compact(chosen)))
	}
}
