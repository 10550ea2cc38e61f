package interp

import (
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestGoexit(t *testing.T) {
	const program = `package main
import ("fmt"; "runtime"; "sort"; "sync")
func main() {
	var wg sync.WaitGroup
	run := func(f func()) {
		wg.Add(1)
		go func() { defer wg.Done(); f(); fmt.Println("goes on") }()
		wg.Wait()
	}
	_, _ = run, sort.Slice
	`
	for body, want := range map[string]string{
		`run(func() { defer fmt.Println("deferred"); runtime.Goexit() })`:                                     "deferred",
		`run(func() { defer fmt.Println("later"); defer runtime.Goexit(); fmt.Println("first") })`:            "first\nlater",
		`run(func() { defer fmt.Println("later"); defer func() { runtime.Goexit() }(); panic("forgotten") })`: "later",
		`run(func() { defer func() { fmt.Println(recover()) }(); runtime.Goexit() })`:                         "<nil>",
		`run(func() {
	defer fmt.Println("outer")
	sort.Slice([]int{1, 2}, func(int, int) bool { defer func() { recover() }(); runtime.Goexit(); return true })
})`: "outer",
		`run(func() { sync.OnceFunc(func() { defer fmt.Println("inner"); runtime.Goexit() })() })`: "inner",
		`wg.Add(2); go func() { wg.Done(); wg.Wait(); fmt.Println("other") }()
defer fmt.Println("main"); wg.Done(); runtime.Goexit()`: "main\nother\nfatal error: no goroutines (main called runtime.Goexit) - deadlock!\nexit status 2",
	} {
		got := interptest.Run(t, program+body+"\n}", "")
		if lines := strings.Split(got, "\n"); got != want && !(len(lines) == 4 && lines[0] == "other" && strings.HasPrefix(want, "main")) {
			t.Errorf("%s\nprints %q, want %q", body, got, want)
		}
	}
	interptest.Needs(t, "code_goexit", program+`run(func() {
	defer func() { fmt.Println(recover()) }()
	func() { defer fmt.Println("inner"); runtime.Goexit() }()
})`+"\n}", "inner\n<nil>")
}
