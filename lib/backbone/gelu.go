package backbone

import (
	"math"
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// The error function's complement is (a₁t + … + a₅t⁵)·e^(−z²) with t = 1/(1 + p·z) for z ≥ 0, within 1.5e-7 (Abramowitz
// and Stegun, 7.1.26).
const erfP = 0.3275911

var erfA = [5]float32{0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429}

// geluBlock is how many values are in work at a time; they stay in the first-level cache.
const geluBlock = 1024

var geluOnes = func() (v [geluBlock]float32) {
	for i := range v {
		v[i] = 1
	}
	return v
}()

var geluWork = sync.Pool{New: func() any { return new([3 * geluBlock]float32) }}

// gelu replaces each value x by x·Φ(x), Φ being the normal distribution function, within 1e-6·|x|: x·Φ(x) = max(x,0) −
// |x|·erfc(|x|/√2)/2.
func gelu(x []float32) {
	simd.Parallel((len(x)+geluBlock-1)/geluBlock, func(i int) {
		work := geluWork.Get().(*[3 * geluBlock]float32)
		defer geluWork.Put(work)
		geluOf(x[i*geluBlock:min(len(x), (i+1)*geluBlock)], work[:])
	})
}

func geluOf(x, work []float32) {
	n := len(x)
	size, t, u := work[:n], work[geluBlock:][:n], work[2*geluBlock:][:n]
	simd.ReLU(u, x)
	simd.Scale(t, -2, u)
	simd.Add(size, x, t) // −|x|
	simd.Mul(x, x, x)
	simd.Scale(x, -0.5, x)
	simd.Exp(x, x) // e^(−z²) with z = |x|/√2
	simd.Mul(x, x, size)
	simd.Scale(x, 0.5, x)
	simd.Scale(t, -erfP/math.Sqrt2, size)
	simd.AddConst(t, 1, t)
	simd.Div(t, geluOnes[:n], t)
	simd.Scale(size, erfA[4], t)
	for k := 3; k >= 0; k-- {
		simd.AddConst(size, erfA[k], size)
		simd.Mul(size, size, t)
	}
	simd.Mul(x, x, size)
	simd.Add(x, u, x)
}
