package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// randomSession makes cells up together with a Go program that does what they are to do. In a template ‹x› is a name of
// the session. In the program every declaration that a later one does not take the place of has a name of its own, and
// what can be replaced, functions and methods, is a variable that is assigned.
type randomSession struct {
	rng   *rand.Rand
	names map[string]*meaning // what they mean now
	funcs []*randomFunc       // functions, which are compiled again when what they mention is
	top   strings.Builder     // declarations of the program
	made  int
}

// meaning is what a name stands for in the program.
type meaning struct{ kind, name string }

// randomFunc is a function or a constant that mentions others.
type randomFunc struct {
	name, signature, body string
	kinds                 map[string]string // of what it mentions, when it was declared
}

var placeholder = regexp.MustCompile(`‹(\w+)›`)

func inSession(template string) string { return placeholder.ReplaceAllString(template, "$1") }

func (g *randomSession) inProgram(template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(p string) string {
		m := g.names[placeholder.FindStringSubmatch(p)[1]]
		if m == nil {
			panic("undeclared " + p)
		}
		return m.name
	})
}

func mentioned(template string) (names []string) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		names = append(names, m[1])
	}
	return names
}

// declare gives a name a new meaning and returns its name in the program.
func (g *randomSession) declare(name, kind string) string {
	g.made++
	g.names[name] = &meaning{kind, fmt.Sprintf("%s_%d", name, g.made)}
	return g.names[name].name
}

// variable declares one, and has the program recompile what mentions it.
func (g *randomSession) variable(name, kind, value string) (program string) {
	value = g.inProgram(value)
	to := g.declare(name, kind)
	fmt.Fprintf(&g.top, "var %s %s\n", to, kind)
	return to + " = " + value + "\n" + g.recompiled(map[string]bool{name: true})
}

// recompiled assigns the functions anew that mention what has changed, if they still compile.
func (g *randomSession) recompiled(changed map[string]bool) (program string) {
	for _, f := range g.funcs {
		if g.names[f.name] == nil || !slices.ContainsFunc(mentioned(f.body), func(n string) bool { return changed[n] }) || !g.compiles(f) {
			continue
		}
		program += g.assigned(f)
	}
	return program
}

func (g *randomSession) compiles(f *randomFunc) bool {
	for n, kind := range f.kinds {
		if m := g.names[n]; m == nil || m.kind != kind {
			return false
		}
	}
	return true
}

func (g *randomSession) assigned(f *randomFunc) string {
	return fmt.Sprintf("%s = func%s { %s }\n", g.names[f.name].name, f.signature, g.inProgram(f.body))
}

// function declares one: with the type that it had it takes the place of the former one.
func (g *randomSession) function(f *randomFunc) (cell, program string) {
	f.kinds = map[string]string{}
	for _, n := range mentioned(f.body) {
		f.kinds[n] = g.names[n].kind
	}
	g.funcs = slices.DeleteFunc(g.funcs, func(o *randomFunc) bool { return o.name == f.name })
	kind := "func" + f.signature
	changed := map[string]bool{}
	if was := g.names[f.name]; was == nil || was.kind != kind {
		fmt.Fprintf(&g.top, "var %s %s\n", g.declare(f.name, kind), kind)
		changed[f.name] = was != nil
	}
	program = g.assigned(f) + g.recompiled(changed)
	g.funcs = append(g.funcs, f)
	return fmt.Sprintf("func %s%s { %s }", f.name, f.signature, inSession(f.body)), program
}

// method gives the method Get of a type, which is to in the program, a body.
func (g *randomSession) method(t, to, body string) (program string) {
	f := &randomFunc{name: t + ".Get", signature: "(t " + to + ", x int) int", body: body}
	g.names[f.name] = &meaning{"func" + f.signature, to + "_Get"}
	_, program = g.function(f)
	return program
}

