package main

import "fmt"

type opt struct{ err error }

func find(k string) error {
	if k == "bad" {
		return fmt.Errorf("bad key")
	}
	return nil
}
func put[K comparable, V any](m map[K]V, k K, v V) { m[k] = v }

func main() {
	m := map[string]error{"a": nil}
	m["b"] = find("x")
	m["c"] = find("bad")
	for _, k := range []string{"a", "b", "c", "d"} {
		v, ok := m[k]
		fmt.Println(k, v, ok)
	}
	fmt.Println(len(m))
	put(m, "d", nil)
	put[string, error](m, "e", find("y"))
	fmt.Println(len(m), m)
	j := map[string]any{"x": nil, "y": []any{nil, 1}}
	j["z"] = nil
	var p *opt
	j["p"] = p
	fmt.Println(len(j), j["p"] == nil, j["z"] == nil)
	delete(j, "z")
	_, ok := j["z"]
	fmt.Println(ok)
	k := map[any]int{}
	var e error
	k[e]++
	k[nil]++
	k[find("z")] += 5
	k[1] = 2
	v, ok := k[e]
	fmt.Println(len(k), k[nil], v, ok)
	delete(k, e)
	v, ok = k[nil]
	fmt.Println(len(k), v, ok)
	f := map[error]string{nil: "ok"}
	fmt.Println(f[find("q")], f[find("bad")] == "")
	g := map[string]func() error{"n": nil}
	g["m"] = nil
	fmt.Println(len(g), g["n"] == nil)
	func() {
		defer func() { fmt.Println(recover()) }()
		var n map[string]error
		n["x"] = nil
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		panic(nil)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var err error
		panic(err)
	}()
}

// Output:
// a <nil> true
// b <nil> true
// c bad key true
// d <nil> false
// 3
// 5 map[a:<nil> b:<nil> c:bad key d:<nil> e:<nil>]
// 4 false true
// false
// 2 7 7 true
// 1 0 false
// ok true
// 2 true
// assignment to entry in nil map
// panic called with nil argument
// panic called with nil argument
