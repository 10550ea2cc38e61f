package metrics

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs f(i) for 0 ≤ i < n on all cores and returns when all are done. A panic in f comes out of parallel, where
// the caller can recover it; on its own goroutine it would end the program.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	var fault atomic.Value
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					fault.CompareAndSwap(nil, panicked{r})
				}
			}()
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				f(i)
			}
		})
	}
	wait.Wait()
	if p, ok := fault.Load().(panicked); ok {
		panic(p.value)
	}
}

// panicked wraps a panic's value, whose type may vary, for atomic.Value.
type panicked struct{ value any }
