package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

type MyErr struct {
	Code int
	Err  error
}

func (e *MyErr) Error() string   { return "code " + strconv.Itoa(e.Code) + ": " + e.Err.Error() }
func (e *MyErr) Unwrap() error   { return e.Err }
func (e *MyErr) Is(t error) bool { return t == errSpecial }

var errBase = errors.New("base")
var errSpecial = errors.New("special")

type temporary interface{ Temporary() bool }
type netErr struct{}

func (netErr) Error() string   { return "net" }
func (netErr) Temporary() bool { return true }

func do(n int) (r int, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("recovered: %v", e)
			r *= 2
		}
	}()
	r = n
	switch {
	case n == 0:
		return 1, nil
	case n == 1:
		panic("one")
	case n == 2:
		panic(errBase)
	case n == 3:
		var m map[string]int
		m["x"] = 1
	case n == 4:
		a := []int{}
		_ = a[n]
	case n == 5:
		return 0, &MyErr{5, fmt.Errorf("wrapped: %w", errBase)}
	case n > 100:
		fallthrough
	case n < 0:
		r = -1
	default:
		r = 99
	}
	return
}

func labels() {
	i := 0
loop:
	for {
		switch {
		case i > 5:
			break loop
		case i%2 == 0:
			i++
			continue loop
		}
		fmt.Print(i, " ")
		i++
	}
	fmt.Println()
	j := 0
again:
	if j < 3 {
		fmt.Print("j", j)
		j++
		goto again
	}
	fmt.Println()
sel:
	select {
	default:
		break sel
	}
}

func order() {
	for i := range 3 {
		defer func() {
			fmt.Print("d", i)
			if i == 1 {
				if r := recover(); r != nil {
					fmt.Print("[", r, "]")
				}
			}
		}()
	}
	panic("p")
}
func nestedPanic() {
	defer func() { fmt.Println("outer", recover()) }()
	defer func() {
		defer func() { fmt.Println("inner", recover()) }()
		panic("second")
	}()
	panic("first")
}
func replaced() {
	defer func() { fmt.Println("got", recover()) }()
	defer func() { panic("newer") }()
	panic("older")
}
func named() (x int) {
	defer func() { x++ }()
	x = 5
	return x * 2
}
func multi() (a, b int, s string)       { return 1, 2, "three" }
func vari(pre string, xs ...int) string { return fmt.Sprint(pre, len(xs), xs) }
func sw(x any) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int, int64:
		return fmt.Sprintf("int-ish %v", v)
	case string:
		return "string " + v
	case error:
		return "error " + v.Error()
	case []int:
		return fmt.Sprint("slice ", len(v))
	case func() string:
		return v()
	case *int:
		return fmt.Sprint("ptr ", *v)
	case struct{ A int }:
		return fmt.Sprint("anon ", v.A)
	case map[string]int:
		return fmt.Sprint("map ", v["a"])
	case fmt.Stringer:
		return "stringer"
	}
	return fmt.Sprintf("other %T", x)
}
func main() {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 200, -4} {
		r, err := do(n)
		fmt.Println(n, r, err)
	}
	_, err := do(5)
	var me *MyErr
	fmt.Println(errors.As(err, &me), me.Code, errors.Is(err, errBase), errors.Is(err, errSpecial), errors.Is(err, fs.ErrExist))
	var te temporary
	fmt.Println(errors.As(fmt.Errorf("x: %w", netErr{}), &te), te.Temporary())
	j := errors.Join(errBase, errSpecial)
	fmt.Println(errors.Is(j, errSpecial), j)
	_, err = os.Open("/no/such/file")
	var pe *fs.PathError
	fmt.Println(errors.As(err, &pe), pe.Op, errors.Is(err, os.ErrNotExist))
	labels()
	func() {
		defer func() { fmt.Println(" end", recover()) }()
		order()
	}()
	nestedPanic()
	replaced()
	fmt.Println(named())
	a, _, c := multi()
	fmt.Println(a, c)
	fmt.Println(multi())
	fmt.Println(vari("a"), vari("b", 1, 2), vari("c", []int{4, 5, 6}...))
	n := 7
	for _, x := range []any{nil, 1, int64(2), "s", errBase, []int{1}, func() string { return "called" }, &n, struct{ A int }{3}, map[string]int{"a": 9}, 2.5, [2]int{}} {
		fmt.Println(sw(x))
	}
	switch x := 5; {
	case x > 3:
		fmt.Println("big")
		fallthrough
	case x > 10:
		fmt.Println("fell")
	default:
		fmt.Println("no")
	}
	switch y := "b"; y {
	case "a", "b":
		fmt.Println("a or b")
	}
	if v, err := strconv.Atoi("12x"); err != nil {
		fmt.Println(err)
	} else if v > 3 {
		fmt.Println(v)
	}
}

// Output:
// 0 1 <nil>
// 1 2 recovered: one
// 2 4 recovered: base
// 3 6 recovered: assignment to entry in nil map
// 4 8 recovered: runtime error: index out of range [4] with length 0
// 5 0 code 5: wrapped: base
// 6 99 <nil>
// 200 -1 <nil>
// -4 -1 <nil>
// true 5 true true false
// true true
// true base
// special
// true open true
// 1 3 5
// j0j1j2
// d2d1[p]d0 end <nil>
// inner second
// outer first
// got newer
// 11
// 1 three
// 1 2 three
// a0 [] b2 [1 2] c3 [4 5 6]
// nil
// int-ish 1
// int-ish 2
// string s
// error base
// slice 1
// called
// ptr 7
// anon 3
// map 9
// other float64
// other [2]int
// big
// fell
// a or b
// strconv.Atoi: parsing "12x": invalid syntax
