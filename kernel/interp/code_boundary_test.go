package interp

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBoundary hands functions to compiled code in several ways, and looks whether it hears of each call.
func TestBoundary(t *testing.T) {
	var mu sync.Mutex
	var faults []string
	options := Options{Owner: func() any { return "owner" }, Around: func(c *Call) (out []reflect.Value) {
		defer func() {
			if e := recover(); e != nil {
				mu.Lock()
				defer mu.Unlock()
				f := c.Fault(e).(Fault)
				faults = append(faults, f.Value.(error).Error()+" "+string(f.Stack))
				if c.Owner != "owner" {
					t.Errorf("the owner is %v", c.Owner)
				}
			}
		}()
		return c.Do()
	}}
	p, err := NewProgram(Host{Options: options, Lock: new(sync.Mutex)})
	if err != nil {
		t.Fatal(err)
	}
	_, i := link(t, p, `package main
import ("net"; "net/http"; "time")
func place() { var p *int; *p++ }
func state(net.Conn, http.ConnState) { place() }
func closure(n int) *http.Server { return &http.Server{ConnState: func(net.Conn, http.ConnState) { n++; place() }} }
func declared() *http.Server { return &http.Server{ConnState: state} }
func variable() { f := time.AfterFunc; f(1, func() { place() }) }
func plain() int { n := 1; f := func() int { n++; return n }; return func() int { return f() }() + n }`)
	for _, name := range []string{"closure", "declared", "variable"} {
		var args []any
		if name == "closure" {
			args = []any{1}
		}
		got, err := i.RunFunc(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		if got != nil {
			f := reflect.Indirect(reflect.ValueOf(got)).FieldByName("ConnState")
			f.Call([]reflect.Value{reflect.Zero(f.Type().In(0)), reflect.Zero(f.Type().In(1))})
		}
		for range 100 {
			mu.Lock()
			n := len(faults)
			mu.Unlock()
			if n > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if len(faults) != 1 || !strings.Contains(faults[0], "nil pointer") || !strings.Contains(faults[0], "main.place") {
			t.Errorf("%s: heard of %q", name, faults)
		}
		faults = nil
	}
	if got, err := i.RunFunc("plain"); got != 4 || err != nil {
		t.Errorf("closures that are only called give %v, %v", got, err)
	}
}
