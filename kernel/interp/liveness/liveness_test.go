package liveness_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestMain(m *testing.M) { interptest.Main(m, interp.RunProgram) }

// TestDrop runs programs in which runtime.GC must leave what is read later, and must free what is not.
func TestDrop(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"variable of a closure that is called", `package main
import "runtime"
func call(f func(int)) {
	g := func(n int) { f(n) }
	runtime.GC()
	g(1)
	g(2)
}
func main() { call(func(n int) { print(n, " ") }) }`, "1 2"},
		{"next turn of a loop", `package main
import "runtime"
func main() {
	s, m, next := "a", map[string]int{}, []string{"b", "c"}
again:
	m[s]++
	runtime.GC()
	if len(next) > 0 {
		s, next = next[0], next[1:]
		goto again
	}
	print(len(m), m["c"])
}`, "31"},
		{"recover block and deferred calls", `package main
import "runtime"
func f() (err *string) {
	text := "kept"
	defer func() { recover(); runtime.GC(); err = &text }()
	p := &text
	runtime.GC()
	if *p == "kept" { panic(1) }
	return p
}
func main() { print(*f()) }`, "kept"},
		{"what is dead is freed", `package main
import ("fmt"; "runtime"; "time")
func main() {
	freed := make(chan string, 2)
	make1 := func(name string) *[1000]int {
		p := new([1000]int)
		runtime.SetFinalizer(p, func(*[1000]int) { freed <- name })
		return p
	}
	dead, alive := make1("dead"), make1("alive")
	dead[0], alive[0] = 1, 2
	for range 100 {
		runtime.GC()
		if len(freed) > 0 { break }
		time.Sleep(time.Millisecond)
	}
	fmt.Println(<-freed, len(freed), alive[0])
}`, "dead 0 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := interptest.Run(t, c.src, ""); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
