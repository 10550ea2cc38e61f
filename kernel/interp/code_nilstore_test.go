package interp

import "testing"

func TestNilStore(t *testing.T) {
	needs(t, "code_nilstore", `package main
import ("fmt"; "runtime")
func main() {
	var p *int
	defer func() { _, ok := recover().(runtime.Error); fmt.Println(ok) }()
	*p = 1
}`, "true")
}
