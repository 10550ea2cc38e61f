package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRows(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(19, 20))
		for _, n := range []int{1, 7, 15, 16, 17, 64, 100, 1000, 70001} {
			rows := 1 + 30000/n
			x, y := guarded(rows*n, r), guarded(rows*n, r)
			sums, dots := make([]float64, rows), make([]float64, rows)
			RowSums(sums, x, n)
			RowDots(dots, x, y, n)
			for i := range rows {
				sum, dot := 0.0, 0.0
				for j := i * n; j < (i+1)*n; j++ {
					sum += float64(x[j])
					dot += float64(x[j]) * float64(y[j])
				}
				tol := float64(n) * float64(n) * 0x1p-53
				if d := math.Abs(sums[i] - sum); !(d <= tol) {
					t.Fatalf("row %d of %d values: the sum is off by %g", i, n, d)
				}
				if d := math.Abs(dots[i] - dot); !(d <= tol) {
					t.Fatalf("row %d of %d values: the inner product is off by %g", i, n, d)
				}
			}
		}
	})
	mustPanic(t, "too few values", func() { RowSums(make([]float64, 3), make([]float32, 5), 2) })
}
