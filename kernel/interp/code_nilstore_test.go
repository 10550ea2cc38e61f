package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestNilStore(t *testing.T) {
	interptest.Needs(t, "code_nilstore", `package main
import ("fmt"; "runtime")
func main() {
	var p *int
	defer func() { _, ok := recover().(runtime.Error); fmt.Println(ok) }()
	*p = 1
}`, "true")
}
