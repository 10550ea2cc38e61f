package main

import (
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"strings"
	"unsafe"
)

type Weekday uint8

const (
	Sunday Weekday = iota
	Monday
	_
	Wednesday
)
const (
	KB = 1 << (10 * (iota + 1))
	MB
	GB
)
const (
	a, b = iota, iota * 10
	c, d
	e, f
)
const big1 = 1 << 100
const fl = big1 >> 98
const typed int8 = -128

type bits uint

const (
	f0 bits = 1 << iota
	f1
	f2
)

func (b bits) has(x bits) bool { return b&x != 0 }

type point struct{ x, y int }
type line struct{ a, b point }
type grid [3][2]int
type fnT func(int) int

func (f fnT) twice(x int) int { return f(f(x)) }

type mapT map[string][]int

func (m mapT) add(k string, v int) mapT { m[k] = append(m[k], v); return m }

type chanT chan int
type rec struct {
	v    int
	next *rec
	kids []rec
	m    map[string]*rec
}
type alias = map[string]point
type genAlias[T any] = []T

var (
	v1 = v2 + 1
	v2 = v3 * 2
	v3 = initV3()
)

func initV3() int { fmt.Println("initV3"); return 20 }
func init()       { fmt.Println("init 1", v1) }
func init()       { fmt.Println("init 2") }

func main() {
	fmt.Println(Sunday, Monday, Wednesday, KB, MB, GB, a, b, c, d, e, f, fl, typed)
	fmt.Println((f0 | f2).has(f1), (f0 | f2).has(f2), f0|f1|f2, (f0|f1)&^f1, ^f0&7)
	fmt.Println(point{1, 2} == point{1, 2}, line{point{1, 2}, point{3, 4}} == line{}, [2]point{} == [2]point{{0, 0}, {0, 0}})
	m := map[point]string{{1, 2}: "a", {3, 4}: "b"}
	fmt.Println(m[point{1, 2}], len(m), m[point{9, 9}] == "")
	ma := map[[2]int]int{{1, 2}: 3}
	ma[[2]int{1, 2}]++
	fmt.Println(ma)
	mi := map[any]string{1: "int", "1": "string", 1.0: "float", point{}: "point", [1]int{1}: "array", nil: "nil"}
	fmt.Println(mi[1], mi["1"], mi[1.0], mi[point{}], mi[[1]int{1}], mi[nil], len(mi))
	mm := map[string]map[string]int{"a": {"x": 1}}
	mm["b"] = map[string]int{}
	mm["b"]["y"] += 5
	fmt.Println(mm, mm["c"]["z"])
	ms := map[string][]int{}
	ms["q"] = append(ms["q"], 1, 2)
	fmt.Println(ms)
	mp := map[string]*point{"p": {1, 2}}
	mp["p"].x = 100
	fmt.Println(*mp["p"])
	var g grid
	g[1][1] = 5
	h := g
	h[0][0] = 1
	fmt.Println(g, h, g == h, len(g), len(g[0]))
	s := []int{1, 2, 3, 4, 5}
	t := s[1:3:4]
	t = append(t, 99)
	t = append(t, 100)
	t[0] = -1
	fmt.Println(s, t, len(t), cap(s[2:]))
	copy(s[1:], s)
	fmt.Println(s, [...]string{2: "c", 0: "a"}, []int{5: 1, 2})
	arr := [3]int(s[:3])
	ap := (*[2]int)(s)
	ap[0] = 77
	fmt.Println(arr, s[0])
	clear(ma)
	clear(s)
	fmt.Println(len(ma), s)
	fmt.Println(fnT(func(x int) int { return x * 3 }).twice(2), mapT{}.add("a", 1).add("a", 2))
	r := rec{v: 1, next: &rec{v: 2}, kids: []rec{{v: 3}}, m: map[string]*rec{"k": {v: 4}}}
	fmt.Println(r.next.v, r.kids[0].v, r.m["k"].v, r.next.next == nil)
	var al alias = map[string]point{"a": {1, 1}}
	fmt.Printf("%T %v %v\n", al, al, genAlias[int]{1})
	z := complex(3, 4)
	fmt.Println(z, real(z), imag(z), cmplx.Abs(z), z*z, z == 3+4i, -z, complex64(z)/2, 1i*1i)
	fmt.Println(math.MaxInt64, uint64(math.MaxUint64), math.Inf(1), math.NaN(), -0.0, 1/math.Inf(-1))
	var i8 int8 = 127
	i8++
	var u8 uint8 = 0
	u8--
	var u32 uint32 = 1 << 31
	fmt.Println(i8, u8, u32<<1, -7/2, -7%2, 7&^5, 1<<3|1, 6^3, ^5)
	x := 300
	fmt.Println(uint8(x), int8(x), float32(0.1), float64(float32(0.1)), uint16(70000&0xffff), string(rune(x)))
	fmt.Println(unsafe.Sizeof(x), unsafe.Sizeof(r), unsafe.Alignof(i8), unsafe.Sizeof(point{}), unsafe.Offsetof(r.next))
	str := "héllo, 世界"
	fmt.Println(len(str), []rune(str)[1], []byte(str)[:3], str[1:3], strings.ToUpper(str), str[0] == 'h', str < "i")
	fmt.Println(string([]rune{72, 105}), string([]byte("ok")), `raw\n`+"\t|", '\x41', "\u00e9")
	bs := []byte("abc")
	bs = append(bs, "def"...)
	fmt.Println(string(bs))
	fmt.Println(copy(bs, "ZZ"), string(bs[:3]))
	n := new(big.Int).Exp(big.NewInt(2), big.NewInt(100), nil)
	fmt.Println(n, n.Cmp(big.NewInt(0)))
	var pp **int
	q := &x
	pp = &q
	**pp = 5
	fmt.Println(x, *q == **pp, pp != nil)
	var np *point
	fmt.Println(np == nil, func() (s string) { defer func() { s = fmt.Sprint(recover()) }(); return fmt.Sprint(np.x) }())
	var iface any
	var perr *point
	fmt.Println(iface == nil, any(perr) == nil, any(1) == any(1.0), any(1) == any(1))
	type local struct{ a int }
	fmt.Printf("%T %v %+v\n", local{1}, local{2}, []*local{})
	var c3 chanT = make(chanT, 1)
	c3 <- 3
	fmt.Println(<-c3)
	sh := uint(3)
	fmt.Println(1<<sh, -8>>1, uint8(200)>>1)
	var fa = [...]func() int{func() int { return 1 }, func() int { return 2 }}
	fmt.Println(fa[0]()+fa[1](), len(fa))
	{
		x := "shadow"
		fmt.Println(x)
		if x := 3.5; x > 3 {
			fmt.Println(x)
		}
	}
	fmt.Println(x)
	fmt.Printf("%08b %o %#x %e %6.2f|%-5d|%5s|%+d|%t|%c|%U|%p\n", 5, 8, 255, 12345.678, 3.14159, 42, "ab", 7, true, 'A', 0x1F600, nil)
	fmt.Printf("%v %v %v\n", []any{1, "a", nil}, [2]bool{true}, struct {
		A *int
		B any
	}{nil, 3})
	fmt.Printf("%5t|%x|%X|% x|%q|%v|%d\n", true, "hi", []byte("hi"), "hi", []string{"a"}, [3]byte{1, 2, 3}, []byte{1})
	fmt.Printf("%!|%d|%s\n", "str", 5)
}

