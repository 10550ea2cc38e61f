package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestMinMax(t *testing.T) {
	interptest.Needs(t, "code_minmax,hot", `package main
import ("fmt"; "math")
func main() {
	zero := 0.0
	fmt.Println(min(zero, math.NaN()), 1/min(zero, math.Copysign(0, -1)))
}`, "NaN -Inf")
	interptest.Needs(t, "code_minmax,hot", `package main
func main() {
	a, b := uintptr(1), uintptr(2)
	println(max(a, b))
}`, "2")
}
