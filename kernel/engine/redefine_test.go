package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A redefiner makes up a session whose cells declare the same few names again and again, in all forms that their uses
// allow. After some cells the session is asked what all of it computes. A program has the declarations as they then are,
// once for each time that was asked, and must print the same.
//
//	f0 … f5   functions that call each other; f0 and f1 keep their type
//	c0 … c3   constants, or variables
//	v0 … v3   variables
//	T, *T     its methods M, Name and String; hold and held keep values of it
//	g, stored, closure   are declared once, and call the others
type redefiner struct {
	rng     *rand.Rand
	now     map[string]string // name -> its declaration
	program strings.Builder
	asked   int
}

var redefined = []string{"f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1", "c2", "c3", "v0", "v1", "v2", "v3", "T.M", "T.Name", "T.String"}

// once is what is declared once.
const once = `
type I interface { M(d int) int; Name(d int) string; String() string }
type T struct{ n int }
func g(d int) int { s := 0; for i := range 120 { s += int(f0(i%3)) + int(f2(d)) + int(c0); s %= 1000003 }; return s + hold.M(d) }
func names() string { return fmt.Sprint(hold, held, hold.Name(1), held[1].Name(1)) }
`

// made are the values that are made once.
const made = `
var hold I = &T{1}
var held = []I{&T{2}, &T{3}}
var stored = g
var closure = func(d int) int { return int(f0(d)) + int(f1(d)) }
`

const asking = `fmt.Sprint(g(2), stored(1), closure(2), names(), f0(2), f1(2), f2(2), f3(2), f4(2), f5(2), c0, c1, c2, c3, v0, v1, v2, v3)`

// body is what a function or method of that result computes of d.
func (r *redefiner) body(result string) string {
	n := func(k int) int { return r.rng.IntN(k) }
	calls := []string{
		fmt.Sprintf("int(f%d(d-1))", n(6)), fmt.Sprintf("int(f%d(d-1))", n(6)), fmt.Sprintf("int(c%d)", n(4)), fmt.Sprintf("int(v%d)", n(4)),
		"hold.M(d-1)", "len(held[0].Name(d-1))", fmt.Sprintf("func() int { return int(f%d(d-1)) + int(c%d) }()", n(6), n(4)),
	}
	terms := fmt.Sprint("int(d)*", n(100))
	for range 1 + n(3) {
		terms += []string{" + ", " - ", " ^ "}[n(3)] + calls[n(len(calls))]
	}
	return fmt.Sprintf("{ if d <= 0 { return %d }; return %s((%s) %% 10007) }", n(100), result, terms)
}

// declaration is a new one of a name.
func (r *redefiner) declaration(name string) string {
	n := r.rng.IntN
	switch {
	case name == "T.M":
		return "func (t *T) M(d int) int " + r.body("int")
	case name == "T.Name":
		return fmt.Sprintf("func (t *T) Name(d int) string { if d <= 0 { return \"x\" }; return fmt.Sprint(t.n, int(f%d(d-1)), %d) }", n(6), n(100))
	case name == "T.String":
		return fmt.Sprintf("func (t *T) String() string { return fmt.Sprint(\"T\", t.n+%d, int(f%d(1))) }", n(100), n(6))
	case name == "f0" || name == "f1":
		return "func " + name + "(d int) int " + r.body("int")
	case name[0] == 'f':
		if n(4) == 0 {
			return fmt.Sprintf("var %s = func(d int) int { return d * %d }", name, n(100))
		}
		form := [][2]string{
			{"(d int) int64", "int64"}, {"(d int, more ...string) int", "int"}, {"[N int | int8](d N) N", "N"}, {"(d int) (n int8)", "int8"}, {"(d int) float64", "float64"},
		}[n(5)]
		return "func " + name + form[0] + " " + strings.ReplaceAll(r.body(form[1]), "(d-1)", "(int(d)-1)")
	case name[0] == 'c' && n(3) > 0:
		return fmt.Sprintf("const %s = %d", name, n(100))
	case name[0] == 'c':
		return fmt.Sprintf("const %s int64 = %d", name, n(100))
	}
	return fmt.Sprintf([]string{"var %s = %d", "var %s int8 = %d", "var %s = float32(%d)"}[n(3)], name, n(100))
}

