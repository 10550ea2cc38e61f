package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestCallers(t *testing.T) {
	interptest.Needs(t, "code_callers", `package main
import ("fmt"; "runtime")
func last() string {
	pcs := make([]uintptr, 20)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		if !more { return f.Function }
	}
}
func main() {
	c := make(chan string)
	go func() { c <- last() }()
	fmt.Println(last(), <-c)
}`, "runtime.goexit runtime.goexit")
}
