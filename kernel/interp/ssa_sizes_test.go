package interp

import "testing"

func TestComputedSizes(t *testing.T) {
	needs(t, "ssa_sizes", `package main
import "fmt"
func main() {
	defer func() { fmt.Println(recover()) }()
	fmt.Println(len(make([]float64, 1<<60)))
}`, "runtime error: makeslice: len out of range")
	if got := run(t, `package main
import "fmt"
func main() { s := make([]int, 1<<20, 1<<21); s[1<<20-1] = 7; fmt.Println(len(s), cap(s), s[1<<20-1], len(make([]byte, 3))) }`, ""); got != "1048576 2097152 7 3" {
		t.Error(got)
	}
}

// TestLargeVariables has variables for which there is no room.
func TestLargeVariables(t *testing.T) {
	for _, src := range []string{"package main\nvar a [1 << 44]int\nfunc main() { a[1] = 2 }", "package main\nvar a [1 << 60][1 << 60]byte\nfunc main() {}"} {
		if got := run(t, src, ""); !contains(got, "a") || !contains(got, "large") {
			t.Errorf("%s\nprints %s", src, got)
		}
	}
}
