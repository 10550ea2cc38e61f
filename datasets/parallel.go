package datasets

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// inParallel calls do(i) for 0 ≤ i < n on all cores and returns when every call that began has ended. Once ctx is done no
// further call begins.
func inParallel(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	workers.Wait()
}
