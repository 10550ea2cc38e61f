package baseline

import (
	"errors"
	"fmt"
	"math"
)

// regularisation is what PaDiM adds to every variance, so that a covariance of few samples can be inverted.
const regularisation = 0.01

var errFewImages = errors.New("a covariance needs at least two samples")

// packed is the number of values of a lower triangle with n rows.
func packed(n int) int { return n * (n + 1) / 2 }

// whiten writes W = L⁻¹ to into, the lower triangle row by row, where LLᵀ = S/(samples−1) + 0.01·I and S, (n,n), is the
// sum of the products of deviations. The Mahalanobis distance of x is then ‖W(x−μ)‖. work holds packed(n) values.
func whiten(into []float32, work []float64, s func(row, col int) float64, n, samples int) error {
	for r := range n {
		for c := range r + 1 {
			v := s(r, c) / float64(samples-1)
			if r == c {
				v += regularisation
			}
			a, b := work[packed(r):], work[packed(c):]
			for k := range c {
				v -= a[k] * b[k]
			}
			if r > c {
				a[c] = v / b[c]
				continue
			}
			if !(v > 0) || math.IsInf(v, 1) {
				return fmt.Errorf("the covariance is not positive definite at dimension %d; are all features finite?", r)
			}
			a[r] = math.Sqrt(v)
		}
	}
	invertLower(work, n)
	for i := range packed(n) {
		into[i] = float32(work[i])
	}
	return nil
}

// invertLower replaces a packed lower triangle by its inverse: row r of the inverse W follows from the rows above it,
// W_rc = −(Σ_{k=c}^{r−1} L_rk·W_kc)/L_rr.
func invertLower(l []float64, n int) {
	for r := range n {
		row := l[packed(r) : packed(r)+r+1]
		diagonal := 1 / row[r]
		for c := range r {
			sum := 0.0
			for k := c; k < r; k++ {
				sum += row[k] * l[packed(k)+c]
			}
			row[c] = -sum * diagonal // columns left of c are not read again
		}
		row[r] = diagonal
	}
}
