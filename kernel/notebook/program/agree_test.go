package program

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/goplus/ixgo"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/interptest"
	"github.com/msflow-go/msflow/kernel/magics"
	"github.com/msflow-go/msflow/kernel/notebook/native"
)

// TestMain lets exported programs run in the interpreter, which takes less time than to build them.
func TestMain(m *testing.M) {
	ixgo.RegisterPackage(&ixgo.Package{
		Name: "native", Path: nativePath, Deps: map[string]string{"context": "context"},
		Interfaces: map[string]reflect.Type{}, NamedTypes: map[string]reflect.Type{}, AliasTypes: map[string]reflect.Type{}, Vars: map[string]reflect.Value{},
		Funcs: map[string]reflect.Value{
			"Run": reflect.ValueOf(native.Run), "Show": reflect.ValueOf(native.Show), "ShowChecked": reflect.ValueOf(native.ShowChecked),
			"Check": reflect.ValueOf(native.Check), "Context": reflect.ValueOf(native.Context),
		},
		TypedConsts: map[string]ixgo.TypedConst{}, UntypedConsts: map[string]ixgo.UntypedConst{},
	})
	interptest.Main(m, interp.RunProgram)
}

// TestSessionAndProgramAgree runs notebooks as a session does and as programs.
func TestSessionAndProgramAgree(t *testing.T) {
	var programs, wants []string
	for _, c := range []struct {
		about string
		cells []string
		want  string // output, or a part of the error
	}{
		{"a magic parts what a cell declares", []string{"x := 1\n%cd .\nx := 2.5\nx", "x"}, "2.5\n2.5"},
		{"what stands before a magic is a result", []string{"1\n%cd .\n2"}, "1\n2"},
		{"a magic with blanks before it", []string{"\t%time x := 1\n  %cd .\nx"}, "1"},
		{"a magic with a tab after its name", []string{"%time\tx := 1\nx"}, "1"},
		{"a timed magic", []string{"%time !true\n%%time\nx := 1\n%cd .\nx := 2.5\nx"}, "2.5"},
		{"a timed result before another", []string{"%time 1\n2"}, "1\n2"},
		{"no magic in a string", []string{"s := `\n%cd nowhere\n!false\nx?`\nlen(s)"}, "22"},
		{"no magic in a comment", []string{"/*\n%cd nowhere\n*/\n// !false\n1"}, "1"},
		{"no magic in brackets", []string{"f := func(a, b int) int {\n\treturn a %\n\t\tb\n}\nf(\n\t7,\n\t4,\n)"}, "3"},
		{"a comment before a magic", []string{"x := 1\n// where?\n%cd .\n// and then\nx"}, "1"},
		{"a name described", []string{"x := 1\n_ = x"}, ""},
		{"a use before the cell's own", []string{"x := 1", "fmt.Println(x)\nx := \"two\"\nx"}, "1\n\"two\""},
		{"a use on the right of the cell's own", []string{"x := 1", "x := fmt.Sprint(x, x)\nx"}, "\"1 1\""},
		{"a key on the right of the cell's own", []string{"x := \"k\"", "x := map[string]int{x: 1}\nx"}, "map[string]int{\"k\": 1}"},
		{"a function of the cell means the cell's own", []string{"x := 1", "func f() int { return x }\nx := 2\nf()"}, "2"},
		{"a literal before the cell's own means the earlier one", []string{"x := 1", "f := func() int { return x }\nx := 2\nf() + 10*x"}, "21"},
		{"an early use without an earlier one", []string{"fmt.Println(y)\ny := 1"}, "undefined: y"},
		{"a self reference", []string{"v := v + 1"}, "undefined: v"},
		{"a closure that calls itself", []string{"f := func() int { return f() }"}, "undefined: f"},
		{"a universal name before the cell's own", []string{"fmt.Println(len(\"abc\"))\nlen := 2\nlen"}, "undefined: len"},
		{"variables in the order of what they need", []string{"var a = b + 1\nvar b = 2\na"}, "3"},
		{"and of a group", []string{"var (\n\tc = d * 2\n\td = e()\n)\nfunc e() int { return 4 }\nc"}, "8"},
		{"init runs where it stands", []string{"var n = 1\nfunc init() { n *= 10 }\nfunc init() { n += 2 }\nn"}, "12"},
		{"init runs last in a cell of declarations", []string{"func init() { m++ }\nvar m = 5", "m"}, "6"},
		{"= reuses what the cell has", []string{"a, err := 1, error(nil)\nb, err := 2, error(nil)\na + b"}, "3"},
		{"several values", []string{"1, \"b\" // two", "f := func() (int, error) { return 1, nil }\nf()", "1, error(nil)", "2, 3;"}, "1, \"b\"\n1\n1"},
		{"a value with a comment", []string{"1 + 1 // two"}, "2"},
		{"a suppressed value", []string{"x := 3\nx;"}, ""},
		{"only the last value", []string{"x := 3\nx + 1; x + 2"}, "x + 1 (value of type int) is not used"},
		{"a statement with semicolons", []string{"for i := 0; i < 2; i++ { fmt.Print(i) }; fmt.Println()"}, "01"},
		{"a literal that is called", []string{"func() { fmt.Println(1) }()"}, "1"},
		{"a method for an earlier type", []string{"type T int", "func (t T) Twice() T { return 2 * t }", "T(4).Twice()"}, "8"},
		{"a type of the same name", []string{"type T struct{ a int }\nx := T{1}", "type T struct{ a string }\nT{\"s\"}.a + fmt.Sprint(x.a)"}, "\"s1\""},
		{"constants", []string{"const (\n\tp = iota\n\tq\n)", "q + 1"}, "2"},
		{"forms of must", []string{"func two() (int, int, error) { return 1, 2, nil }\na, b := must(two())\nmust(os.Chdir(\".\"))\na + b + must(strconv.Atoi(\"4\"))"}, "7"},
		{"an error alone", []string{"error(nil)"}, ""},
		{"a label", []string{"loop:\nfor i := range 3 {\n\tif i == 1 {\n\t\tbreak loop\n\t}\n\tfmt.Println(i)\n}"}, "0"},
		{"an import of a name", []string{"import str \"strings\"", "str.ToUpper(\"a\")"}, "\"A\""},
		{"a loop's variable hides", []string{"i := 7\nfor i := range 2 { _ = i }\ni"}, "7"},
		{"a method with a pointer for an earlier type", []string{"type C struct{ n int }\nvar c C", "func (c *C) Add() { c.n++ }\nc.Add()\nc.Add()", "c.n"}, "2"},
		{"an interface of the cell before", []string{"type S interface{ Area() int }", "type Q int", "func (q Q) Area() int { return int(q * q) }\nvar s S = Q(3)\ns.Area()"}, "9"},
		{"what a later cell declares is not known", []string{"func f() int { return g() }", "func g() int { return 1 }"}, "undefined: g"},
		{"a package as a variable", []string{"len(strings.Fields(\"a b\"))", "strings := 4\nstrings"}, "2\n4"},
		{"an import in place of a variable", []string{"str := 1\nstr", "import str \"strings\"\nstr.ToUpper(\"a\")"}, "1\n\"A\""},
		{"a value reused with its type", []string{"n, s := 1, \"a\"\ns, m := \"b\", 2\ns + fmt.Sprint(n+m)"}, "\"b3\""},
		{"a value reused with another type", []string{"n, s := 1, \"a\"\ns, m := 5, 2"}, "cannot use"},
		{"a goroutine", []string{"c := make(chan int)\ngo func() {\n\tfor i := range 3 {\n\t\tc <- i\n\t}\n\tclose(c)\n}()\nsum := 0\nfor v := range c {\n\tsum += v\n}\nsum"}, "3"},
		{"a generic function", []string{"func pick[T any](a, b T) T { return b }", "pick(1, 2), pick(\"a\", \"b\")"}, "2, \"b\""},
		{"an empty cell of comments", []string{"// nothing", "1"}, "1"},
		{"a name declared again in a block", []string{"x := 1\n{\n\tx := 2\n\t_ = x\n}\nx"}, "1"},
		{"assignment to an earlier variable", []string{"x := 1", "x = x + 1\nx", "x++\nx"}, "2\n3"},
	} {
		t.Run(c.about, func(t *testing.T) {
			printed, sessionErr := inSession(t, c.cells)
			program, programErr := translate(t, c.cells...)
			switch {
			case (sessionErr == nil) != (programErr == nil):
				t.Errorf("the session ends in %v, the program in %v", sessionErr, programErr)
			case sessionErr != nil && (!strings.Contains(sessionErr.Error(), c.want) || !strings.Contains(programErr.Error(), c.want)):
				t.Errorf("the errors are\n%v\n%v\nwant %s", sessionErr, programErr, c.want)
			case sessionErr == nil:
				if printed != c.want {
					t.Errorf("the session prints\n%s\nwant\n%s", printed, c.want)
				}
				programs, wants = append(programs, program.Source), append(wants, c.want)
			}
		})
	}
	for i, got := range interptest.RunAll(t, programs...) {
		if got != wants[i] {
			t.Errorf("a program prints\n%s\nwant\n%s\n%s", got, wants[i], programs[i])
		}
	}
}

// printed keeps what cells print and show, as text.
type printed struct {
	engine.Discard
	mu sync.Mutex
	b  strings.Builder
}

func (s *printed) Stream(_ engine.Stream, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(text)
}

func (s *printed) Result(values []any) {
	text, _ := display.OfResult(values).Data[display.MIMETypeText].(string)
	s.Stream(engine.Stdout, []byte(strings.TrimSuffix(text, "\n")+"\n"))
}

// base is one engine for all tests: it owns the process's streams.
var base = sync.OnceValues(engine.New)

func inSession(t *testing.T, cells []string) (string, error) {
	t.Helper()
	b, err := base()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Reset(); err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(filepath.Join(t.TempDir(), "h"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := magics.New(b, h)
	if err != nil {
		t.Fatal(err)
	}
	out := &printed{}
	for _, code := range cells {
		if err := e.Eval(t.Context(), engine.Cell{Code: code}, out); err != nil {
			return "", err
		}
	}
	return withoutMagics(t, out.b.String()), nil
}

// withoutMagics leaves out what the magics of the table print.
func withoutMagics(t *testing.T, output string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(output) {
		if line != dir+"\n" && !strings.HasPrefix(line, "compiled in") && !strings.HasPrefix(line, "ran in") {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, ""))
}
