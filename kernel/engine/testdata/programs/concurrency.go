package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

func worker(id int, jobs <-chan int, out chan<- string, wg *sync.WaitGroup) {
	defer wg.Done()
	for j := range jobs {
		out <- fmt.Sprintf("%d", j*j)
	}
	_ = id
}
func gen(ctx context.Context) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := 0; ; i++ {
			select {
			case c <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}

type safe struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *safe) inc(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k]++ }
func (s *safe) get(k string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.m[k]
}

type key struct{}

func main() {
	jobs, out := make(chan int, 10), make(chan string, 10)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Add(1)
		go worker(i, jobs, out, &wg)
	}
	for i := range 8 {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	close(out)
	var all []string
	for s := range out {
		all = append(all, s)
	}
	sort.Strings(all)
	fmt.Println(all)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "val"))
	for v := range gen(ctx) {
		if v == 5 {
			break
		}
	}
	cancel()
	fmt.Println(ctx.Err(), ctx.Value(key{}), errors.Is(ctx.Err(), context.Canceled))
	tctx, c2 := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer c2()
	select {
	case <-tctx.Done():
		fmt.Println(tctx.Err())
	case <-time.After(5 * time.Second):
		fmt.Println("late")
	}
	s := &safe{m: map[string]int{}}
	var n atomic.Int64
	var p atomic.Pointer[safe]
	p.Store(s)
	var once sync.Once
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s.inc("k")
			n.Add(int64(i))
			once.Do(func() { fmt.Println("once") })
		}()
	}
	wg.Wait()
	fmt.Println(s.get("k"), n.Load(), p.Load().get("k"))
	done := make(chan struct{})
	res := make(chan error, 1)
	go func() {
		defer close(done)
		defer func() { res <- fmt.Errorf("caught %v", recover()) }()
		panic("in goroutine")
	}()
	<-done
	fmt.Println(<-res)
	tick := time.NewTicker(time.Millisecond)
	k := 0
	for range tick.C {
		if k++; k == 3 {
			tick.Stop()
			break
		}
	}
	fmt.Println("ticks", k)
	var m sync.Map
	m.Store("a", 1)
	v, ok := m.Load("a")
	fmt.Println(v, ok)
	m.Range(func(k, v any) bool { fmt.Println(k, v); return true })
	pool := sync.Pool{New: func() any { return new([]int) }}
	x := pool.Get().(*[]int)
	*x = append(*x, 1)
	pool.Put(x)
	fmt.Println(len(*x))
	cond := sync.NewCond(&sync.Mutex{})
	ready := false
	go func() { cond.L.Lock(); ready = true; cond.L.Unlock(); cond.Broadcast() }()
	cond.L.Lock()
	for !ready {
		cond.Wait()
	}
	cond.L.Unlock()
	fmt.Println("ready", ready)
	f := sync.OnceValue(func() int { fmt.Println("computing"); return 42 })
	fmt.Println(f(), f())
	var nilch chan int
	select {
	case <-nilch:
	case nilch <- 1:
	default:
		fmt.Println("nil channels block")
	}
	cc := make(chan int, 2)
	cc <- 1
	fmt.Println(len(cc), cap(cc))
	close(cc)
	a, ok1 := <-cc
	b, ok2 := <-cc
	fmt.Println(a, ok1, b, ok2)
	time.AfterFunc(time.Millisecond, func() { wg.Done() })
	wg.Add(1)
	wg.Wait()
	wg.Go(func() { fmt.Println("wg.Go") })
	wg.Wait()
	sem := make(chan struct{}, 2)
	var running, peak atomic.Int32
	for range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			sem <- struct{}{}
			defer func() { <-sem }()
			if r := running.Add(1); r > peak.Load() {
				peak.Store(r)
			}
			time.Sleep(time.Millisecond)
			running.Add(-1)
		}()
	}
	wg.Wait()
	fmt.Println(peak.Load() <= 2)
}

// Output:
// [0 1 16 25 36 4 49 9]
// context canceled val true
// context deadline exceeded
// once
// 20 190 20
// caught in goroutine
// ticks 3
// 1 true
// a 1
// 1
// ready true
// computing
// 42 42
// nil channels block
// 1 2
// 1 true 0 false
// wg.Go
// true