// of is a name of a kind, in a template; "" if there is none.
func (g *randomSession) of(kind string) string {
	var all []string
	for _, n := range slices.Sorted(maps.Keys(g.names)) {
		if g.names[n].kind == kind {
			all = append(all, "‹"+n+"›")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[g.rng.IntN(len(all))]
}

// unary are the functions of an int that a function of this rank may call, so that no recursion is endless.
func (g *randomSession) unary(rank int) string {
	var all []string
	for i := range rank {
		n := fmt.Sprintf("f%d", i)
		if m := g.names[n]; m != nil && m.kind == "func(x int) int" {
			all = append(all, "‹"+n+"›")
		}
	}
	if len(all) == 0 {
		return "int"
	}
	return all[g.rng.IntN(len(all))]
}

// number is an expression of type int. Functions of a lower rank may be called.
func (g *randomSession) number(depth, rank int, param string) string {
	pick := g.rng.IntN(12)
	if depth <= 0 {
		pick = g.rng.IntN(4)
	}
	sub := func() string { return g.number(depth-1, rank, param) }
	switch pick {
	case 0:
		return fmt.Sprint(g.rng.IntN(100))
	case 1:
		if param != "" {
			return param
		}
	case 2, 3:
		if v := g.of([]string{"int", "int", "const"}[g.rng.IntN(3)]); v != "" {
			return v
		}
	case 4:
		return "(" + sub() + " + " + sub() + ")"
	case 5:
		return "(" + sub() + "*3 - " + sub() + ")"
	case 6:
		return "(" + sub() + " ^ " + sub() + ")"
	case 7, 8:
		return g.unary(rank) + "(" + sub() + " % 1000)"
	case 9:
		if s := g.of("string"); s != "" {
			return "len(" + s + ")"
		}
	case 10:
		if s := g.of("[]int"); s != "" {
			return s + "[" + fmt.Sprint(g.rng.IntN(3)) + "]"
		}
	case 11:
		if m := g.of("map[string]int"); m != "" {
			return m + "[" + fmt.Sprintf("%q", string(rune('a'+g.rng.IntN(4)))) + "]"
		}
	}
	return fmt.Sprint(g.rng.IntN(10))
}

// cell makes up one, what the program does for it, and whether the cell is to fail.
func (g *randomSession) cell() (cell, program string, fails bool) {
	name := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, g.rng.IntN(n)) }
	n := g.rng.IntN(1000)
	all := func(template string) (string, string, bool) { return inSession(template), g.inProgram(template), false }
	switch g.rng.IntN(24) {
	case 0, 1: // a variable, perhaps of another type than before
		v, e := name("v", 12), g.number(3, 8, "")
		form := []string{"%s := %s", "var %s = %s", "var %s int = %s"}[g.rng.IntN(3)]
		if slices.Contains(mentioned(e), v) { // which only := takes for the earlier variable
			form = "%s := %s"
		}
		return fmt.Sprintf(form, v, inSession(e)), g.variable(v, "int", e), false
	case 2:
		v := name("v", 12)
		return fmt.Sprintf("%s := \"text%d\"", v, n), g.variable(v, "string", fmt.Sprintf(`"text%d"`, n)), false
	case 3:
		s, e := name("s", 4), "[]int{"+g.number(1, 8, "")+", "+g.number(1, 8, "")+", 3}"
		return s + " := " + inSession(e), g.variable(s, "[]int", e), false
	case 4:
		m, e := name("m", 4), `map[string]int{"a": `+g.number(1, 8, "")+`, "b": 2}`
		return m + " := " + inSession(e), g.variable(m, "map[string]int", e), false
	case 5, 6, 7: // a function, perhaps with another signature than before
		rank := g.rng.IntN(8)
		f := &randomFunc{name: fmt.Sprintf("f%d", rank), signature: "(x int) int", body: "return " + g.number(3, rank, "x")}
		if g.rng.IntN(8) == 0 {
			f.signature, f.body = "(x, y int) int", "return x + y"
		} else if w := g.of("counter"); w != "" && g.rng.IntN(2) == 0 {
			f.body = w + "++; " + f.body
		}
		cell, program = g.function(f)
		return cell, program, false
	case 8: // assignments
		if v := g.of("int"); v != "" {
			return all(v + " = " + g.number(3, 8, ""))
		}
	case 9:
		if s := g.of("[]int"); s != "" {
			return all(s + "[1] += " + g.number(2, 8, "") + "; " + s + " = append(" + s + ", 1)")
		}
	case 10:
		if m := g.of("map[string]int"); m != "" {
			return all(m + `["c"]++; ` + m + `["a"] = ` + g.number(2, 8, ""))
		}
	case 11: // a closure, which keeps the variables that it was made with
		if v := g.of("int"); v != "" {
			c := name("c", 4)
			e := "func() int { " + v + "++; return " + g.number(2, 8, "") + " + " + v + " }"
			return c + " := " + inSession(e), g.variable(c, "func() int", e), false
		}
	case 12:
		if c := g.of("func() int"); c != "" {
			return all("fmt.Println(" + c + "(), " + c + "())")
		}
	case 13: // a type with a method, and a value of it
		t, v := name("T", 4), name("t", 4)
		body := "return t.a*x + " + g.number(1, 0, "x")
		to := g.declare(t, "type")
		method := to + "_Get"
		fmt.Fprintf(&g.top, "type %s struct { a int; note string }\nvar %s func(%s, int) int\nfunc (t %s) Get(x int) int { return %s(t, x) }\n", to, method, to, to, method)
		program = g.method(t, to, body)
		cell = fmt.Sprintf("type %s struct { a int; note string }\nfunc (t %s) Get(x int) int { %s }\n%s := %s{a: %d}", t, t, inSession(body), v, t, n)
		return cell, program + g.variable(v, to, fmt.Sprintf("‹%s›{a: %d}", t, n)), false
	case 14: // another method for the values that there are
		if t := g.of("type"); t != "" {
			tn := mentioned(t)[0]
			body := fmt.Sprintf("return t.a - x*%d + ", n) + g.number(1, 0, "x")
			return fmt.Sprintf("func (t %s) Get(x int) int { %s }", tn, inSession(body)), g.method(tn, g.names[tn].name, body), false
		}
	case 15:
		for _, v := range []string{"t0", "t1", "t2", "t3"} {
			if g.names[v] != nil {
				cell += fmt.Sprintf("fmt.Println(‹%s›.Get(%d), any(‹%s›).(interface{ Get(int) int }).Get(2), ‹%s›.a); ‹%s›.a++\n", v, n, v, v, v)
			}
		}
		return all(cell)
	case 16: // goroutines, a channel, a select, labels
		return all(strings.ReplaceAll(`results := make(chan int, 10)
for i := range 10 { go func() { results <- i * NUM }() }
sum := 0
L:
for n := 0; ; {
	select {
	case x := <-results:
		sum += x
		if n++; n == 10 { break L }
	}
}
fmt.Println(sum, `, "NUM", fmt.Sprint(n)) + g.number(2, 8, "") + ")")
	case 17: // generics, iterators, defers
		return all(`func() {
	defer func() { fmt.Println("recovered", recover()) }()
	defer fmt.Print("deferred ")
	total := 0
	for i, x := range slices.All([]int{` + fmt.Sprint(n) + `, 2, 3}) { total += i * x }
	fmt.Println(total, slices.Max([]int{` + g.number(2, 8, "") + `, 5}))
	var none []int
	fmt.Println(none[total])
}()`)
	case 18: // what fails changes only what ran before
		if v := g.of("int"); v != "" {
			fail := []string{"panic(%q)", "_ = []int{}[len(%q)]", "var none map[string]int; none[%q] = 1", "func(zero int) { fmt.Println(1 / zero) }(len(%q) - 4)"}[g.rng.IntN(4)]
			t := v + "++; " + fmt.Sprintf(fail, "fail")
			return inSession(t), g.inProgram("func() { defer func() { recover() }(); " + t + " }()"), true
		}
	case 19:
		slip := []string{"fmt.Println(1); undefinedName++", "v%d := undefinedName", "func f%d(x int) int { return \"\" }", "type T%d struct { x undefinedName }", "var v%d = v%d +"}[g.rng.IntN(5)]
		return strings.ReplaceAll(slip, "%d", fmt.Sprint(g.rng.IntN(4))), "", true
	case 21: // what functions count: no expression mentions it, as Go leaves open whether it is read before they are called
		w, e := name("w", 3), g.unary(8)+"(1) % 1000"
		return w + " := " + inSession(e), g.variable(w, "counter", e), false
	case 22:
		if w := g.of("counter"); w != "" {
			return all("fmt.Println(" + w + ")")
		}
	case 20: // a constant
		k := name("k", 4)
		return fmt.Sprintf("const %s = %d", k, n), g.constant(k, n), false
	}
	return all("fmt.Println(" + g.number(3, 8, "") + ", " + g.number(2, 8, "") + ")")
}

