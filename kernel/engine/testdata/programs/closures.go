package main

import "fmt"

func counter() (func() int, func()) {
	n := 0
	return func() int { n++; return n }, func() { n = 0 }
}

func compose[A, B, C any](f func(A) B, g func(B) C) func(A) C { return func(a A) C { return g(f(a)) } }

type acc struct{ total int }

func (a *acc) add(n int) *acc { a.total += n; return a }
func (a acc) get() int        { return a.total }

func fibgen() func() int {
	a, b := 0, 1
	return func() int {
		r := a
		a, b = b, a+b
		return r
	}
}

func main() {
	next, reset := counter()
	fmt.Println(next(), next())
	reset()
	fmt.Println(next())
	f := compose(func(i int) string { return fmt.Sprint(i * 2) }, func(s string) []byte { return []byte(s + "!") })
	fmt.Printf("%s\n", f(21))
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i *= 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), " ", f(), " ")
	}
	fmt.Println()
	a := &acc{}
	add, get, addX := a.add, a.get, (*acc).add
	add(3).add(4)
	addX(a, 5)
	fmt.Println(a.total, get(), a.get(), acc.get(*a))
	g := fibgen()
	for range 10 {
		fmt.Print(g(), ",")
	}
	fmt.Println()
	var rec func(int) int
	rec = func(n int) int {
		if n == 0 {
			return 1
		}
		return n * rec(n-1)
	}
	fmt.Println(rec(10))
	defer func(s string) { fmt.Println("deferred", s) }("arg")
	x := 1
	defer fmt.Println("x was", x)
	x = 2
	func() { x++ }()
	fmt.Println("x is", x)
}

// Output:
// 1 2
// 1
// 42!
// 0 0 10 100 20 200
// 12 0 12 12
// 0,1,1,2,3,5,8,13,21,34,
// 3628800
// x is 3
// x was 1
// deferred arg
