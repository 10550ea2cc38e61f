package engine

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"
)

// mixedCell is the k-th of a long session: a variable, a function with a closure, a type with methods, and a statement, in
// turn.
func mixedCell(k int) string {
	switch k % 4 {
	case 0:
		return fmt.Sprintf("v%d := %d\nfmt.Println(v%d, x)", k, k, k)
	case 1:
		return fmt.Sprintf("func f%d(a int) int { for i := range 3 { a += i }; return a + x }\ng%d := func() int { x++; return f%d(x) }\ng%d()", k, k, k, k)
	case 2:
		return fmt.Sprintf("type T%d struct { x int; s string }\nfunc (t T%d) String() string { return fmt.Sprint(t.x) }\nfunc (t *T%d) Inc() { t.x++ }\nt%d := &T%d{x: 1}; t%d.Inc(); fmt.Println(t%d)", k, k, k, k, k, k, k)
	}
	return "x++"
}

func heapNow() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// allocations are all bytes that were ever allocated.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// quartile is the lower one: what else the machine does only adds to it.
func quartile[N cmp.Ordered](d []N) N {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/4]
}

// TestLongSession holds what a session may cost: 60 KB of heap a cell, and after a thousand cells at most twice the allocations
// of the first. It tells what it took; BenchmarkCell is exact.
func TestLongSession(t *testing.T) {
	n := 400
	if slow() {
		n = 1000
	}
	start := time.Now()
	s := newSession(t)
	ready := time.Since(start)
	if _, err := eval(s, "x := 0; fmt.Println(x)"); err != nil {
		t.Fatal(err)
	}
	h0 := heapNow()
	var took []time.Duration
	var allocated []uint64
	for k := range n {
		before := allocations()
		start := time.Now()
		if _, err := eval(s, mixedCell(k)); err != nil {
			t.Fatalf("cell %d: %v", k, err)
		}
		took, allocated = append(took, time.Since(start)), append(allocated, allocations()-before)
	}
	perCell := (float64(heapNow()) - float64(h0)) / float64(n) / 1024 // below zero where the first look was before a collection
	first, last, all := quartile(took[:100]), quartile(took[n-100:]), quartile(took)
	t.Logf("start %v; %d cells: lower quartile %v, of the first 100 %v, of the last 100 %v; %.1f KB a cell", ready, n, all, first, last, perCell)
	if perCell > 60 {
		t.Errorf("%.1f KB of heap a cell", perCell)
	}
	if first, last := quartile(allocated[:100]), quartile(allocated[n-100:]); last > 2*first {
		t.Errorf("the last cells allocate %d B each, the first %d B", last, first)
	}
}

func BenchmarkCell(b *testing.B) {
	s := newSession(b)
	eval(s, "x := 0; fmt.Println(x)")
	for k := 0; b.Loop(); k++ {
		if _, err := eval(s, mixedCell(k)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := New()
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkRun runs what the interpreter is slow at, each in one cell.
func BenchmarkRun(b *testing.B) {
	for _, p := range []struct{ name, src string }{
		{"loop of 10M", "func lp(n int) (s int) { for i := 0; i < n; i++ { s += i }; return }; lp(10000000)"},
		{"fib(27)", "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }; fib(27)"},
		{"1+1", "1 + 1"},
		{"Println", `fmt.Println("hello")`},
	} {
		b.Run(p.name, func(b *testing.B) {
			s := newSession(b)
			eval(s, "fmt.Sprint(1)")
			for b.Loop() {
				if _, err := eval(s, p.src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
