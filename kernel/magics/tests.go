package magics

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/engine"
)

// kindsOfTests are what functions are called that `go test` runs, their signature, and how gotest takes them.
var kindsOfTests = []struct{ prefix, signature, list string }{
	{"Test", "func(t *testing.T)", "Tests: []testing.InternalTest"},
	{"Benchmark", "func(b *testing.B)", "Benchmarks: []testing.InternalBenchmark"},
	{"Fuzz", "func(f *testing.F)", "Fuzz: []testing.InternalFuzzTarget"},
	{"Example", "func()", "Examples: []testing.InternalExample"},
}

// test runs the tests of cells: %test [REGEXP] [-v] [-bench REGEXP] and the other flags of `go test`.
func (c *call) test() error { return c.runTests(map[string]string{}, "run") }

// bench runs benchmarks only.
func (c *call) bench() error {
	return c.runTests(map[string]string{"run": "^$", "bench": ".", "benchmem": "true"}, "bench")
}

// runTests runs what the flags say; a word that is no flag is the value of the one called bare.
func (c *call) runTests(flags map[string]string, bare string) error {
	for i := 0; i < len(c.args); i++ {
		name, isFlag := strings.CutPrefix(c.args[i], "-")
		name = strings.TrimPrefix(strings.TrimPrefix(name, "-"), "test.")
		name, value, has := strings.Cut(name, "=")
		switch {
		case !isFlag:
			flags[bare] = c.args[i]
		case has:
			flags[name] = value
		case name == "v" || name == "short" || name == "benchmem" || name == "failfast":
			flags[name] = "true"
		case i+1 < len(c.args):
			i++
			flags[name] = c.args[i]
		default:
			return fmt.Errorf("-%s needs a value", name)
		}
	}
	ctx, cancel, err := c.limited(flags)
	if err != nil {
		return err
	}
	defer cancel()
	suite := c.suite()
	if suite == "" {
		return errors.New("no cell has declared a function such as TestX(t *testing.T), BenchmarkX, ExampleX or FuzzX")
	}
	passed := false // unless a run that comes to its end says so
	into := &testSink{Sink: c.sink, passed: &passed}
	code := fmt.Sprintf("gotest.Run(gotest.Suite{%s}, %#v)", suite, flags)
	err = c.Evaluator.Evaluator.Eval(ctx, c.part(code), into)
	if ctx.Err() != nil && c.ctx.Err() == nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if into.err != nil {
		return into.err
	}
	if !passed {
		return errors.New("not all tests passed")
	}
	return nil
}

// limited takes the flag -timeout out of flags: package testing would end the process after that time.
func (c *call) limited(flags map[string]string) (context.Context, context.CancelFunc, error) {
	given, ok := flags["timeout"]
	delete(flags, "timeout")
	if !ok {
		return c.ctx, func() {}, nil
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		return nil, nil, fmt.Errorf("-timeout %s: a time such as 30s is wanted", given)
	}
	if d <= 0 {
		return c.ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(c.ctx, d, fmt.Errorf("the tests took longer than %v", d))
	return ctx, cancel, nil
}

// testSink takes the result of a run of tests for itself.
type testSink struct {
	engine.Sink
	passed *bool
	err    error
}

// Result is whether all passed, and an error of a flag.
func (s *testSink) Result(values []any) {
	for _, v := range values {
		switch v := v.(type) {
		case bool:
			*s.passed = v
		case error:
			s.err = v
		}
	}
}

// suite is what cells have declared to be run, as the fields of a gotest.Suite; "" for nothing.
func (c *call) suite() string {
	lists := make([]string, len(kindsOfTests))
	for _, v := range c.Variables() {
		for i, k := range kindsOfTests {
			if v.Kind != "func" || !isTestName(v.Name, k.prefix) || !sameSignature(v.Type, k.signature) {
				continue
			}
			entry := fmt.Sprintf("{%q, %s}", v.Name, v.Name)
			if k.prefix == "Example" {
				if entry = c.example(v.Name); entry == "" {
					continue
				}
			}
			lists[i] += entry + ", "
		}
	}
	var fields []string
	for i, k := range kindsOfTests {
		if lists[i] != "" {
			fields = append(fields, k.list+"{"+lists[i]+"}")
		}
	}
	return strings.Join(fields, ", ")
}

// isTestName tells whether a name is the prefix followed by anything but a small letter.
func isTestName(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	first, _ := utf8.DecodeRuneInString(rest)
	return ok && (rest == "" || !unicode.IsLower(first))
}

// sameSignature compares two functions' types but for the names of arguments.
func sameSignature(a, b string) bool { return parameterType(a) == parameterType(b) }

// parameterType is the type of a function's only parameter, "" if it has none, and the whole signature where it is another.
func parameterType(signature string) string {
	x, err := parser.ParseExpr(signature)
	f, ok := x.(*ast.FuncType)
	if err != nil || !ok || f.Results != nil || f.Params.NumFields() > 1 {
		return signature
	}
	if f.Params.NumFields() == 0 {
		return ""
	}
	if star, ok := f.Params.List[0].Type.(*ast.StarExpr); ok {
		if sel, ok := star.X.(*ast.SelectorExpr); ok {
			return "*" + fmt.Sprint(sel.X) + "." + sel.Sel.Name
		}
	}
	return signature
}

// example is an example with the output that its comment wants; "" if there is no such comment: it is not run then.
func (c *call) example(name string) string {
	in := c.Evaluator.Evaluator.Inspect(c.ctx, name, len([]rune(name)), 1)
	at := strings.Index(in.Plain, "func "+name+"(")
	if at < 0 {
		return ""
	}
	file, err := parser.ParseFile(token.NewFileSet(), "cell_test.go", "package cells\n"+in.Plain[at:], parser.ParseComments)
	if err != nil {
		return ""
	}
	for _, e := range doc.Examples(file) {
		if e.Output != "" || e.EmptyOutput {
			return fmt.Sprintf("{%q, %s, %s, %v}", name, name, strconv.Quote(e.Output), e.Unordered)
		}
	}
	return ""
}
