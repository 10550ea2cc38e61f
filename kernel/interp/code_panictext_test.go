package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestTextOfPanics(t *testing.T) {
	interptest.Needs(t, "code_panictext", `package main
import ("fmt"; "net/url"; "runtime")
type I interface { M(int) string; private() }
type J interface { M(int) string }
type T struct{}
func (T) M(string) int { return 0 }
type U struct{}
func (*U) M(int) string { return "" }
type MySlice []int
func try(f func()) {
	defer func() {
		if e, ok := recover().(runtime.Error); ok {
			fmt.Printf("%T %v\n", e, e)
		}
	}()
	f()
	fmt.Println("no panic")
}
func main() {
	var i I
	var err error
	var x any = url.URL{}
	try(func() { fmt.Println(x.(fmt.Formatter)) })
	try(func() { fmt.Println(x.(*url.URL)) })
	try(func() { fmt.Println(i.(J)) })
	try(func() { fmt.Println(i.(fmt.Stringer)) })
	try(func() { fmt.Println(any(i).(J)) })
	try(func() { fmt.Println(err.(fmt.Stringer)) })
	try(func() { fmt.Println(err.(*url.Error)) })
	try(func() { fmt.Println(any(T{}).(J)) })
	try(func() { fmt.Println(any(U{}).(J)) })
	try(func() { fmt.Println(any(&U{}).(I)) })
	try(func() { fmt.Println(J(&U{}).(interface{ M(int) string }) != nil) })
	try(func() { fmt.Println(any([]int{}).(MySlice)) })
	try(func() { fmt.Println(any(MySlice{}).(map[string]T)) })
	try(func() { type T struct{ int }; fmt.Println(any(T{}).(U)) })
	defer func() { fmt.Println(recover()) }()
	fmt.Println(i.M(1))
}`, `*runtime.TypeAssertionError interface conversion: url.URL is not fmt.Formatter: missing method Format
*runtime.TypeAssertionError interface conversion: interface {} is url.URL, not *url.URL
*runtime.TypeAssertionError interface conversion: interface is nil, not main.J
*runtime.TypeAssertionError interface conversion: interface is nil, not fmt.Stringer
*runtime.TypeAssertionError interface conversion: interface is nil, not main.J
*runtime.TypeAssertionError interface conversion: interface is nil, not fmt.Stringer
*runtime.TypeAssertionError interface conversion: error is nil, not *url.Error
*runtime.TypeAssertionError interface conversion: main.T is not main.J: missing method M
*runtime.TypeAssertionError interface conversion: main.U is not main.J: missing method M
*runtime.TypeAssertionError interface conversion: *main.U is not main.I: missing method private
true
no panic
*runtime.TypeAssertionError interface conversion: interface {} is []int, not main.MySlice
*runtime.TypeAssertionError interface conversion: interface {} is main.MySlice, not map[string]main.T
*runtime.TypeAssertionError interface conversion: interface {} is main.T, not main.U
runtime error: invalid memory address or nil pointer dereference`)
}

// TestPrint looks where print and println write to, called, deferred and on a goroutine.
func TestPrint(t *testing.T) {
	src := `package main
import ("fmt"; "time")
func main() {
	defer println("d", 1.5)
	defer func() { defer print("e\n"); var x any; println(x, 'x', true) }()
	go println("g", uint8(3), "h")
	time.Sleep(50 * time.Millisecond)
	println()
	print(1, -2.25, 3i, "\n")
	fmt.Println("out")
}`
	if got := interptest.Stdout(t, src, ""); got != "out" {
		t.Errorf("standard output is %q", got)
	}
	if got := interptest.Stdout(t, src, "code_panictext"); got == "out" {
		t.Error("the program needs no code_panictext")
	}
	want := `g 3 h

1-2.25(0+3i)
out
(0x0,0x0) 120 true
e
d 1.5`
	if got := interptest.Run(t, src, ""); got != want {
		t.Errorf("the program prints\n%s\nwant\n%s", got, want)
	}
}
