package interp

import "testing"

func TestMinMax(t *testing.T) {
	needs(t, "code_minmax,hot", `package main
import ("fmt"; "math")
func main() {
	zero := 0.0
	fmt.Println(min(zero, math.NaN()), 1/min(zero, math.Copysign(0, -1)))
}`, "NaN -Inf")
	needs(t, "code_minmax,hot", `package main
func main() {
	a, b := uintptr(1), uintptr(2)
	println(max(a, b))
}`, "2")
}
