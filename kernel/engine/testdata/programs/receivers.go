package main

import "fmt"

type S struct{ m map[string]int }

func (s S) String() string { return fmt.Sprint("S", len(s.m)) }

type H struct{ f func() string }

func (h H) Error() string { return h.f() }

type C struct{ c chan int }

func (c C) String() string { return fmt.Sprint("C", cap(c.c)) }

type Arr [1]*int

func (a Arr) String() string { return fmt.Sprint("Arr", *a[0]) }

type Nest struct{ s struct{ p *int } }

func (n Nest) String() string { return fmt.Sprint("Nest", *n.s.p) }

type Out struct{ S }
type Out2 struct{ Out }
type P struct{ p *int }

func (p P) String() string { return fmt.Sprint("P", *p.p) }

type OutP struct{ P }

func main() {
	x := 5
	fmt.Println(S{map[string]int{"a": 1}}, H{func() string { return "h" }}, C{make(chan int, 3)}, Arr{&x}, Nest{struct{ p *int }{&x}}, P{&x})
	fmt.Println(Out{S{nil}}, Out2{Out{S{map[string]int{"a": 1}}}}, OutP{P{&x}})
	fmt.Println(&S{}, &Arr{&x}, []any{S{}, Arr{&x}}, map[string]fmt.Stringer{"a": Nest{struct{ p *int }{&x}}})
	m := map[any]int{Arr{&x}: 1, P{&x}: 2}
	fmt.Println(m[Arr{&x}], m[P{&x}])
	o := struct{ S }{S{}}
	fmt.Println(o, o.S)
	var e error = H{func() string { return "err" }}
	h, ok := e.(H)
	fmt.Println(h.f(), ok, e)
	fmt.Printf("%+v %v\n", struct{ X Arr }{Arr{&x}}, any(Arr{&x}) == any(Arr{&x}))
}

// Output:
// S1 h C3 Arr5 Nest5 P5
// S0 S1 P5
// S0 Arr5 [S0 Arr5] map[a:Nest5]
// 1 2
// S0 S0
// err true err
// {X:Arr5} true
