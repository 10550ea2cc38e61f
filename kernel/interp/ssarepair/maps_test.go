package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestNilInMaps(t *testing.T) {
	interptest.Needs(t, "ssa_maps", `package main
import "fmt"
func main() {
	m := map[string]error{}
	m["a"] = nil
	_, there := m["a"]
	fmt.Println(there)
}`, "true")
	interptest.Needs(t, "ssa_maps", `package main
import "fmt"
func main() {
	m := map[any]int{}
	var k any
	m[k] = 1
	n := m[k]
	delete(m, k)
	fmt.Println(n, len(m))
}`, "1 0")
}
