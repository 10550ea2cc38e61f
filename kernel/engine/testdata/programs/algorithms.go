package main

import (
	"container/heap"
	"container/list"
	"fmt"
	"math/rand"
	"sort"
	"strings"
)

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
func swapLoop(n int) (int, int, int) {
	a, b, c := 1, 2, 3
	for i := 0; i < n; i++ {
		a, b, c = b, c, a
		if i%2 == 0 {
			a, c = c, a
		}
	}
	return a, b, c
}
func reverse[T any](xs []T) {
	for i, j := 0, len(xs)-1; i < j; i, j = i+1, j-1 {
		xs[i], xs[j] = xs[j], xs[i]
	}
}
func sieve(n int) (ps []int) {
	comp := make([]bool, n+1)
	for i := 2; i <= n; i++ {
		if !comp[i] {
			ps = append(ps, i)
			for j := i * i; j <= n; j += i {
				comp[j] = true
			}
		}
	}
	return
}
func quick(xs []int) []int {
	if len(xs) < 2 {
		return xs
	}
	p, rest := xs[0], xs[1:]
	var lo, hi []int
	for _, x := range rest {
		if x < p {
			lo = append(lo, x)
		} else {
			hi = append(hi, x)
		}
	}
	return append(append(quick(lo), p), quick(hi)...)
}
func permutations(xs []int, f func([]int)) {
	if len(xs) == 0 {
		f(nil)
		return
	}
	for i := range xs {
		rest := append(append([]int{}, xs[:i]...), xs[i+1:]...)
		permutations(rest, func(p []int) { f(append([]int{xs[i]}, p...)) })
	}
}

type pq []*it
type it struct {
	s   string
	pri int
	idx int
}

func (p pq) Len() int           { return len(p) }
func (p pq) Less(i, j int) bool { return p[i].pri > p[j].pri }
func (p pq) Swap(i, j int)      { p[i], p[j] = p[j], p[i]; p[i].idx = i; p[j].idx = j }
func (p *pq) Push(x any)        { i := x.(*it); i.idx = len(*p); *p = append(*p, i) }
func (p *pq) Pop() any {
	o := *p
	x := o[len(o)-1]
	*p = o[:len(o)-1]
	return x
}
func hanoi(n int, a, b, c string, moves *int) {
	if n == 0 {
		return
	}
	hanoi(n-1, a, c, b, moves)
	*moves++
	hanoi(n-1, c, b, a, moves)
}
func queens(n int) (count int) {
	cols, d1, d2 := make([]bool, n), make([]bool, 2*n), make([]bool, 2*n)
	var place func(int)
	place = func(r int) {
		if r == n {
			count++
			return
		}
		for c := range n {
			if cols[c] || d1[r+c] || d2[r-c+n] {
				continue
			}
			cols[c], d1[r+c], d2[r-c+n] = true, true, true
			place(r + 1)
			cols[c], d1[r+c], d2[r-c+n] = false, false, false
		}
	}
	place(0)
	return
}
func matmul(a, b [][]float64) [][]float64 {
	r := make([][]float64, len(a))
	for i := range r {
		r[i] = make([]float64, len(b[0]))
		for j := range r[i] {
			for k := range b {
				r[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return r
}
func collatz(n int) (steps int) {
	for n != 1 {
		if n&1 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
		steps++
	}
	return
}
func bin(xs []int, x int) int { return sort.Search(len(xs), func(i int) bool { return xs[i] >= x }) }

func lev(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}

type graph map[string][]string

func (g graph) bfs(from string) (order []string) {
	seen := map[string]bool{from: true}
	for q := []string{from}; len(q) > 0; q = q[1:] {
		order = append(order, q[0])
		for _, n := range g[q[0]] {
			if !seen[n] {
				seen[n] = true
				q = append(q, n)
			}
		}
	}
	return
}
func xorshift(n int) (s []uint32) {
	x, y := uint32(2463534242), uint32(7)
	for range n {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		x, y = y, x
		s = append(s, x%100)
	}
	return
}
func life(g [5][5]bool) [5][5]bool {
	var n [5][5]bool
	for i := range g {
		for j := range g[i] {
			c := 0
			for di := -1; di <= 1; di++ {
				for dj := -1; dj <= 1; dj++ {
					if (di != 0 || dj != 0) && g[(i+di+5)%5][(j+dj+5)%5] {
						c++
					}
				}
			}
			n[i][j] = c == 3 || g[i][j] && c == 2
		}
	}
	return n
}
func main() {
	fmt.Println(gcd(1071, 462), gcd(17, 5))
	for i := range 6 {
		fmt.Print(swapLoop(i))
		fmt.Print(" ")
	}
	fmt.Println()
	xs := []string{"a", "b", "c"}
	reverse(xs)
	fmt.Println(xs, sieve(50), quick([]int{3, 1, 2, 5, 4, 3}))
	permutations([]int{1, 2, 3}, func(p []int) { fmt.Print(p) })
	fmt.Println()
	h := &pq{}
	for i, s := range []string{"low", "high", "mid"} {
		heap.Push(h, &it{s: s, pri: []int{1, 9, 5}[i]})
	}
	(*h)[2].pri = 100
	heap.Fix(h, 2)
	for h.Len() > 0 {
		fmt.Print(heap.Pop(h).(*it).s, " ")
	}
	fmt.Println()
	moves := 0
	hanoi(10, "a", "b", "c", &moves)
	fmt.Println(moves, queens(6), collatz(27), bin([]int{1, 3, 5, 7}, 5), lev("kitten", "sitting"))
	fmt.Println(matmul([][]float64{{1, 2}, {3, 4}}, [][]float64{{0, 1}, {1, 0}}))
	l := list.New()
	l.PushBack(1)
	l.PushFront("zero")
	for e := l.Front(); e != nil; e = e.Next() {
		fmt.Print(e.Value, " ")
	}
	fmt.Println(graph{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}.bfs("a"))
	r := rand.New(rand.NewSource(1))
	fmt.Println(r.Intn(100), r.Intn(100), r.Perm(5))
	words := map[string]int{}
	for _, w := range strings.Fields("to be or not to be that is to") {
		words[w]++
	}
	type kv struct {
		k string
		v int
	}
	var kvs []kv
	for k, v := range words {
		kvs = append(kvs, kv{k, v})
	}
	sort.Slice(kvs, func(i, j int) bool { return kvs[i].v > kvs[j].v || kvs[i].v == kvs[j].v && kvs[i].k < kvs[j].k })
	fmt.Println(kvs)
	fmt.Println(xorshift(8))
	g := [5][5]bool{1: {2: true}, 2: {2: true}, 3: {2: true}}
	g = life(g)
	fmt.Println(g[2])
	a, b := 0, 1
	for a < 100 {
		fmt.Print(a, " ")
		a, b = b, a+b
	}
	fmt.Println()
}

// Output:
// 21 1
// 1 2 3 1 3 2 3 2 1 3 1 2 1 2 3 1 3 2
// [c b a] [2 3 5 7 11 13 17 19 23 29 31 37 41 43 47] [1 2 3 3 4 5]
// [1 2 3][1 3 2][2 1 3][2 3 1][3 1 2][3 2 1]
// mid high low
// 1023 4 111 2 3
// [[2 1] [4 3]]
// zero 1 [a b c d]
// 81 87 [4 2 3 1 0]
// [{to 3} {be 2} {is 1} {not 1} {or 1} {that 1}]
// [7 15 83 6 55 0 7 82]
// [false true true true false]
// 0 1 1 2 3 5 8 13 21 34 55 89
