package magics

import (
	"regexp"
	"strings"
	"testing"
)

// took matches what differs from run to run: times and positions.
var took = regexp.MustCompile(`\(?\d+\.\d+ ?m?s\)?`)

func TestTestMagic(t *testing.T) {
	run, _ := start(t)
	if _, err := run("%test"); err == nil || !strings.Contains(err.Error(), "no cell has declared") {
		t.Errorf("without tests: %v", err)
	}
	if _, err := run(`import "testing"
func double(n int) int { return 2 * n }
func TestDouble(t *testing.T) {
	for _, n := range []int{1, 2} { t.Run(fmt.Sprint(n), func(t *testing.T) { if double(n) != 2*n { t.Fail() } }) }
}
func TestWrong(t *testing.T) { if double(2) != 5 { t.Errorf("2 doubled is %d", double(2)) } }
func TestPanics(t *testing.T) { var p *int; *p = 1 }
func ExampleDouble() {
	fmt.Println(double(3))
	// Output: 6
}
func ExampleWrong() {
	fmt.Println(double(4))
	// Output: 9
}
func ExampleNotRun() { panic("it has no output") }
func FuzzDouble(f *testing.F) { f.Add(3); f.Fuzz(func(t *testing.T, n int) { if double(n)%2 != 0 { t.Fail() } }) }
func BenchmarkDouble(b *testing.B) { for b.Loop() { double(2) } }
func BenchmarkExits(b *testing.B) { os.Exit(0) }
func BenchmarkGivesUp(b *testing.B) { b.Fatal("no") }
func TestExits(t *testing.T) { os.Exit(0) }
func TestSlow(t *testing.T) { time.Sleep(time.Minute) }
func Testing(t *testing.T) { panic("not a test") }
func TestOther(n int) { panic("not a test either") }`); err != nil {
		t.Fatal(err)
	}
	s, err := run("%test -v Double")
	if err != nil {
		t.Errorf("%v\n%s", err, s.text)
	}
	want := "=== RUN   TestDouble\n=== RUN   TestDouble/1\n=== RUN   TestDouble/2\n--- PASS: TestDouble T\n    --- PASS: TestDouble/1 T\n    --- PASS: TestDouble/2 T\n" +
		"=== RUN   FuzzDouble\n=== RUN   FuzzDouble/seed#0\n--- PASS: FuzzDouble T\n    --- PASS: FuzzDouble/seed#0 T\n" +
		"=== RUN   ExampleDouble\n--- PASS: ExampleDouble T\nPASS\nok  \tcells\tT\n"
	if got := took.ReplaceAllString(s.text, "T"); got != want {
		t.Errorf("it printed\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct{ code, prints, fails string }{
		{"%test -skip Exits|Slow", "s)\n    2 doubled is 4\n", "not all tests passed"},
		{"%test -skip Exits|Slow", "--- FAIL: TestPanics", "not all tests passed"},
		{"%test Wrong", "got:\n8\nwant:\n9\n", "not all tests passed"},
		{"%test -run=^TestDouble$ -count 2", "ok  \tcells", ""},
		{"%bench Double -benchtime 2x", "BenchmarkDouble", ""},
		{"%test -fly", "", "-fly needs a value"},
		{"%test -fly=1", "", "no flag -fly"},
		{"%test -count x", "", "-count x"},
		{"%test [", "", `"[" of -run`},
		{"%test Double/[", "", `"Double/[" of -run`},
		{"%test (?<x", "", `"(?<x" of -run`},
		{"%test -v **", "", `"**" of -run`},
		{"%test -skip a|(", "", `"a|(" of -skip`},
		{"%test -list [", "", `"[" of -list`},
		{"%bench [", "", `"[" of -bench`},
		{"%test [/]|Double/[|]", "ok  \tcells", ""},
		{"%test -v=test2json", "", "only true and false"},
		{"%test -testlogfile /nowhere/log", "", "no flag -testlogfile"},
		{"%test -coverprofile c.out", "", "no flag -coverprofile"},
		{"%test -fuzz Double", "", "no flag -fuzz"},
		{"%test -timeout 1ms -run=Slow", "", "took longer than 1ms"},
		{"%test -timeout soon", "", "-timeout soon"},
		{"%bench Exits", "", "not all"},
		{"%bench Gives", "", "not all"},
		{"%test Exits", "", "not all"},
		{`testing.RunTests(func(_, name string) (bool, error) { return name != "TestPanics", nil }, []testing.InternalTest{{"TestWrong", TestWrong}, {"TestPanics", TestPanics}})`, "--- FAIL: TestWrong", ""},
		{`testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{"TestWrong", TestWrong}}, nil, nil)`, "--- FAIL: TestWrong", "exit status 1"},
		{`testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{"TestDouble", TestDouble}}, nil, nil); panic("passed")`, "ok  \tcells", ""},
		{`testing.RunTests(func(string, string) (bool, error) { return false, errors.New("no match") }, []testing.InternalTest{{"TestDouble", TestDouble}})`, "no match", "exit status 1"},
		{`testing.RunExamples(func(string, string) (bool, error) { return false, errors.New("no match") }, []testing.InternalExample{{Name: "ExampleDouble"}})`, "no match", "exit status 1"},
		{`testing.RunBenchmarks(func(string, string) (bool, error) { return false, errors.New("no match") }, []testing.InternalBenchmark{{Name: "B"}})`, "no match", "exit status 1"},
		{`new(testing.M).Run()`, "", "a session is no test binary"},
	} {
		s, err := run(c.code)
		if !strings.Contains(s.text, c.prints) {
			t.Errorf("%s printed\n%s", c.code, s.text)
		}
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v, want %q", c.code, err, c.fails)
		}
	}
}
