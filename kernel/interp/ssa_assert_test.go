package interp

import "testing"

func TestAssertions(t *testing.T) {
	needs(t, "ssa_assert", `package main
import "fmt"
type MySlice []int
func main() {
	_, ok := any([]int{}).(MySlice)
	fmt.Println(ok)
}`, "false")
}
