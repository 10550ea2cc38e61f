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
func third() string { pc, _, _, _ := runtime.Caller(3); return runtime.FuncForPC(pc).Name() }
func main() {
	_, _, _, ok := runtime.Caller(3)
	fmt.Println(func() string { return third() }(), ok)
	c := make(chan string)
	go func() { c <- last() }()
	fmt.Println(last(), <-c)
}`, "runtime.main false\nruntime.goexit runtime.goexit")
}