// constant declares one.
func (g *randomSession) constant(name string, value int) (program string) {
	fmt.Fprintf(&g.top, "const %s = %d\n", g.declare(name, "const"), value)
	return g.recompiled(map[string]bool{name: true})
}

// TestRandomSessions compares sessions with go run of a program that does the same: a short one, or with MSFLOW_SLOW eight of
// 1,000 cells. MSFLOW_SEED is the first one's number.
func TestRandomSessions(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	n, seeds := 150, uint64(1)
	if slow() {
		n, seeds = 1000, 8
	}
	first := uint64(1)
	if text := os.Getenv("MSFLOW_SEED"); text != "" {
		fmt.Sscan(text, &first)
	}
	for seed := first; seed < first+seeds; seed++ {
		if !sameAsProgram(t, seed, n) {
			return
		}
	}
}

func sameAsProgram(t *testing.T, seed uint64, n int) bool {
	g := &randomSession{rng: rand.New(rand.NewPCG(seed, 7)), names: map[string]*meaning{}}
	cells, fails := make([]string, n), make([]bool, n)
	var body strings.Builder
	for k := range n {
		var program string
		cells[k], program, fails[k] = g.cell()
		fmt.Fprintf(&body, "func() {\n%s\n}()\nfmt.Println(\"<%d>\")\n", program, k)
	}
	source := "package main\nimport (\"fmt\"; \"slices\")\ntype counter = int\nvar _ = slices.Max[[]int]\n" + g.top.String() + "func main() {\n" + body.String() + "}\n"
	file := filepath.Join(t.TempDir(), "cells.go")
	if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("go", "run", file).CombinedOutput()
	if err != nil {
		t.Fatalf("seed %d: go run: %v\n%s", seed, err, text)
	}
	s := newSession(t)
	rest := string(text)
	for k, src := range cells {
		var want string
		want, rest, _ = strings.Cut(rest, fmt.Sprintf("<%d>\n", k))
		r, err := eval(s, src)
		if got := r.out.String(); got != want || (err != nil) != fails[k] {
			t.Errorf("seed %d, cell %d:\n%s\nprints %q (%v), want %q", seed, k, src, got, err, want)
			return false
		}
	}
	return true
}
