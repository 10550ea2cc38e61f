package interp

import "testing"

func TestNilInMaps(t *testing.T) {
	needs(t, "ssa_maps", `package main
import "fmt"
func main() {
	m := map[string]error{}
	m["a"] = nil
	_, there := m["a"]
	fmt.Println(there)
}`, "true")
	needs(t, "ssa_maps", `package main
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

// TestGuardedMaps selects from what a guarded map holds: its element may be a pointer, a slice or a function.
func TestGuardedMaps(t *testing.T) {
	p := newProgram(t)
	p.GuardMaps = true
	_, i := link(t, p, `package main
type P struct{ x int }
func f() int {
	m := map[int]*P{1: {}}
	m[1].x = 40
	s, c := map[int][]int{1: {0}}, map[int]func() int{1: func() int { return 2 }}
	s[1][0] = m[1].x
	return s[1][0] + c[1]()
}`)
	if got, err := i.RunFunc("f"); err != nil || got != 42 {
		t.Errorf("got %v, %v", got, err)
	}
}
