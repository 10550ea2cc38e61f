// Command engine measures interpreters of Go cell by cell: it runs the same session in one of them and prints a row of the
// table in bench/results/engine.md. See engine.sh.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// interpreter evaluates the cells of one session.
type interpreter interface{ eval(src string) error }

// interpreters start one, by name.
var interpreters = map[string]func() (interpreter, error){}

// columns of the table, in order.
const columns = "| | start ms | `1+1` ms | Println ms | median cell ms | first 100 ms | last 100 ms | KB a cell | failed cells | loop of 10M ms | fib(27) ms |\n|---|---|---|---|---|---|---|---|---|---|---|"

func main() {
	if len(os.Args) < 2 || os.Args[1] == "-columns" {
		fmt.Println(columns)
		return
	}
	row, err := measure(os.Args[1], cellsOf(os.Args[2:]))
	if err != nil {
		fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr)
	os.WriteFile(os.Getenv("ROW"), []byte(row+"\n"), 0o644)
}

func cellsOf(args []string) (n int) {
	if len(args) == 0 {
		return 2000
	}
	fmt.Sscan(args[0], &n)
	return n
}

func measure(name string, cells int) (row string, err error) {
	start, ok := interpreters[name]
	if !ok {
		return "", fmt.Errorf("no such interpreter")
	}
	begin := time.Now()
	in, err := start()
	if err != nil {
		return "", err
	}
	ready := time.Since(begin)
	for _, src := range []string{`import "fmt"`, "x := 0", "fmt.Sprint(x)"} {
		if err := in.eval(src); err != nil {
			return "", fmt.Errorf("%s: %w", src, err)
		}
	}
	one, _ := repeat(in, 50, func(int) string { return "1 + 1" })
	print, _ := repeat(in, 50, func(int) string { return `fmt.Println("hello")` })
	before := heap()
	took, failed := repeat(in, cells, mixedCell)
	perCell := float64(heap()-before) / float64(cells) / 1024
	n := min(100, cells)
	row = fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %.1f | %d |", name, ms(ready), ms(median(one)), ms(median(print)),
		ms(median(took)), ms(median(took[:n])), ms(median(took[cells-n:])), perCell, failed)
	for _, src := range []string{loop, fib} {
		if err := in.eval(src); err != nil {
			row += " fails |"
			continue
		}
		call := map[string]string{loop: "lp(10000000)", fib: "fib(27)"}[src]
		best, failed := repeat(in, 3, func(int) string { return call })
		if failed > 0 {
			row += " fails |"
			continue
		}
		row += fmt.Sprintf(" %.0f |", float64(slices.Min(best).Microseconds())/1000)
	}
	return row, nil
}

const (
	loop = "func lp(n int) (s int) { for i := 0; i < n; i++ { s += i }; return s }"
	fib  = "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }"
)

// mixedCell is the k-th of a long session, of what all interpreters can: a variable, a function with a closure, a type
// with methods, a statement.
func mixedCell(k int) string {
	switch k % 4 {
	case 0:
		return fmt.Sprintf("v%d := %d\nfmt.Println(v%d, x)", k, k, k)
	case 1:
		return strings.ReplaceAll("func f# (a int) int { for i := 0; i < 3; i++ { a += i }; return a + x }\ng# := func() int { x++; return f#(x) }\ng#()", "#", fmt.Sprint(k))
	case 2:
		return strings.ReplaceAll("type T# struct { x int; s string }\nfunc (t T#) String() string { return fmt.Sprint(t.x) }\nfunc (t *T#) Inc() { t.x++ }\nt# := &T#{x: 1}; t#.Inc(); fmt.Println(t#.x)", "#", fmt.Sprint(k))
	}
	return "x++"
}

// repeat evaluates n cells; those that failed are counted and not timed.
func repeat(in interpreter, n int, cell func(int) string) (took []time.Duration, failed int) {
	for k := range n {
		begin := time.Now()
		err := in.eval(cell(k))
		took = append(took, time.Since(begin))
		if err != nil {
			failed++
		}
	}
	return took, failed
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