// Output:
// initV3
// init 1 41
// init 2
// 0 1 3 1024 1048576 1073741824 0 0 1 10 2 20 4 -128
// false true 7 1 6
// true false true
// a 2 true
// map[[1 2]:4]
// int string float point array nil 6
// map[a:map[x:1] b:map[y:5]] 0
// map[q:[1 2]]
// {100 2}
// [[0 0] [0 5] [0 0]] [[1 0] [0 5] [0 0]] false 3 2
// [1 2 3 99 5] [-1 3 99 100] 4 3
// [1 1 2 3 99] [a  c] [0 0 0 0 0 1 2]
// [1 1 2] 77
// 0 [0 0 0 0 0]
// 18 map[a:[1 2]]
// 2 3 4 true
// map[string]main.point map[a:{1 1}] [1]
// (3+4i) 3 4 5 (-7+24i) true (-3-4i) (1.5+2i) (-1+0i)
// 9223372036854775807 18446744073709551615 +Inf NaN 0 -0
// -128 255 0 -3 -1 2 9 5 -6
// 44 44 0.1 0.10000000149011612 4464 Ĭ
// 8 48 1 16 8
// 14 233 [104 195 169] é HÉLLO, 世界 true true
// Hi ok raw\n	| 65 é
// abcdef
// 2 ZZc
// 1267650600228229401496703205376 1
// 5 true true
// true runtime error: invalid memory address or nil pointer dereference
// true false false true
// main.local {2} []
// 3
// 8 -4 100
// 3 2
// shadow
// 3.5
// 5
// 00000101 10 0xff 1.234568e+04   3.14|42   |   ab|+7|true|A|U+1F600|%!p(<nil>)
// [1 a <nil>] [true false] {<nil> 3}
//  true|6869|6869|68 69|["a"]|[1 2 3]|[1]
// %!!(string=str)|5|%!s(MISSING)
