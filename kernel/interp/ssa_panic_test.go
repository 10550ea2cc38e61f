package interp

import "testing"

func TestNilPanic(t *testing.T) {
	needs(t, "ssa_panic", `package main
import ("fmt"; "runtime")
func main() {
	defer func() { _, ok := recover().(*runtime.PanicNilError); fmt.Println(ok) }()
	panic(nil)
}`, "true")
}
