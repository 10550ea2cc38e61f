package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestPhis(t *testing.T) {
	interptest.Needs(t, "ssa_phis,hot", `package main
func main() {
	a, b, c := 1, 2, 3
	for range 4 { a, b, c = b, c, a }
	println(a, b, c)
}`, "2 3 1")
}
