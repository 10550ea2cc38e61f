package simd

import "sync"

// A freeList keeps values that were used, so that a call allocates only when more run at once than ever before.
type freeList[T any] struct {
	mu   sync.Mutex
	list []*T
}

func (f *freeList[T]) get() *T {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return new(T)
	}
	v := f.list[n-1]
	f.list = f.list[:n-1]
	return v
}

func (f *freeList[T]) put(v *T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, v)
}