// cell declares some names again.
func (r *redefiner) cell() (src string) {
	for range 1 + r.rng.IntN(3) {
		name := redefined[r.rng.IntN(len(redefined))]
		if strings.Contains(src, name+" ") || strings.Contains(src, name+"(") || strings.Contains(src, name+"[") || strings.Contains(src, ") "+strings.TrimPrefix(name, "T.")) {
			continue
		}
		r.now[name] = r.declaration(name)
		src += r.now[name] + "\n"
	}
	return src
}

// ask adds the declarations to the program, in names of their own.
func (r *redefiner) ask() {
	r.asked++
	all := once + made
	for _, name := range redefined {
		d := r.now[name]
		if v, f, isFunc := strings.Cut(d, " = func"); isFunc && strings.HasPrefix(v, "var f") {
			d = v + " func(d int) int\nfunc init() { " + strings.TrimPrefix(v, "var ") + " = func" + f + " }" // no initialization cycle
		}
		all += d + "\n"
	}
	all += "func ask() string { return " + asking + " }\n"
	for _, v := range []string{"hold", "held"} { // nor here
		all = strings.Replace(all, "var "+v+" I = ", "var "+v+" I\nfunc init() { "+v+" = ", 1)
		all = strings.Replace(all, "var "+v+" = []I{", "var "+v+" []I\nfunc init() { "+v+" = []I{", 1)
	}
	all = strings.NewReplacer("&T{1}\n", "&T{1} }\n", "&T{3}}\n", "&T{3}} }\n", "var stored = g\n", "var stored func(int) int\nfunc init() { stored = g }\n",
		"var closure = func(d int) int { return int(f0(d)) + int(f1(d)) }", "var closure func(int) int\nfunc init() { closure = func(d int) int { return int(f0(d)) + int(f1(d)) } }").Replace(all)
	names := append(slices.Clone(redefined[:14]), "hold", "held", "stored", "closure", "names", "ask", "g", "T", "I")
	for _, name := range names {
		all = renamed(all, name, fmt.Sprint(name, "_", r.asked))
	}
	r.program.WriteString(all)
}

// renamed puts another name in the place of one.
func renamed(src, name, with string) string {
	var b strings.Builder
	letter := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '"' || c == '.'
	}
	for {
		i := strings.Index(src, name)
		if i < 0 {
			return b.String() + src
		}
		end := i + len(name)
		whole := (i == 0 || !letter(src[i-1])) && (end == len(src) || !letter(src[end]) || src[end] == '.')
		b.WriteString(src[:i])
		if whole {
			b.WriteString(with)
		} else {
			b.WriteString(name)
		}
		src = src[end:]
	}
}

// TestRedefinitions compares sessions that declare names again with programs of what is declared last.
func TestRedefinitions(t *testing.T) {
	seeds, cells := 1, 40
	if slow() {
		seeds, cells = 6, 250
	}
	for seed := range uint64(seeds) {
		r := &redefiner{rng: rand.New(rand.NewPCG(seed, 7)), now: map[string]string{}}
		first := once
		for _, name := range redefined {
			r.now[name] = r.declaration(name)
			first += r.now[name] + "\n"
		}
		s := newSession(t)
		if _, err := eval(s, first+made); err != nil {
			t.Fatalf("seed %d:\n%s\n%v", seed, first, err)
		}
		var got, history []string
		for k := range cells {
			if r.rng.IntN(5) == 0 { // fails, and changes nothing
				if _, err := eval(s, "func f0(d int) int { return undefinedName }\nconst c0 = 77\nfunc (t *T) M(d int) int { return 0 }"); err == nil {
					t.Fatal("a cell with an undefined name compiles")
				}
			}
			src := r.cell()
			history = append(history, src)
			if rec, err := eval(s, src); err != nil || len(rec.notices) > 0 {
				t.Fatalf("seed %d, cell %d:\n%s\n%v %v", seed, k, src, err, rec.notices)
			}
			if k%3 == 0 {
				r.ask()
				rec, err := eval(s, asking)
				if err != nil {
					t.Fatalf("seed %d, cell %d: %v", seed, k, err)
				}
				got = append(got, rec.result())
			}
		}
		want := r.run(t)
		for k := range got {
			if k >= len(want) || got[k] != want[k] {
				t.Fatalf("seed %d, after\n%s\ngot  %s\nwant %s", seed, strings.Join(history[max(0, 3*k-6):3*k+1], "\n----\n"), got[k], want[k])
			}
		}
	}
}

