package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestComputedSizes(t *testing.T) {
	interptest.Needs(t, "ssa_sizes", `package main
import "fmt"
func main() {
	defer func() { fmt.Println(recover()) }()
	fmt.Println(len(make([]float64, 1<<60)))
}`, "runtime error: makeslice: len out of range")
	if got := interptest.Run(t, `package main
import "fmt"
func main() { s := make([]int, 1<<20, 1<<21); s[1<<20-1] = 7; fmt.Println(len(s), cap(s), s[1<<20-1], len(make([]byte, 3))) }`, ""); got != "1048576 2097152 7 3" {
		t.Error(got)
	}
}

// A generic function may make a slice of its type parameter.
func TestSizesOfTypeParameters(t *testing.T) {
	const src = `package main
import "fmt"
type pair[T any] struct{ a [2]T; b int }
func made[T any]() (int, int) { return len(make([]T, 3)), len(make([]pair[T], 16)) }
func main() { fmt.Println(made[int]()) }`
	if got := interptest.Run(t, src, ""); got != "3 16" {
		t.Error(got)
	}
}
