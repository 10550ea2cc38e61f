package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestDeferInRange(t *testing.T) {
	interptest.Needs(t, "ast_deferrange", `package main
import ("fmt"; "slices")
func f() {
	for x := range slices.Values([]int{1, 2}) { defer fmt.Println(x) }
}
func main() { f() }`, "2\n1")
}
