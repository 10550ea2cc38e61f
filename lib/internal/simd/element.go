package simd

import (
	"fmt"
	"math"
)

// sameLength panics unless all slices have n values.
func sameLength(n int, others ...[]float32) {
	for _, o := range others {
		if len(o) != n {
			panic(fmt.Sprintf("simd: slices of %d and %d values", n, len(o)))
		}
	}
}

// Exp sets dst[i] = e^src[i]. dst may be src, here and below.
func Exp(dst, src []float32) { mapFunc(dst, src, math.Exp) }

// Log sets dst[i] = ln src[i].
func Log(dst, src []float32) { mapFunc(dst, src, math.Log) }

// Tanh sets dst[i] = tanh src[i].
func Tanh(dst, src []float32) { mapFunc(dst, src, math.Tanh) }

// Atan sets dst[i] = arctan src[i].
func Atan(dst, src []float32) { mapFunc(dst, src, math.Atan) }

// Sigmoid sets dst[i] = 1/(1+e^−src[i]).
func Sigmoid(dst, src []float32) { mapFunc(dst, src, sigmoid) }

// Softplus sets dst[i] = ln(1+e^src[i]).
func Softplus(dst, src []float32) { mapFunc(dst, src, softplus) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func mapFunc(dst, src []float32, f func(float64) float64) {
	sameLength(len(dst), src)
	inBlocks(len(dst), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dst[i] = float32(f(float64(src[i])))
		}
	})
}

// inBlocks runs f over blocks of 0 … n on all workers, or at once if n is small.
func inBlocks(n int, f func(lo, hi int)) {
	const block = 8192
	if n <= block {
		f(0, n)
		return
	}
	Parallel(ceilDiv(n, block), func(i int) { f(i*block, min(n, (i+1)*block)) })
}

// Add sets dst[i] = a[i] + b[i].
func Add(dst, a, b []float32) {
	sameLength(len(dst), a, b)
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Sub sets dst[i] = a[i] − b[i].
func Sub(dst, a, b []float32) {
	sameLength(len(dst), a, b)
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// Mul sets dst[i] = a[i]·b[i].
func Mul(dst, a, b []float32) {
	sameLength(len(dst), a, b)
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Div sets dst[i] = a[i]/b[i].
func Div(dst, a, b []float32) {
	sameLength(len(dst), a, b)
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// Scale sets dst[i] = k·src[i].
func Scale(dst []float32, k float32, src []float32) {
	sameLength(len(dst), src)
	for i := range dst {
		dst[i] = k * src[i]
	}
}

// Axpy sets y[i] += k·x[i].
func Axpy(y []float32, k float32, x []float32) {
	sameLength(len(y), x)
	for i := range y {
		y[i] += k * x[i]
	}
}

// Sum is Σ x[i], added in float64.
func Sum(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}

// SumSquares is Σ x[i]², added in float64.
func SumSquares(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// Max is the largest of x, or −Inf if x is empty; NaN counts for nothing.
func Max(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}
