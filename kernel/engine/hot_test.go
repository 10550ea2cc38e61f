package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hotSession compiles loops and functions at once, coldSession never.
func hotSession(t testing.TB) *Session {
	s := newSession(t)
	s.program.SetHot(1)
	return s
}

func coldSession(t testing.TB) *Session {
	s := newSession(t)
	s.program.SetHot(1 << 30)
	return s
}

// TestHotMeansTheSame runs what compiled code is made of in a session that compiles everything and in one that compiles
// nothing.
func TestHotMeansTheSame(t *testing.T) {
	for _, src := range []string{
		`s := 0; for i := range 10 { s += i }; s`,
		`a, b := 0, 1; for range 10 { a, b = b, a+b }; fmt.Sprint(a, b)`,
		`a, b, c := 1, 2, 3; for i := 0; i < 5; i++ { a, b, c = c, a, b }; fmt.Sprint(a, b, c)`,
		`last := 0; for i := 0; ; i++ { last = i; if i*i > 50 { break } }; last`,
		`n := 0; for i := range 10 { if i%2 == 0 { continue }; for j := range i { if j > 3 { break }; n += j } }; n`,
		`func fact(n uint64) uint64 { if n == 0 { return 1 }; return n * fact(n-1) }; fact(20)`,
		`func even(n int) bool { if n == 0 { return true }; return odd(n - 1) }; func odd(n int) bool { if n == 0 { return false }; return even(n - 1) }; fmt.Sprint(even(10), odd(7), even(3))`,
		`func divmod(a, b int) (int, int) { return a / b, a % b }; func swap(a, b int) (int, int) { return b, a }; q := 0; for i := 1; i < 9; i++ { x, y := divmod(97, i); x, y = swap(x, y); q = q*3 + x - y }; q`,
		`func sum(xs []float64) (s float64) { for _, x := range xs { s += x }; return }; sum([]float64{1, 2.5, -3})`,
		`xs := []int{1, 2, 3, 4}; for i := range xs { xs[i] *= xs[len(xs)-1-i] }; fmt.Sprint(xs)`,
		`m := [][]float64{{1, 2}, {3, 4}}; t := 0.0; for i := 0; i < len(m); i++ { for j := 0; j < len(m[i]); j++ { m[i][j] += float64(i - j); t += m[i][j] } }; fmt.Sprint(m, t)`,
		`xs := []int{1}; for i := 0; i < len(xs); i++ { if len(xs) < 6 { xs = append(xs, xs[i]+i) } }; fmt.Sprint(xs)`,
		`ys := []int{5, 6}; n := 0; for i := 0; i < 2; i++ { n += ys[i]; ys = []int{7, 8, 9}; n += ys[i] }; n`,
		`xs := [][]int{{1, 2}, {3, 4}}; n := 0; for i := 0; i < 4; i++ { r := xs[0]; xs[0], xs[1] = xs[1], xs[0]; n = n*10 + r[i%2] + xs[0][i%2] }; n`,
		`ys := []int{1, 2}; f := func() int { ys = []int{7, 8}; return 1 }; n := 0; for i := range 2 { n = n*10 + ys[i] + f() + ys[1-i] }; n`,
		`ys := []int{1, 2, 3}; n := 0; for i := 0; i < len(ys); i++ { ys[i] += 5; if i == 1 { ys = ys[:2] }; n += len(ys) }; fmt.Sprint(n, ys)`,
		`type node struct { next *node; v int }; var head *node; for i := range 5 { head = &node{head, i} }; n := 0; for p := head; p != nil; p = p.next { n = n*10 + p.v }; n`,
		`type M struct { rows [][]float64; n int }; m := &M{n: 3}; for i := 0; i < m.n; i++ { m.rows = append(m.rows, make([]float64, m.n)); for j := 0; j < m.n; j++ { m.rows[i][j] = float64(i*m.n + j) } }; t := 0.0; for i := range m.rows { for j, v := range m.rows[i] { t += v * m.rows[j][i] } }; t`,
		`func norm(x, y float64) float64 { return math.Sqrt(x*x + y*y) }; xs := []float64{3, 5, 8}; for i := range xs { xs[i] += norm(xs[i], 4) * math.Exp(0) }; fmt.Sprint(xs)`,
		`type P struct { x, y int; _ int; z float32 }; ps := make([]P, 3); for i := range ps { ps[i].x = i; ps[i].y += 2; p := &ps[i]; p.z = float32(p.x) / 2 }; fmt.Sprint(ps)`,
		`type V struct { n int }; func (v *V) add(k int) { for i := range k { v.n += i } }; v := &V{}; v.add(5); v.n`,
		`var grid [3][4]int; for i := range grid { for j := range grid[i] { grid[i][j] = i * j } }; fmt.Sprint(grid)`,
		`h := uint32(2166136261); for _, c := range []byte("hello") { h ^= uint32(c); h *= 16777619 }; h`,
		`s, n := "añb", 0; for i := 0; i < len(s); i++ { n = n*7 + int(s[i]) }; for _, r := range s { n += int(r) }; n`,
		`type Celsius float64; func warm(c Celsius) Celsius { return c*2 + 1 }; c := Celsius(1); for range 3 { c = warm(c) }; fmt.Sprintf("%T %v", c, c)`,
		`type Celsius float64; func (c Celsius) F() float64 { return float64(c)*9/5 + 32 }; t := 0.0; for i := range 5 { t += Celsius(i).F() }; t`,
		`d := time.Duration(0); for i := range 4 { d += time.Duration(i) * time.Second }; d.String()`,
		`var shown []any; for i := int8(0); i < 3; i++ { shown = append(shown, i, uint16(i), float32(i)/2, i == 1) }; fmt.Sprintf("%T %v", shown[1], shown)`,
		`fs := []func() int{}; for i := range 3 { fs = append(fs, func() int { i++; return i }) }; fmt.Sprint(fs[0](), fs[0](), fs[2]())`,
		`k := 0; inc := func(n int) int { for range n { k++ }; return k }; fmt.Sprint(inc(3), inc(4), k)`,
		`counts := map[string]int{}; for i := range 9 { counts[fmt.Sprint(i%3)] += i }; fmt.Sprint(counts)`,
		`n := 0; for k, v := range map[int]int{1: 2} { n += k*10 + v }; n`,
		`x := 1.0; for range 5 { x = math.Sqrt(x*x + 1); x = math.Max(x, 2) }; x`,
		`func clamp(x, lo, hi int) int { return min(max(x, lo), hi) }; n := 0; for i := -5; i < 5; i++ { n = n*5 + clamp(i, -2, 2) }; n`,
		`var i8 int8 = 100; for range 3 { i8 += 50 }; var u8 uint8 = 3; for range 5 { u8 -= 1; u8 <<= 1 }; fmt.Sprint(i8, u8)`,
		`x := -7; n := 0; for i := 1; i < 5; i++ { n = n*100 + x/i + x%i + x>>i + int(uint8(x)>>uint(i)) }; n`,
		`nan := math.NaN(); n := 0; for range 2 { if nan != nan { n++ }; if nan < 1 { n += 10 }; if !(nan >= 1) { n += 100 } }; n`,
		`func collatz(n int) (steps int) { for n != 1 { if n%2 == 0 { n /= 2 } else { n = 3*n + 1 }; steps++ }; return }; collatz(27)`,
		`sw := 0; for i := range 8 { switch { case i < 2: sw += 1; case i == 5: sw += 100; default: sw += 10 } }; sw`,
		`out := 0; L: for i := range 5 { for j := range 5 { if i*j == 6 { break L }; if j > i { continue L }; out += i + j } }; out`,
		`n := 0; func() { defer func() { recover(); n += 1000 }(); for i := 5; ; i-- { n += 10 / i } }(); n`,
		`func try(i int) (n int, err error) { defer func() { if e := recover(); e != nil { err = fmt.Errorf("%v", e) } }(); xs := []int{1, 2}; for j := range i { n += xs[j] }; return }; fmt.Sprint(try(2)) + fmt.Sprint(try(5))`,
		`func gen[T int | float64](n int) (s T) { for i := range n { s += T(i) / 2 }; return }; fmt.Sprint(gen[int](5), gen[float64](5))`,
		`bs := make([]bool, 5); for i := range bs { bs[i] = i%2 == 0 != bs[(i+4)%5] }; fmt.Sprint(bs)`,
		`var any1 any; for i := range 3 { any1 = i; if j, ok := any1.(int); ok && j == 2 { any1 = "two" } }; any1`,
		`c := make(chan int, 5); for i := range 5 { c <- i * i }; close(c); n := 0; for v := range c { n = n*20 + v }; n`,
		`var p *int; for i := range 3 { if p == nil { p = new(int) }; *p += i }; *p`,
		`func sieve(n int) (count int) { composite := make([]bool, n); for i := 2; i < n; i++ { if composite[i] { continue }; count++; for j := i * i; j < n; j += i { composite[j] = true } }; return }; sieve(100)`,
		`a := [5]int{5, 3, 1, 4, 2}; for i := range a { for j := i; j > 0 && a[j-1] > a[j]; j-- { a[j], a[j-1] = a[j-1], a[j] } }; fmt.Sprint(a)`,
		`func ack(m, n int) int { if m == 0 { return n + 1 }; if n == 0 { return ack(m-1, 1) }; return ack(m-1, ack(m, n-1)) }; ack(2, 3)`,
		`func deep(n int) int { if n == 0 { return 0 }; return deep(n-1) + 1 }; deep(50000)`,
	} {
		hot, hotErr := eval(hotSession(t), src)
		cold, coldErr := eval(coldSession(t), src)
		if hotErr != nil || coldErr != nil {
			t.Errorf("%s:\ncompiled %v\ninterpreted %v", src, hotErr, coldErr)
		} else if hot.result() != cold.result() {
			t.Errorf("%s:\ncompiled %s\ninterpreted %s", src, hot.result(), cold.result())
		}
	}
}

