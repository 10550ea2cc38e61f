package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// longSession makes up a session of cells of all kinds, and what each shows, from a model of the variables, functions and
// types that it has declared.
type longSession struct {
	rng    *rand.Rand
	vars   map[string]int // name -> value
	shapes map[string]int // type name -> what its method adds
	total  int
}

// first is the first name of a map, or "".
func first(m map[string]int) string {
	if len(m) == 0 {
		return ""
	}
	return slices.Min(slices.Collect(maps.Keys(m)))
}

// cell gives the k-th cell and its result, "-" for none.
func (l *longSession) cell(k int) (src, want string) {
	v := fmt.Sprintf("v%d", l.rng.IntN(30))
	value := l.rng.IntN(1000)
	switch l.rng.IntN(9) {
	case 0: // a variable, perhaps declared again with another type
		l.vars[v] = value
		return fmt.Sprintf("%s := int64(%d); _ = %s", v, value, v), "-"
	case 1:
		l.vars[v] = value
		return fmt.Sprintf("var %s = func() int { return %d }()", v, value), "-"
	case 2: // use of an old one
		n := first(l.vars)
		if n == "" {
			return "total", fmt.Sprint(l.total)
		}
		return "int(" + n + ") + 1", fmt.Sprint(l.vars[n] + 1)
	case 3: // a function, declared again and again
		l.total += value
		return fmt.Sprintf("func add(n int) { total += n }\nadd(%d)\ntotal", value), fmt.Sprint(l.total)
	case 4: // a type with methods, redefined
		t := fmt.Sprintf("Shape%d", l.rng.IntN(8))
		l.shapes[t] = value
		return fmt.Sprintf("type %s struct { a int; note string }\nfunc (s %s) Area() int { return s.a + %d }\nArea(%s{a: 1})", t, t, value, t), fmt.Sprint(1 + value)
	case 5: // an old type, through an interface of an earlier cell
		t := first(l.shapes)
		if t == "" {
			return "len(seen)", fmt.Sprint(0)
		}
		return fmt.Sprintf("shapes := []Areaer{%s{a: 2}, &%s{a: 3}}\nshapes[0].Area() + Area(shapes[1])", t, t), fmt.Sprint(5 + 2*l.shapes[t])
	case 6: // generics and iterators
		return fmt.Sprintf("sum := 0\nfor x := range double(slices.Values([]int{%d, 2})) { sum += x }\nsum", value), fmt.Sprint(2 * (value + 2))
	case 7: // goroutines and closures
		l.total += 10
		return "var wg sync.WaitGroup\nvar mu sync.Mutex\nfor i := range 5 { wg.Go(func() { mu.Lock(); defer mu.Unlock(); total += i }) }\nwg.Wait()\ntotal", fmt.Sprint(l.total)
	}
	if l.rng.IntN(2) == 0 { // an error, after which nothing has changed
		return "total = 5; total = undefinedName", "error"
	}
	return "func() int { var m map[string]int; m[\"x\"] = 1; return 0 }()", "error"
}

// TestGeneratedSession runs sessions of several hundred mixed cells.
func TestGeneratedSession(t *testing.T) {
	n := 150
	if slow() {
		n = 600
	}
	for seed := range uint64(2) {
		l := &longSession{rng: rand.New(rand.NewPCG(seed, 1)), vars: map[string]int{}, shapes: map[string]int{}}
		s := newSession(t)
		for _, src := range []string{
			"import (\"iter\"; \"slices\"; \"sync\")\ntotal := 0",
			"type Areaer interface { Area() int }\nfunc Area(a Areaer) int { return a.Area() }",
			"func double[T int | float64](in iter.Seq[T]) iter.Seq[T] { return func(yield func(T) bool) { for x := range in { if !yield(2 * x) { return } } } }",
		} {
			if _, err := eval(s, src); err != nil {
				t.Fatal(err)
			}
		}
		for k := range n {
			src, want := l.cell(k)
			if strings.Contains(src, "len(seen)") {
				continue
			}
			r, err := eval(s, src)
			got := r.result()
			if err != nil {
				got = "error"
			}
			if got != want {
				t.Fatalf("seed %d, cell %d:\n%s\ngot %s (%v), want %s", seed, k, src, got, err, want)
			}
		}
	}
}
