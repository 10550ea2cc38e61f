package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
)

type Number interface {
	~int | ~int8 | ~int64 | ~float32 | ~float64
}

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func Map[T, U any](xs []T, f func(T) U) []U {
	r := make([]U, 0, len(xs))
	for _, x := range xs {
		r = append(r, f(x))
	}
	return r
}

func Reduce[T, A any](xs []T, a A, f func(A, T) A) A {
	for _, x := range xs {
		a = f(a, x)
	}
	return a
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x T) { s.items = append(s.items, x) }
func (s *Stack[T]) Pop() (T, error) {
	var zero T
	if len(s.items) == 0 {
		return zero, errors.New("empty")
	}
	x := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, nil
}
func (s *Stack[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, x := range s.items {
			if !yield(i, x) {
				return
			}
		}
	}
}

type List[T any] struct {
	head, tail *node[T]
	n          int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Add(v T) *List[T] {
	n := &node[T]{v: v}
	if l.tail == nil {
		l.head = n
	} else {
		l.tail.next = n
	}
	l.tail = n
	l.n++
	return l
}
func (l *List[T]) Values() iter.Seq[T] {
	return func(yield func(T) bool) {
		for n := l.head; n != nil; n = n.next {
			if !yield(n.v) {
				return
			}
		}
	}
}

type Tree[K cmp.Ordered, V any] struct {
	root *tnode[K, V]
}
type tnode[K cmp.Ordered, V any] struct {
	k    K
	v    V
	l, r *tnode[K, V]
}

func (t *Tree[K, V]) Put(k K, v V) {
	p := &t.root
	for *p != nil {
		switch c := cmp.Compare(k, (*p).k); {
		case c < 0:
			p = &(*p).l
		case c > 0:
			p = &(*p).r
		default:
			(*p).v = v
			return
		}
	}
	*p = &tnode[K, V]{k: k, v: v}
}
func (t *Tree[K, V]) Walk(f func(K, V)) {
	var walk func(*tnode[K, V])
	walk = func(n *tnode[K, V]) {
		if n != nil {
			walk(n.l)
			f(n.k, n.v)
			walk(n.r)
		}
	}
	walk(t.root)
}

type MyInt int

func (m MyInt) String() string { return fmt.Sprintf("MyInt(%d)", int(m)) }

type Stringish interface {
	~int
	fmt.Stringer
}

func Join[T Stringish](xs []T) string {
	var parts []string
	for _, x := range xs {
		parts = append(parts, x.String())
	}
	return strings.Join(parts, "+")
}

type Pair[A, B any] struct {
	First  A
	Second B
}

func MakePair[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }

type Set[T comparable] map[T]struct{}

func (s Set[T]) Add(xs ...T) Set[T] {
	for _, x := range xs {
		s[x] = struct{}{}
	}
	return s
}
func Keys[M ~map[K]V, K cmp.Ordered, V any](m M) []K {
	var ks []K
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

type Opt[T any] func(*T)

func New[T any](opts ...Opt[T]) *T {
	t := new(T)
	for _, o := range opts {
		o(t)
	}
	return t
}

type cfg struct {
	name string
	n    int
}

func Ptr[T any](t T) *T { return &t }

func Filter[S ~[]E, E any](s S, keep func(E) bool) S {
	var out S
	for _, e := range s {
		if keep(e) {
			out = append(out, e)
		}
	}
	return out
}

type ints []int

func (x ints) Len() int { return len(x) }

func typeName[T any]() string  { var t T; return fmt.Sprintf("%T", t) }
func isType[T any](x any) bool { _, ok := x.(T); return ok }

type Num[T Number] struct{ v T }

func (n Num[T]) Add(o Num[T]) Num[T] { return Num[T]{n.v + o.v} }

type Adder[T any] interface{ Add(T) T }

func AddAll[T Adder[T]](xs ...T) T {
	s := xs[0]
	for _, x := range xs[1:] {
		s = s.Add(x)
	}
	return s
}

func main() {
	fmt.Println(Sum(1, 2, 3), Sum(1.5, 2.5), Sum[MyInt](1, 2))
	fmt.Println(Map([]int{1, 2, 3}, func(i int) string { return strings.Repeat("x", i) }))
	fmt.Println(Reduce([]string{"a", "b"}, 0, func(n int, s string) int { return n + len(s) }))
	s := &Stack[string]{}
	s.Push("a")
	s.Push("b")
	for i, x := range s.All() {
		fmt.Print(i, x, " ")
	}
	x, err := s.Pop()
	fmt.Println(x, err)
	s.Pop()
	_, err = s.Pop()
	fmt.Println(err)
	l := (&List[float64]{}).Add(1.5).Add(2.5).Add(3.5)
	fmt.Println(slices.Collect(l.Values()), l.n)
	for v := range l.Values() {
		if v > 2 {
			fmt.Println("first >2:", v)
			break
		}
	}
	t := &Tree[string, int]{}
	for i, w := range strings.Fields("the quick brown fox jumps over the lazy dog") {
		t.Put(w, i)
	}
	t.Walk(func(k string, v int) { fmt.Print(k, "=", v, " ") })
	fmt.Println()
	fmt.Println(Join([]MyInt{1, 2}))
	fmt.Printf("%v %+v %T\n", MakePair(1, "x"), MakePair("k", 2.5), MakePair(1, []string{}))
	fmt.Println(Keys(Set[string]{}.Add("b", "a", "c")))
	fmt.Printf("%+v\n", *New(func(c *cfg) { c.name = "n" }, func(c *cfg) { c.n = 3 }))
	fmt.Println(*Ptr(3), *Ptr("s"))
	fmt.Println(Filter(ints{1, 2, 3, 4}, func(i int) bool { return i%2 == 0 }).Len())
	fmt.Println(typeName[int](), typeName[[]string](), typeName[Pair[int, string]](), typeName[MyInt]())
	fmt.Println(isType[int](1), isType[MyInt](1), isType[fmt.Stringer](MyInt(1)), isType[ints]([]int{}))
	fmt.Println(AddAll(Num[int]{1}, Num[int]{2}, Num[int]{3}))
	ps := []Pair[string, int]{{"b", 1}, {"a", 2}, {"c", 0}}
	sort.Slice(ps, func(i, j int) bool { return ps[i].First < ps[j].First })
	fmt.Println(ps)
	slices.SortFunc(ps, func(a, b Pair[string, int]) int { return cmp.Compare(a.Second, b.Second) })
	fmt.Println(ps, slices.MaxFunc(ps, func(a, b Pair[string, int]) int { return strings.Compare(a.First, b.First) }))
	fmt.Println(min(3, 1, 2), max("a", "b"), min(2.5, 1))
}

// Output:
// 6 4 MyInt(3)
// [x xx xxx]
// 2
// 0a 1b b <nil>
// empty
// [1.5 2.5 3.5] 3
// first >2: 2.5
// brown=2 dog=8 fox=3 jumps=4 lazy=7 over=5 quick=1 the=6
// MyInt(1)+MyInt(2)
// {1 x} {First:k Second:2.5} main.Pair[int,[]string]
// [a b c]
// {name:n n:3}
// 3 s
// 2
// int []string main.Pair[int,string] main.MyInt
// true false true false
// {6}
// [{a 2} {b 1} {c 0}]
// [{c 0} {b 1} {a 2}] {c 0}
// 1 b 1
