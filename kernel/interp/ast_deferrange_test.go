package interp

import "testing"

func TestDeferInRange(t *testing.T) {
	needs(t, "ast_deferrange", `package main
import ("fmt"; "slices")
func f() {
	for x := range slices.Values([]int{1, 2}) { defer fmt.Println(x) }
}
func main() { f() }`, "2\n1")
}
