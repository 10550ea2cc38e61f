package op

import (
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
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

// A shelf keeps arrays for the next borrower. (A sync.Pool would lose them at every garbage collection.)
type shelf[T Float] struct {
	mu   sync.Mutex
	list []*[]T
}

// shelfLength is how many arrays a shelf keeps.
const shelfLength = 16

var (
	shelf32 shelf[float32]
	shelf64 shelf[float64]
)

func shelfOf[T Float]() *shelf[T] {
	if s, ok := any(&shelf32).(*shelf[T]); ok {
		return s
	}
	return any(&shelf64).(*shelf[T])
}

// borrow returns n numbers of unspecified value, for giveBack when they are done with: the smallest kept array that has as
// many, or else a new one in place of the smallest.
func borrow[T Float](n int) *[]T {
	f := shelfOf[T]()
	f.mu.Lock()
	defer f.mu.Unlock()
	best, smallest := -1, -1
	for i, s := range f.list {
		if cap(*s) >= n && (best < 0 || cap(*s) < cap(*f.list[best])) {
			best = i
		}
		if smallest < 0 || cap(*s) < cap(*f.list[smallest]) {
			smallest = i
		}
	}
	if best < 0 && len(f.list) < shelfLength {
		s := make([]T, n)
		return &s
	}
	if best < 0 {
		best = smallest
		*f.list[best] = make([]T, n)
	}
	s := f.list[best]
	f.list[best] = f.list[len(f.list)-1]
	f.list = f.list[:len(f.list)-1]
	*s = (*s)[:n]
	return s
}

func giveBack[T Float](s *[]T) {
	f := shelfOf[T]()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < shelfLength {
		f.list = append(f.list, s)
	}
}
