package interp

import "testing"

func TestPhis(t *testing.T) {
	needs(t, "ssa_phis,hot", `package main
func main() {
	a, b, c := 1, 2, 3
	for range 4 { a, b, c = b, c, a }
	println(a, b, c)
}`, "2 3 1")
}
