package main

import "fmt"

type S struct{ n int }

func (s S) String() string { return fmt.Sprint("S", s.n) }
func (s *S) Set(n int)     { s.n = n }

type Setter interface{ Set(int) }
type A struct {
	x int
	S
}
type B struct {
	x [10]int
	S
}

func main() {
	a, b := A{1, S{7}}, B{S: S{8}}
	fmt.Println(a, b, &a, &b)
	for _, s := range []any{&a, &b} {
		s.(Setter).Set(9)
	}
	fmt.Println(a, b, &a, &b)
}

// Output:
// S7 S8 S7 S8
// S9 S9 S9 S9
