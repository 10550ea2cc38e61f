package interp

import (
	"fmt"
	"reflect"
	"testing"
)

// TestFewSlots makes types when there are few slots left, and when there are none.
func TestFewSlots(t *testing.T) {
	all := freeSlots
	t.Cleanup(func() { freeSlots = all })
	for _, c := range []struct {
		left                   int
		text, method, argument string
	}{
		{slotsForInterfaces + 1, "a", "b", "c"},
		{slotsForRunning, "a", "no room", "c"},
		{0, "no room", "no room", "c"},
	} {
		freeSlots = func() int { return c.left }
		p := newProgram(t)
		_, i := link(t, p, `package main
type T struct{}
func (T) String() string { return "a" }
func (T) Nowhere() string { return "b" }
func (T) Other() string { return "c" }
type Otherer interface{ Other() string }
func other(x Otherer) string { return x.Other() }
func f() (any, string) { return T{}, other(T{}) }`)
		v, err := i.RunFunc("f")
		if err != nil {
			t.Fatal(err)
		}
		results := reflect.ValueOf(v)
		value, argument := results.Index(0).Interface(), results.Index(1).Interface()
		text := outcome(func() string { return value.(fmt.Stringer).String() })
		method := outcome(func() string { return reflect.ValueOf(value).MethodByName("Nowhere").Call(nil)[0].String() })
		if text != c.text || method != c.method || argument != c.argument {
			t.Errorf("with %d slots left: String gives %q, Nowhere by reflection %q, Other in the interpreter %q", c.left, text, method, argument)
		}
	}
}

func outcome(f func() string) (s string) {
	defer func() {
		if recover() != nil {
			s = "no room"
		}
	}()
	return f()
}
