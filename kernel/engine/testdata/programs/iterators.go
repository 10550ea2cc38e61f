package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
)

func Count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("count done")
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
func Zip[A, B any](a iter.Seq[A], b iter.Seq[B]) iter.Seq2[A, B] {
	return func(yield func(A, B) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		for x := range a {
			y, ok := next()
			if !ok || !yield(x, y) {
				return
			}
		}
	}
}
func filter[T any](s iter.Seq[T], f func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for x := range s {
			if f(x) && !yield(x) {
				return
			}
		}
	}
}
func find(n int) (int, bool) {
	for i := range Count(10) {
		for j := range Count(10) {
			if i*j == n {
				return i*10 + j, true
			}
		}
	}
	return 0, false
}
func nested() string {
	var b strings.Builder
outer:
	for i := range Count(4) {
		for j := range Count(4) {
			if j == 2 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			fmt.Fprint(&b, i, j, ";")
		}
	}
	return b.String()
}
func deferIn() {
	for i := range Count(2) {
		defer fmt.Println("deferred", i)
	}
	fmt.Println("end of deferIn")
}
func panics() (err error) {
	defer func() { err = fmt.Errorf("recovered %v", recover()) }()
	for i := range Count(3) {
		if i == 1 {
			panic("in body")
		}
	}
	return nil
}

type Matrix [][]int

func (m Matrix) Cells() iter.Seq2[[2]int, int] {
	return func(yield func([2]int, int) bool) {
		for i, r := range m {
			for j, v := range r {
				if !yield([2]int{i, j}, v) {
					return
				}
			}
		}
	}
}
func none(yield func() bool) {
	for yield() {
	}
}
func main() {
	for i := range 3 {
		fmt.Print(i)
	}
	for range 2 {
		fmt.Print("x")
	}
	fmt.Println()
	for i := range Count(5) {
		if i == 3 {
			break
		}
		fmt.Print(i, " ")
	}
	for a, b := range Zip(Count(3), slices.Values([]string{"a", "b"})) {
		fmt.Print(a, b, " ")
	}
	fmt.Println(slices.Collect(filter(Count(10), func(i int) bool { return i%3 == 0 })))
	fmt.Println(find(6))
	fmt.Println(nested())
	deferIn()
	fmt.Println(panics())
	for p, v := range (Matrix{{1, 2}, {3}}).Cells() {
		fmt.Print(p, v, " ")
	}
	fmt.Println()
	n := 0
	for range none {
		n++
		if n == 3 {
			break
		}
	}
	fmt.Println(n)
	m := map[string]int{"b": 2, "a": 1, "c": 3}
	fmt.Println(slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Values(m)))
	for i, s := range slices.Backward([]string{"x", "y"}) {
		fmt.Print(i, s)
	}
	fmt.Println()
	next, stop := iter.Pull2(maps.All(map[int]string{1: "one"}))
	fmt.Println(next())
	fmt.Println(next())
	stop()
	for i, r := range "héllo" {
		fmt.Print(i, string(r), " ")
	}
	fmt.Println()
	var arr [5]int
	for i := range len(arr) {
		arr[i] = i * i
	}
	for i, v := range &arr {
		arr[4] = 100
		fmt.Print(i, v, " ")
	}
	fmt.Println()
	for i, v := range arr {
		arr[4] = 200
		fmt.Print(i, v, " ")
	}
	fmt.Println()
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range 4 {
			ch <- i
		}
	}()
	for v := range ch {
		fmt.Print(v)
	}
	fmt.Println()
	for c := range strings.SplitSeq("a,b,c", ",") {
		fmt.Print(c)
	}
	for c := range slices.Chunk([]int{1, 2, 3, 4, 5}, 2) {
		fmt.Print(c)
	}
	fmt.Println()
	keys := []string{}
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	fmt.Println(keys)
	for i := range uint8(3) {
		fmt.Printf("%T%d ", i, i)
	}
	fmt.Println()
}

// Output:
// 012xx
// 0 1 2 count done
// 0a 1b count done
// count done
// [0 3 6 9]
// count done
// count done
// count done
// 16 true
// count done
// count done
// count done
// count done
// 0 0;0 1;1 0;1 1;
// count done
// end of deferIn
// deferred 1
// deferred 0
// count done
// recovered in body
// [0 0] 1 [0 1] 2 [1 0] 3
// 3
// [a b c] [1 2 3]
// 1y0x
// 1 one true
// 0  false
// 0h 1é 3l 4l 5o
// 0 0 1 1 2 4 3 9 4 100
// 0 0 1 1 2 4 3 9 4 100
// 0123
// abc[1 2][3 4][5]
// [a b c]
// uint80 uint81 uint82
