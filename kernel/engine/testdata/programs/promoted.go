package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
)

type A struct{ N int }

func (a A) String() string { return fmt.Sprintf("A%d", a.N) }
func (a A) Sum(xs ...int) (t int) {
	for _, x := range xs {
		t += x
	}
	return t + a.N
}
func (a *A) Inc()                        { a.N++ }
func (a A) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

type B struct{ A }
type C struct{ *B }
type D struct{ C }
type E struct{ *D }
type F struct {
	*A
	x int
}

type Err struct{ code int }

func (e Err) Error() string        { return fmt.Sprint("err ", e.code) }
func (e Err) Is(target error) bool { return target == errX }

var errX = errors.New("x")

type mid struct{ Err }
type Wrapped struct {
	*mid
	at string
}

type byN []C

func (b byN) Len() int           { return len(b) }
func (b byN) Less(i, j int) bool { return b[i].N < b[j].N }
func (b byN) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type summer interface {
	Sum(...int) int
	fmt.Stringer
}

func main() {
	c := C{&B{A{1}}}
	fmt.Println(c, &c, D{c}, E{&D{c}}, F{&A{2}, 3})
	fmt.Printf("%v %s %+v\n", c, D{c}, []fmt.Stringer{c, &c, E{&D{c}}})
	for _, s := range []summer{c, &c, D{c}, E{&D{c}}, c.B, F{&c.B.A, 1}} {
		fmt.Print(s.Sum(1, 2), s.String(), " ")
	}
	c.Inc()
	E{&D{c}}.Inc()
	fmt.Println(c.N)
	b, err := json.Marshal(map[string]any{"c": c, "e": E{&D{c}}})
	fmt.Println(string(b), err)
	var e error = Wrapped{&mid{Err{5}}, "here"}
	fmt.Println(e, errors.Is(e, errX))
	var w Wrapped
	fmt.Println(errors.As(fmt.Errorf("ctx: %w", e), &w), w.code)
	s := byN{{&B{A{3}}}, {&B{A{1}}}}
	sort.Sort(s)
	fmt.Println(s)
	f := C.String
	g := c.Sum
	fmt.Println(f(c), g(1))
}

// Output:
// A1 A1 A1 A1 A2
// A1 A1 [A1 A1 A1]
// 4A1 4A1 4A1 4A1 4A1 4A1 3
// {"c":"A3","e":"A3"} <nil>
// err 5 true
// true 5
// [A1 A3]
// A3 4
