package simd

import (
	"math"
	"unsafe"
)

// Sum is Σ x[i], added in float64.
func Sum(x []float32) float64 {
	done, total := reduceWhole(active.sum, x)
	for _, v := range x[done:] {
		total += float64(v)
	}
	return total
}

// SumSquares is Σ x[i]², added in float64.
func SumSquares(x []float32) float64 {
	done, total := reduceWhole(active.squares, x)
	for _, v := range x[done:] {
		total += float64(v) * float64(v)
	}
	return total
}

// reduceWhole reduces the longest part of x that a kernel can take and returns its length.
func reduceWhole(kernel func(*reduceArgs), x []float32) (done int, total float64) {
	done = len(x) &^ 15
	if kernel == nil || done == 0 {
		return 0, 0
	}
	s := borrowScratch()
	defer returnScratch(s)
	const block = 1 << 16 // so that no kernel runs for long
	for i := 0; i < done; i += block {
		s.reduce = reduceArgs{a: unsafe.Pointer(&x[i]), n: min(block, done-i)}
		callReduce(kernel, &s.reduce)
		total += s.reduce.out
	}
	return done, total
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