// TestHotPanics compares what a panic shows: the text, and where it was.
func TestHotPanics(t *testing.T) {
	for _, src := range []string{
		"n := 0\nfor i := 3; ; i-- {\n\tn += 6 / i\n}",
		"n := 0\nfor i := 3; ; i-- {\n\tn += 6 % i\n}",
		"xs := []int{1, 2}\nfor i := 0; ; i++ {\n\txs[i]++\n}",
		"xs := []int{1, 2}\nfor i := 1; ; i-- {\n\txs[i]++\n}",
		"m := [][]int{{1}, {}}\nn := 0\nfor i := range m {\n\tn +=\n\t\tm[i][0]\n}",
		"s := \"ab\"\nn := 0\nfor i := 0; ; i++ {\n\n\tn += int(s[i])\n}",
		"var p *struct{ a, n int }\nfor range 3 {\n\tp.n++\n}",
		"var p *int\nfor range 3 {\n\t*p = 1\n}",
		"var p *int\nn := 0\nfor range 3 {\n\tn += *p\n}",
		"var a [3]int\nfor i := 0; ; i++ {\n\ta[i] = i\n}",
		"n := 0\nfor i := 2; ; i-- {\n\tn = 1 << i\n}",
		"func inner(a, b int) int {\n\treturn a / b\n}\nfunc outer(a, b int) int {\n\tx := a + 1\n\treturn inner(x, b) + 1\n}\nn := 0\nfor i := 3; ; i-- {\n\tn += outer(7, i)\n}",
		"func f(n int) int {\n\tif n == 0 {\n\t\treturn 1 / n\n\t}\n\treturn f(n-1) + 1\n}\nf(5)",
		"for i := range 5 {\n\tif i == 3 {\n\t\tpanic(\"three\")\n\t}\n}",
		"func thrower(i int) {\n\tif i == 3 {\n\t\tpanic(i)\n\t}\n}\nfor i := range 5 {\n\tthrower(i)\n}",
		"var v any = \"x\"\nn := 0\nfor range 3 {\n\tn += v.(int)\n}",
		"for i := range 5 {\n\tfunc() {\n\t\tdefer func() { panic(fmt.Sprint(\"again \", recover())) }()\n\t\t_ = 1 / i\n\t}()\n}",
	} {
		_, hot := eval(hotSession(t), src)
		_, cold := eval(coldSession(t), src)
		if hot == nil || cold == nil {
			t.Errorf("%s: no panic: compiled %v, interpreted %v", src, hot, cold)
			continue
		}
		h, c := strings.Join(hot.(*Error).Traceback, "\n"), strings.Join(cold.(*Error).Traceback, "\n")
		if h != c || hot.Error() != cold.Error() {
			t.Errorf("%s\ncompiled: %v\n%s\ninterpreted: %v\n%s", src, hot, h, cold, c)
		}
	}
}

