package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
)

type Animal interface {
	Name() string
	Sound() string
}
type base struct{ name string }

func (b base) Name() string     { return b.name }
func (b *base) Rename(s string) { b.name = s }

type Dog struct {
	base
	age int
}

func (Dog) Sound() string { return "woof" }

type Puppy struct {
	*Dog
	toys []string
}

func (p Puppy) Sound() string { return strings.ToUpper(p.Dog.Sound()) + "!" }

type loud struct{ Animal }

func (l loud) Sound() string { return l.Animal.Sound() + l.Animal.Sound() }

type rw struct {
	io.Reader
	io.Writer
}
type counter struct {
	sync.Mutex
	m map[string]int
}
type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type rev struct{ sort.Interface }

func (r rev) Less(i, j int) bool { return r.Interface.Less(j, i) }

type logger struct {
	*bytes.Buffer
	prefix string
}

func (l logger) Log(s string) { l.WriteString(l.prefix + s + ";") }

type Person struct {
	Name    string `json:"name"`
	Address struct {
		Street string `json:"street"`
		Zip    int    `json:"zip,omitempty"`
	} `json:"address"`
	Tags []string       `json:"tags,omitempty"`
	Meta map[string]any `json:"meta,omitempty"`
	priv int
	Inner
}
type Inner struct {
	Level int `json:"level"`
}
type A struct{ X int }
type B struct{ A }
type C struct {
	B
	X string
}

func main() {
	d := Dog{base{"rex"}, 3}
	d.Rename("max")
	p := Puppy{&d, nil}
	p.Rename("tiny")
	for _, a := range []Animal{d, &d, p, &p, loud{p}, loud{loud{d}}} {
		fmt.Printf("%s:%s ", a.Name(), a.Sound())
	}
	fmt.Println()
	var buf bytes.Buffer
	x := rw{strings.NewReader("data"), &buf}
	n, err := io.Copy(x, x)
	fmt.Println(n, err, buf.String())
	c := counter{m: map[string]int{}}
	c.Lock()
	c.m["a"]++
	c.Unlock()
	fmt.Println(c.m)
	w := byLen{"ccc", "a", "bb"}
	sort.Sort(w)
	fmt.Println(w)
	sort.Sort(rev{w})
	fmt.Println(w)
	sort.Sort(sort.Reverse(rev{w}))
	fmt.Println(w)
	l := logger{new(bytes.Buffer), "> "}
	l.Log("one")
	l.Log("two")
	fmt.Println(l.String(), l.Len())
	var pe Person
	err = json.Unmarshal([]byte(`{"name":"Al","address":{"street":"Main","zip":9},"tags":["x"],"meta":{"k":[1,2.5,null,true]},"level":4}`), &pe)
	fmt.Printf("%+v %v\n", pe, err)
	out, err := json.Marshal(pe)
	fmt.Println(string(out), err)
	out, _ = json.MarshalIndent(map[string]any{"b": []int{1}, "a": nil, "c": struct{ Q int }{5}}, "", " ")
	fmt.Println(string(out))
	cc := C{B{A{7}}, "x"}
	fmt.Println(cc.X, cc.B.X, cc.A.X)
	fmt.Printf("%v %+v\n", cc, cc)
	anon := struct {
		A
		fmt.Stringer
		n int
	}{A: A{1}, n: 2}
	fmt.Println(anon.X, anon.Stringer == nil, anon.n)
	pts := []struct{ X, Y int }{{1, 2}, {3, 4}}
	for i := range pts {
		pts[i].X *= 10
	}
	fmt.Printf("%v %+v %#v\n", pts, pts, pts)
	f := p.Sound
	p.Dog = &Dog{base{"z"}, 1}
	fmt.Println(f(), Puppy.Sound(p), (*Dog).Sound(&d), Animal.Name(p), (*base).Name(&d.base))
}

// Output:
// tiny:woof tiny:woof tiny:WOOF! tiny:WOOF! tiny:WOOF!WOOF! tiny:woofwoofwoofwoof
// 4 <nil> data
// map[a:1]
// [a bb ccc]
// [ccc bb a]
// [a bb ccc]
// > one;> two; 12
// {Name:Al Address:{Street:Main Zip:9} Tags:[x] Meta:map[k:[1 2.5 <nil> true]] priv:0 Inner:{Level:4}} <nil>
// {"name":"Al","address":{"street":"Main","zip":9},"tags":["x"],"meta":{"k":[1,2.5,null,true]},"level":4} <nil>
// {
//  "a": null,
//  "b": [
//   1
//  ],
//  "c": {
//   "Q": 5
//  }
// }
// x 7 7
// {{{7}} x} {B:{A:{X:7}} X:x}
// 1 true 2
// [{10 2} {30 4}] [{X:10 Y:2} {X:30 Y:4}] []struct { X int; Y int }{struct { X int; Y int }{X:10, Y:2}, struct { X int; Y int }{X:30, Y:4}}
// WOOF! WOOF! woof z tiny