// run runs the program.
func (r *redefiner) run(t *testing.T) []string {
	t.Helper()
	src := "package main\n\nimport \"fmt\"\n" + r.program.String() + "\nfunc main() {\n"
	for k := range r.asked {
		src += fmt.Sprintf("\tfmt.Println(ask_%d())\n", k+1)
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(src+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", file).CombinedOutput()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// TestRunningGoroutineCallsTheNewFunction declares again, twice, what goroutines call that began before.
func TestRunningGoroutineCallsTheNewFunction(t *testing.T) {
	s := newSession(t)
	do := func(src, want string) {
		t.Helper()
		if r, err := eval(s, src); err != nil || want != "" && r.result() != want {
			t.Errorf("%s\ngot %s, %v; want %s", src, r.result(), err, want)
		}
	}
	do("type T struct{ k int }; func (t T) times(x int) int { return t.k * x }; func speed() (int, string) { return 1, `a` }", "")
	do("func wide(x int) int { v, _ := speed(); return v * x }; var a, b, c = make(chan int), make(chan string), make(chan int)", "")
	do("go func() { for { v, text := speed(); b <- text; a <- wide(10) + v } }()", "")
	do("func forever() { for { c <- (T{7}).times(1) } }; go forever()", "")
	ask := `<-b; <-a; <-c; text := <-b; fmt.Sprintf("%d %s %d", <-a, text, <-c)` // the first ones may be from before
	do(ask, "11 a 7")
	do("func speed() (int, string) { return 2, `b` }", "")
	do("func (t T) times(x int) int { return -t.k * x }", "")
	do(ask, "22 b -7")
	do("func speed() (int, string) { return 3, `c` }; func (t T) times(x int) int { return t.k }", "")
	do(ask, "33 c 7")
}

// TestInitialiserMeetsFormerValue declares variables again by functions that use them, and by what fails.
func TestInitialiserMeetsFormerValue(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{"count := 5\nfunc next() int { count++; return count }", "-"},
		{"count := next()\ncount", "6"},
		{"var count = next() + next()\ncount", "15"},
		{"count := func() int { panic(1) }()", "error"},
		{"count", "15"},
		{"var count int\ncount", "0"},
	} {
		r, err := eval(s, c.src)
		got := r.result()
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s\ngives %s, %v, want %s", c.src, got, err, c.want)
		}
	}
}

// TestPackageKeepsItsTypesThroughARedefinition: a package's variables keep the types of their fields, which no code had asked
// for when the cell redefined a type.
func TestPackageKeepsItsTypesThroughARedefinition(t *testing.T) {
	s := newSession(t)
	for _, code := range []string{
		"import \"unique\"", "type A struct{ b *B }\ntype B struct{ a *A }\nfunc (*A) Do() {}\na := &A{}", "type A struct{ b *B; n int }",
		"if unique.Make(\"a\") != unique.Make(\"a\") { panic(\"two handles\") }",
	} {
		if _, err := eval(s, code); err != nil {
			t.Fatalf("%s\n%v", code, err)
		}
	}
}
