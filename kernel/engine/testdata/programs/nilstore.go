package main

import (
	"fmt"
	"runtime"
)

type node struct{ next *node }

func set(p *int, v int)             { *p = v }
func setString(p *string, v string) { *p = v }
func setNode(p *node, v node)       { *p = v }

func try(f func()) {
	defer func() {
		e := recover()
		_, ok := e.(runtime.Error)
		fmt.Println(e, ok)
	}()
	f()
}

func main() {
	try(func() { set(nil, 1) })
	try(func() { setString(nil, "x") })
	try(func() { setNode(nil, node{}) })
	n := 1
	set(&n, 2)
	p := &n
	*p += 3
	fmt.Println(n)
}

// Output:
// runtime error: invalid memory address or nil pointer dereference true
// runtime error: invalid memory address or nil pointer dereference true
// runtime error: invalid memory address or nil pointer dereference true
// 5
