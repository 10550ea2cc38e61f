package simd

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestParallelRunsEachItemOnce(t *testing.T) {
	defer SetThreads(Threads())
	for _, threads := range []int{1, 2, 5, 3} {
		SetThreads(threads)
		for _, n := range []int{0, 1, 2, 7, 1000} {
			counts := make([]atomic.Int32, n)
			Parallel(n, func(i int) { counts[i].Add(1) })
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d threads, %d items: item %d ran %d times", threads, n, i, c)
				}
			}
		}
	}
}

func TestParallelNestedAndConcurrent(t *testing.T) {
	defer SetThreads(Threads())
	SetThreads(3)
	var total atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 50 {
				Parallel(5, func(int) { Parallel(7, func(int) { total.Add(1) }) })
			}
		})
	}
	callers.Wait()
	if want := int64(4 * 50 * 5 * 7); total.Load() != want {
		t.Errorf("ran %d items, want %d", total.Load(), want)
	}
}

func TestParallelAfterParking(t *testing.T) {
	defer SetThreads(Threads())
	SetThreads(2)
	for range 5 {
		var ran atomic.Int32
		Parallel(2, func(int) { ran.Add(1); time.Sleep(time.Millisecond) })
		if ran.Load() != 2 {
			t.Fatal("an item was lost")
		}
		for _, h := range workers.helpers {
			for start := time.Now(); !h.parked.Load(); time.Sleep(time.Millisecond) {
				if time.Since(start) > time.Minute {
					t.Fatal("a helper stays awake without work")
				}
			}
		}
	}
}

func TestParallelPanics(t *testing.T) {
	defer SetThreads(Threads())
	SetThreads(2)
	for range 20 {
		func() {
			defer func() {
				if recover() != "item" {
					t.Error("the panic of an item did not reach the caller")
				}
			}()
			Parallel(8, func(i int) {
				time.Sleep(10 * time.Microsecond)
				if i == 3 {
					panic("item")
				}
			})
		}()
	}
}

func BenchmarkDispatch(b *testing.B) {
	f := func(int) {}
	for b.Loop() {
		Parallel(Threads(), f)
	}
}
