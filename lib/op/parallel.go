package op

import (
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"gorgonia.org/tensor"
)

// grain is the number of elements that one worker takes at a time: 16 K float32 are half of a first-level cache's
// neighbour, and long enough that handing them over costs nothing.
const grain = 16 << 10

// spans runs fn over consecutive spans of [0,n) on all cores. The spans depend on n only, so that sums formed per span
// do not depend on the number of cores.
func spans(n int, fn func(lo, hi int)) {
	if n <= grain {
		if n > 0 {
			fn(0, n)
		}
		return
	}
	simd.Parallel((n+grain-1)/grain, func(i int) { fn(i*grain, min(n, (i+1)*grain)) })
}

// rows runs fn(i) for 0 ≤ i < n on all cores, where one i costs about size elements; several i are taken at a time
// when they are small.
func rows(n, size int, fn func(i int)) {
	step := max(1, grain/max(1, size))
	if n <= step {
		for i := range n {
			fn(i)
		}
		return
	}
	simd.Parallel((n+step-1)/step, func(k int) {
		for i := k * step; i < min(n, (k+1)*step); i++ {
			fn(i)
		}
	})
}

var scratch32, scratch64 sync.Pool

func scratch[T Float]() *sync.Pool {
	if dtypeOf[T]() == tensor.Float32 {
		return &scratch32
	}
	return &scratch64
}

// borrow returns n numbers of unspecified value, for giveBack when they are done with.
func borrow[T Float](n int) *[]T {
	s, ok := scratch[T]().Get().(*[]T)
	if !ok {
		s = new([]T)
	}
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return s
}

func giveBack[T Float](s *[]T) { scratch[T]().Put(s) }
