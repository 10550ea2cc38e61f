package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestNilPanic(t *testing.T) {
	interptest.Needs(t, "ssa_panic", `package main
import ("fmt"; "runtime")
func main() {
	defer func() { _, ok := recover().(*runtime.PanicNilError); fmt.Println(ok) }()
	panic(nil)
}`, "true")
}
