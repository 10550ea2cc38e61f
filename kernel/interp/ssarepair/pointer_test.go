package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestNamedPointers(t *testing.T) {
	interptest.Needs(t, "ssa_pointer", `package main
import "fmt"
type ref *struct{ n int }
type plain = *struct{ n int }
func set(r ref) { r.n = 7; r.n++ }
func main() {
	var r ref = &struct{ n int }{}
	set(r)
	var p plain = r
	p.n *= 2
	fmt.Println(r.n, p.n)
}`, "16 16")
}