// TestHotOrder holds what has happened before a panic.
func TestHotOrder(t *testing.T) {
	s := hotSession(t)
	for _, c := range []struct{ src, want string }{
		{`xs, n := []int{1, 2}, 0; for i := range 3 { p := &xs[i]; n++; *p = n }`, "2"},
		{`xs, n := []int{1, 2}, 0; for i := range 3 { _ = &xs[i]; n++ }`, "2"},
		{`xs, n := []int{1, 2}, 0; f := func() int { n++; return n }; for i := range 3 { xs[i] = f() }`, "3"},
		{`type P struct { x, y int }; var ps [2]*P; ps[0] = &P{}; n := 0; for i := range 2 { q := &ps[i].y; n++; *q = 1 }`, "1"},
		{`xs, n := []int{1, 2}, 0; for i := range 3 { n += xs[i] }`, "3"},
		{`m, n, s := [][]int{{1}, {2}}, 0, 0; for i := range 3 { r := m[i]; n++; s += r[0] }`, "2"},
		{`var p [2]*[]int; p[0] = &[]int{1}; n, s := 0, 0; for i := range 2 { r := *p[i]; n++; s += r[0] }`, "1"},
	} {
		if _, err := eval(s, c.src); err == nil {
			t.Errorf("%s: no panic", c.src)
		}
		if r, err := eval(s, "n"); err != nil || r.result() != c.want {
			t.Errorf("%s: n is %s, want %s", c.src, r.result(), c.want)
		}
	}
}

