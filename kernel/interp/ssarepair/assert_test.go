package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestAssertions(t *testing.T) {
	interptest.Needs(t, "ssa_assert", `package main
import "fmt"
type MySlice []int
func main() {
	_, ok := any([]int{}).(MySlice)
	fmt.Println(ok)
}`, "false")
}
