package main

import (
	"fmt"
	"math"
)

type metre float64

func main() {
	nan, inf, zero := math.NaN(), math.Inf(1), 0.0
	fmt.Println(min(nan, 1), max(1, nan), max(inf, nan), min(-inf, nan))
	fmt.Println(1/max(math.Copysign(0, -1), zero), 1/min(zero, math.Copysign(0, -1)))
	p, q := uintptr(33), uintptr(22)
	fmt.Println(min(p*52, max(p, q)), max(q, 5, p))
	a, b := metre(2), metre(3)
	fmt.Printf("%T %v %v\n", min(a, b), min(a, b, 1), max(a, 7, b))
	f := float32(0.1)
	fmt.Println(min(f, 1), max(f, 0.05))
	s, t := "b", "a"
	fmt.Println(min(s, t), max(s, t, "c"), min(3, int8(2)))
}

// Output:
// NaN NaN NaN NaN
// +Inf -Inf
// 33 33
// main.metre 1 7
// 0.1 0.1
// a c 2