// TestHotRecursion ends a recursion of compiled functions that has no end, and leaves one that has.
func TestHotRecursion(t *testing.T) {
	s := hotSession(t)
	for _, src := range []string{
		"func f(n int) int { return f(n+1) + 1 }; f(0)",
		"func g(a, b, c float64) float64 { x := g(a+1, b, c); y := g(c, a, b); return x + y*a }; g(1, 2, 3)",
	} {
		_, err := eval(s, src)
		if e, ok := err.(*Error); !ok || e.Kind != KindStack {
			t.Errorf("%s: got %v", src, err)
		}
	}
	r, err := eval(s, "func h(n int) int { if n == 0 { return 0 }; return h(n-1) + 1 }; h(200000)")
	if err != nil || r.result() != "200000" {
		t.Errorf("got %v, %v", r.result(), err)
	}
}

// TestHotPrograms compares programs made at random, compiled, interpreted and by Go.
func TestHotPrograms(t *testing.T) {
	n, byGo := 6, 1
	if slow() {
		n, byGo = 60, 60
	}
	for seed := range n {
		src := randomProgram(uint64(seed))
		hot, hotErr := eval(hotSession(t), src)
		cold, coldErr := eval(coldSession(t), src)
		if hotErr != nil || coldErr != nil {
			t.Fatalf("seed %d: compiled %v, interpreted %v\n%s", seed, hotErr, coldErr, src)
		}
		if d := firstDifference(hot.stdout(), cold.stdout()); d != "" {
			t.Errorf("seed %d: compiled and interpreted: %s\n%s", seed, d, src)
		}
		if seed >= byGo {
			continue
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", file).CombinedOutput()
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, out, src)
		}
		if d := firstDifference(hot.stdout(), string(out)); d != "" {
			t.Errorf("seed %d: compiled and Go: %s\n%s", seed, d, src)
		}
	}
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		if i >= len(as) || i >= len(bs) || as[i] != bs[i] {
			return fmt.Sprintf("line %d of %d and %d: %q, %q", i, len(as), len(bs), as[min(i, len(as)-1)], bs[min(i, len(bs)-1)])
		}
	}
	return ""
}

// writer makes a program of functions over numbers.
type writer struct {
	strings.Builder
	rand  *rand.Rand
	vars  map[string][]string // in scope, by type
	fixed map[string]bool     // not to be assigned to
	funcs []string            // "name(T, U) R"
	made  int
	depth int
	loops int
}

