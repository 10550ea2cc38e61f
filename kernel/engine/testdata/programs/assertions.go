package main

import (
	"fmt"
	"io"
	"net/http"
)

type Ints []int
type F func(int) int
type M map[string]int
type C chan int
type P *int
type S struct{ A int }
type Arr [2]int

func kinds(x any) string {
	switch x.(type) {
	case Ints:
		return "Ints"
	case []int:
		return "[]int"
	case F:
		return "F"
	case func(int) int:
		return "func"
	case M:
		return "M"
	case map[string]int:
		return "map"
	case C:
		return "C"
	case <-chan int:
		return "<-chan"
	case chan int:
		return "chan"
	case P:
		return "P"
	case *int:
		return "*int"
	case S:
		return "S"
	case struct{ A int }:
		return "struct"
	case Arr:
		return "Arr"
	case [2]int:
		return "[2]int"
	}
	return "?"
}
func is[T any](x any) bool { _, ok := x.(T); return ok }
func try(f func()) {
	defer func() { fmt.Println(recover()) }()
	f()
}

type w struct{}

func (w) Write(b []byte) (int, error) { return len(b), nil }

func main() {
	n := 1
	for _, x := range []any{Ints{}, []int{}, F(nil), func(int) int { return 0 }, M{}, map[string]int{}, make(C), make(<-chan int), make(chan int), P(&n), &n, S{}, struct{ A int }{}, Arr{}, [2]int{}, nil, 2} {
		fmt.Print(kinds(x), " ")
	}
	fmt.Println()
	fmt.Println(is[Ints]([]int{}), is[[]int](Ints{}), is[[]int]([]int{}), is[F](F(nil)), is[io.Writer](w{}), is[io.Reader](w{}), is[http.Handler](http.HandlerFunc(nil)))
	try(func() { var x any = []int{}; _ = x.(Ints) })
	try(func() { var x any = 1; _ = x.(string) })
	try(func() { var x any = "s"; _ = x.(fmt.Stringer) })
	try(func() { var x any = w{}; _ = x.(io.ReadWriter) })
	try(func() { var x io.Writer = w{}; _ = x.(http.ResponseWriter) })
	try(func() { var x any; _ = x.(int) })
	var x any = S{3}
	if s, ok := x.(S); ok {
		fmt.Println(s.A)
	}
	if _, ok := x.(*S); !ok {
		fmt.Println("no pointer")
	}
	s, ok := x.(string)
	fmt.Printf("%q %v\n", s, ok)
	var e error = fmt.Errorf("e")
	_, ok = e.(interface{ Unwrap() error })
	fmt.Println(ok)
}

// Output:
// Ints []int F func M map C <-chan chan P *int S struct Arr [2]int ? ?
// false false true true true false true
// interface conversion: interface {} is []int, not main.Ints
// interface conversion: interface {} is int, not string
// interface conversion: string is not fmt.Stringer: missing method String
// interface conversion: main.w is not io.ReadWriter: missing method Read
// interface conversion: main.w is not http.ResponseWriter: missing method Header
// interface conversion: interface {} is nil, not int
// 3
// no pointer
// "" false
// false