var numberTypes = []string{"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "float32", "float64", "Metre", "ID"}

func isFloat(t string) bool { return t == "float32" || t == "float64" || t == "Metre" }

func randomProgram(seed uint64) string {
	w := &writer{rand: rand.New(rand.NewPCG(seed, 1)), fixed: map[string]bool{}}
	w.WriteString("package main\n\nimport \"fmt\"\n\ntype Metre float64\ntype ID uint16\ntype pair struct { a int16; x float64; b uint32 }\n\n")
	for _, t := range numberTypes {
		fmt.Fprintf(w, "var g_%s %s = 3\nvar s_%s = []%s{1, 2, 3, 4, 5, 6, 7, 8}\n", t, t, t, t)
	}
	w.WriteString("var grid = [][]float64{{1, 2, 3, 4}, {5, 6, 7, 8}}\nvar nested [4][4]int32\nvar arr [8]int\nvar pairs = make([]pair, 8)\n\n")
	for k := range 12 {
		w.function(k)
	}
	w.WriteString("func main() {\n")
	for k, f := range w.funcs {
		_, args, _ := strings.Cut(strings.TrimSuffix(f[:strings.Index(f, ")")], ")"), "(")
		fmt.Fprintf(w, "\tfor i := range 4 {\n\t\tfmt.Println(%d, f%d(", k, k)
		for i, t := range strings.Split(args, ", ") {
			if i > 0 {
				w.WriteString(", ")
			}
			fmt.Fprintf(w, "%s(i+%d)", t, i)
		}
		w.WriteString("))\n\t}\n")
	}
	for _, t := range numberTypes {
		fmt.Fprintf(w, "\tfmt.Println(g_%s, s_%s)\n", t, t)
	}
	w.WriteString("\tfmt.Println(arr, pairs, grid, nested)\n}\n")
	return w.String()
}

func (w *writer) pick(list []string) string { return list[w.rand.IntN(len(list))] }

func (w *writer) line(format string, args ...any) {
	w.WriteString(strings.Repeat("\t", w.depth))
	fmt.Fprintf(w, format, args...)
	w.WriteString("\n")
}

func (w *writer) function(k int) {
	w.vars, w.made, w.depth, w.loops = map[string][]string{}, 0, 1, 0
	var params, types []string
	for i := range 1 + w.rand.IntN(3) {
		t := w.pick(numberTypes)
		name := fmt.Sprintf("p%d", i)
		params, types = append(params, name+" "+t), append(types, t)
		w.vars[t] = append(w.vars[t], name)
	}
	result := w.pick(numberTypes)
	fmt.Fprintf(w, "func f%d(%s) %s {\n", k, strings.Join(params, ", "), result)
	for range 3 + w.rand.IntN(5) {
		w.statement(k)
	}
	w.line("return %s", w.expr(result, 3))
	w.WriteString("}\n\n")
	w.funcs = append(w.funcs, fmt.Sprintf("f%d(%s) %s", k, strings.Join(types, ", "), result))
}

func (w *writer) block(k, n int) {
	before := map[string][]string{}
	for t, v := range w.vars {
		before[t] = v[:len(v):len(v)]
	}
	w.depth++
	for range n {
		w.statement(k)
	}
	w.depth--
	w.vars = before
}

// pure functions only take and give numbers; k is the function being written.
func (w *writer) statement(k int) {
	t := w.pick(numberTypes)
	switch c := w.rand.IntN(16); {
	case c >= 14 && len(w.funcs) > 0 && w.loops < 2:
		w.call()
	case c < 3:
		w.made++
		name := fmt.Sprintf("v%d", w.made)
		w.line("var %s %s = %s", name, t, w.expr(t, 2))
		w.line("_ = %s", name)
		w.vars[t] = append(w.vars[t], name)
	case c < 6:
		if to := w.assignable(t); to != "" {
			w.line("%s %s %s", to, w.pick([]string{"=", "+=", "-=", "*="}), w.expr(t, 2))
		}
	case c == 6 && w.depth < 4:
		w.line("if %s {", w.condition())
		w.block(k, 2)
		if w.rand.IntN(2) == 0 {
			w.line("} else {")
			w.block(k, 2)
		}
		w.line("}")
	case c < 9 && w.depth < 4 && w.loops < 4:
		w.loop(k)
	case c == 9:
		w.line("g_%s += %s", t, w.expr(t, 2))
	case c == 10 && k%3 != 0: // every third function has only numbers
		w.line("s_%s[%s&7] = %s", t, w.expr("int", 1), w.expr(t, 2))
	case c == 11 && k%3 != 0:
		w.line("arr[%s&7] ^= %s", w.expr("int", 1), w.expr("int", 2))
	case c == 13 && k%3 != 0:
		w.line("grid[%s&1][%s&3] -= %s", w.expr("int", 1), w.expr("uint8", 1), w.expr("float64", 2))
		w.line("nested[%s&3][%s&3] ^= %s", w.expr("int", 1), w.expr("uint16", 1), w.expr("int32", 2))
		if w.rand.IntN(3) == 0 {
			w.line("grid[0], grid[1] = grid[1], grid[0]")
		}
	case c == 12 && k%3 != 0:
		w.line("pairs[%s&7].b += uint32(%s)", w.expr("uint8", 1), w.expr("ID", 1))
		w.line("pairs[%s&7].x -= float64(s_int8[%s%%8])", w.expr("uint16", 1), w.expr("uint", 1))
	}
}

// call is a statement: the order in which an expression calls functions and reads the variables that they change is not
// defined.
func (w *writer) call() {
	f := w.pick(w.funcs)
	name, rest, _ := strings.Cut(f, "(")
	params, result, _ := strings.Cut(rest, ") ")
	var args []string
	for _, p := range strings.Split(params, ", ") {
		args = append(args, w.expr(p, 1))
	}
	w.made++
	w.line("v%d := %s(%s)", w.made, name, strings.Join(args, ", "))
	w.line("_ = v%d", w.made)
	w.vars[result] = append(w.vars[result], fmt.Sprintf("v%d", w.made))
}

func (w *writer) loop(k int) {
	w.made++
	w.loops++
	i := fmt.Sprintf("i%d", w.made)
	t := w.pick([]string{"int", "int8", "uint8", "uint64"})
	n := 2 + w.rand.IntN(5)
	if w.rand.IntN(2) == 0 {
		w.line("for %s := %s(0); %s < %d; %s++ {", i, t, i, n, i)
	} else {
		w.line("for %s := range %s(%d) {", i, t, n)
	}
	w.line("\t_ = %s", i)
	w.fixed[i] = true
	outer := w.vars[t]
	w.vars[t] = append(outer[:len(outer):len(outer)], i)
	w.block(k, 3)
	if w.rand.IntN(3) == 0 {
		w.line("\tif %s { %s }", w.condition(), w.pick([]string{"break", "continue"}))
	}
	w.vars[t] = outer
	w.line("}")
	w.loops--
}

func (w *writer) assignable(t string) string {
	for range 5 {
		if len(w.vars[t]) == 0 {
			return ""
		}
		if v := w.pick(w.vars[t]); !w.fixed[v] {
			return v
		}
	}
	return ""
}

func (w *writer) condition() string {
	t := w.pick(numberTypes)
	x, y := w.operands(t, 1)
	c := fmt.Sprintf("%s %s %s", x, w.pick([]string{"==", "!=", "<", "<=", ">", ">="}), y)
	switch w.rand.IntN(4) {
	case 0:
		return fmt.Sprintf("!(%s) && %s >= 2", c, w.expr("int", 1))
	case 1:
		return fmt.Sprintf("%s || %s < 3", c, w.expr("float32", 1))
	}
	return c
}

// operands are two, of which one may be a constant.
func (w *writer) operands(t string, depth int) (x, y string) {
	x, y = w.expr(t, depth), w.expr(t, depth)
	switch w.rand.IntN(6) {
	case 0:
		x = fmt.Sprint(1 + w.rand.IntN(99))
	case 1, 2:
		y = fmt.Sprint(1 + w.rand.IntN(99))
	}
	return x, y
}

// expr is not a constant.
func (w *writer) expr(t string, depth int) string {
	if depth == 0 || w.rand.IntN(6) == 0 {
		if v := w.vars[t]; len(v) > 0 && w.rand.IntN(4) > 0 {
			return w.pick(v)
		}
		return "g_" + t
	}
	x, y := w.operands(t, depth-1)
	switch c := w.rand.IntN(12); {
	case c < 4:
		return fmt.Sprintf("(%s %s %s)", x, w.pick([]string{"+", "-", "*"}), y)
	case c == 4 && isFloat(t):
		return fmt.Sprintf("(%s / %s)", x, y)
	case c == 4:
		return fmt.Sprintf("(%s %s (%s|1))", x, w.pick([]string{"/", "%"}), y)
	case c == 5 && !isFloat(t):
		return fmt.Sprintf("(%s %s %s)", x, w.pick([]string{"&", "|", "^", "&^"}), y)
	case c == 6 && !isFloat(t):
		count := w.expr(w.pick([]string{"int", "uint8", "int8", "uint64"}), depth-1) + "&15"
		if w.rand.IntN(3) == 0 {
			return fmt.Sprintf("(%s %s %d)", w.expr(t, depth-1), w.pick([]string{"<<", ">>"}), w.rand.IntN(70))
		}
		return fmt.Sprintf("(%s(%s) %s (%s))", t, x, w.pick([]string{"<<", ">>"}), count)
	case c == 7:
		return fmt.Sprintf("%s(%s, %s)", w.pick([]string{"min", "max"}), x, y)
	case c == 8:
		from := w.pick(numberTypes)
		if isFloat(from) && !isFloat(t) {
			from = "int32" // what a float that does not fit becomes is not defined
		}
		return fmt.Sprintf("%s(%s)", t, w.expr(from, depth-1))
	case c == 9:
		return "(-" + w.expr(t, depth-1) + ")"
	}
	return w.expr(t, depth-1)
}
