package magics

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// sink keeps what a cell produces.
type sink struct {
	engine.Discard
	mu       sync.Mutex
	text     string
	values   []any
	displays []engine.Display
	next     string
}

func (s *sink) Stream(_ engine.Stream, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(b)
}

func (s *sink) Result(v []any)             { s.values = v }
func (s *sink) Display(d engine.Display)   { s.displays = append(s.displays, d) }
func (s *sink) NextInput(t string, _ bool) { s.next = t }

// session runs cells on one engine for all tests: it owns the process's streams.
var session = sync.OnceValues(func() (*engine.Session, error) { return engine.New() })

func start(t *testing.T) (run func(code string) (*sink, error), h *history.Log) {
	t.Helper()
	base, err := session()
	if err != nil {
		t.Fatal(err)
	}
	h, err = history.Open(filepath.Join(t.TempDir(), "h"))
	if err != nil {
		t.Fatal(err)
	}
	e := &Evaluator{Evaluator: base, history: h}
	if err := e.Reset(); err != nil { // predeclares, as New does
		t.Fatal(err)
	}
	n := 0
	return func(code string) (*sink, error) {
		n++
		h.Add(n, code)
		s := &sink{}
		err := e.Eval(context.Background(), engine.Cell{Code: code, Count: n}, s)
		return s, err
	}, h
}

func must(t *testing.T, run func(string) (*sink, error), code string) *sink {
	t.Helper()
	s, err := run(code)
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return s
}

func TestHelpListsEverything(t *testing.T) {
	run, _ := start(t)
	text := must(t, run, "%help").text
	for _, c := range magics {
		if !strings.Contains(text, c.name) {
			t.Errorf("no %s", c.name)
		}
	}
}

func TestHistoryAndSave(t *testing.T) {
	run, _ := start(t)
	must(t, run, "a := 1")
	must(t, run, "b := 2\nc := 3")
	if got := must(t, run, "%history").text; got != "1: a := 1\n2: b := 2\n   c := 3\n" {
		t.Errorf("%q", got)
	}
	if got := must(t, run, "%history -n 1 b :=").text; got != "2: b := 2\n   c := 3\n" {
		t.Errorf("%q", got)
	}
	if got := must(t, run, "%history -g a :=*").text; got != "1/1: a := 1\n" {
		t.Errorf("%q", got)
	}
	file := filepath.Join(t.TempDir(), "out.go")
	must(t, run, "%save "+file+" 1-2")
	if b, _ := os.ReadFile(file); string(b) != "// In[1]\na := 1\n\n// In[2]\nb := 2\nc := 3\n\n" {
		t.Errorf("%q", b)
	}
	for _, bad := range []string{"%save", "%save " + file + " x", "%save " + file + " 90-", "%save /no/dir/f 1", "%history -n x"} {
		_, err := run(bad)
		var e *engine.Error
		if !errors.As(err, &e) || e.Kind != engine.KindMagic || len(e.Traceback) == 0 {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestFilesThatAreReplacedAreNamed: %save and %%writefile say what is gone, and a write that fails leaves what was there.
func TestFilesThatAreReplacedAreNamed(t *testing.T) {
	run, _ := start(t)
	must(t, run, "a := 1")
	dir := t.TempDir()
	for _, command := range []string{"%save FILE.go 1", "%save FILE.ipynb 1", "%%writefile FILE.txt\ntext"} {
		command = strings.ReplaceAll(command, "FILE", filepath.Join(dir, "f"))
		if got := must(t, run, command).text; strings.Contains(got, "bytes") {
			t.Errorf("%s: nothing was there, and it says %q", command, got)
		}
		file := strings.Fields(command)[1]
		if err := os.WriteFile(file, []byte("old one"), 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := must(t, run, command).text; !strings.Contains(got, file+", which had 7 bytes of 20") {
			t.Errorf("%s: it says %q", command, got)
		}
		old, _ := io.ReadAll(before)
		before.Close()
		if string(old) != "old one" { // who has the old file open goes on reading it: the new one came by a rename
			t.Errorf("%s: the file was written in place", command)
		}
	}
}

func TestLoad(t *testing.T) {
	run, _ := start(t)
	file := filepath.Join(t.TempDir(), "f.go")
	os.WriteFile(file, []byte("x := 1\n"), 0o600)
	if got := must(t, run, "%load "+file).next; got != "// %load "+file+"\nx := 1" {
		t.Errorf("%q", got)
	}
	if _, err := run("%load /no/such"); err == nil || !strings.Contains(err.Error(), "/no/such") {
		t.Error(err)
	}
}

func TestCapture(t *testing.T) {
	run, _ := start(t)
	s := must(t, run, "%%capture out\nfmt.Println(\"in\", 1)\n7")
	if s.text != "" || len(s.values) != 1 {
		t.Errorf("printed %q, result %v", s.text, s.values)
	}
	if got := must(t, run, "out").values; len(got) != 1 || got[0] != "in 1\n" {
		t.Errorf("%q", got)
	}
	if _, err := run("%%capture kept\nfmt.Print(\"before\")\npanic(\"x\")"); err == nil {
		t.Error("the error is lost")
	}
	if got := must(t, run, "kept").values; got[0] != "before" {
		t.Errorf("%q", got)
	}
}

// A cell may go on in Go after a command; errors keep their lines.
func TestCommandsThenGo(t *testing.T) {
	run, _ := start(t)
	if got := must(t, run, "\n%history -n 1\n1 + 1").values; got[0] != 2 {
		t.Errorf("%v", got)
	}
	_, err := run("%history -n 1\n\nundefinedName")
	var e *engine.Error
	if !errors.As(err, &e) || e.Line != 3 {
		t.Errorf("%v", err)
	}
}

func TestDisplayIsPredeclaredAlsoAfterReset(t *testing.T) {
	run, _ := start(t)
	for _, before := range []string{"", "%reset"} {
		must(t, run, before)
		s := must(t, run, "Display(display.HTML(\"<b>x</b>\"))\nh := display.New(1)\nh.Update(2)")
		if len(s.displays) != 3 || !s.displays[2].Update || s.displays[1].ID != s.displays[2].ID {
			t.Errorf("after %q: %v", before, s.displays)
		}
	}
	must(t, run, "Display := 3") // the name is the user's to take
}

func TestCompletion(t *testing.T) {
	base, err := session()
	if err != nil {
		t.Fatal(err)
	}
	e := &Evaluator{Evaluator: base}
	items := func(code string) (names []string) {
		for _, i := range e.Complete(context.Background(), code, len(code)).Items {
			names = append(names, i.Text)
		}
		return names
	}
	if got := items("%hi"); !slices.Equal(got, []string{"%history"}) {
		t.Errorf("%q", got)
	}
	if got := items("%t"); !slices.Contains(got, "%time") || slices.Contains(got, "%history") {
		t.Errorf("%q", got)
	}
	if got := items("%time strings.ToUpp"); !slices.Equal(got, []string{"ToUpper", "ToUpperSpecial"}) {
		t.Errorf("%q", got)
	}
	if got := items("%cd .." + string(filepath.Separator) + "magi"); !slices.Equal(got, []string{"magics/"}) {
		t.Errorf("%q", got)
	}
	if got := items("x := 5 %hi"); len(got) != 0 {
		t.Errorf("an operator completes as a command: %q", got)
	}
}

// A notebook that %save wrote holds what ran, and %load gives its code back.
func TestSaveAndLoadNotebook(t *testing.T) {
	run, _ := start(t)
	must(t, run, "a := 40")
	if _, err := run("a := undefinedName"); err == nil {
		t.Fatal("that compiled")
	}
	must(t, run, "a + 2")
	if _, err := run("panic(a)"); err == nil {
		t.Fatal("no panic")
	}
	file := filepath.Join(t.TempDir(), "s.ipynb")
	if got := must(t, run, "%save "+file).text; !strings.Contains(got, "3 inputs") {
		t.Errorf("%q", got)
	}
	n, err := notebook.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Cells) != 3 || n.Cells[1].Source != "a + 2" || n.Cells[1].Count != 3 || !n.Cells[2].Tagged("raises-exception") || n.Cells[0].Tagged("raises-exception") {
		t.Errorf("%+v", n.Cells)
	}
	if got := must(t, run, "%load "+file).next; got != "// %load "+file+"\na := 40\n\na + 2\n\npanic(a)" {
		t.Errorf("%q", got)
	}
	if got := must(t, run, "%save "+file+" 2").text; !strings.Contains(got, "1 input ") { // asked for by number
		t.Errorf("%q", got)
	}
}

func TestPage(t *testing.T) {
	run, _ := start(t)
	must(t, run, `"line 1\nline 2"`)
	if got := must(t, run, "%page").text; got != "line 1\nline 2\n" {
		t.Errorf("%q", got)
	}
	if got := must(t, run, "%page []int{1, 2}").text; got != "[]int{1, 2}\n" {
		t.Errorf("%q", got)
	}
	if _, err := run("%page undefinedName"); err == nil || !strings.Contains(err.Error(), "undefined: undefinedName") {
		t.Error(err)
	}
}

// setup declares something to look at.
const setup = `type Point struct{ X, Y float64 }
func (p Point) Norm() float64 { return math.Hypot(p.X, p.Y) }
func scale(p Point, by float64) Point { return Point{X: p.X * by, Y: p.Y * by} }
p := Point{3, 4}
ages := map[string]int{"bob": 40}
const Answer = 42`

func TestMagics(t *testing.T) {
	run, _ := start(t)
	must(t, run, setup)
	for _, c := range []struct{ code, out string }{
		{"y := 2\n%time y = y * 21\ny", "ran in"},
		{"%timeit p.Norm()", "per loop"},
		{"%who", "Answer  Point  ages"},
		{"%whos", "map[string]int"},
		{"!echo from the shell", "from the shell\n"},
		{"%env MSFLOW_X=1\n%env MSFLOW_X", "1\n"},
		{"%%bash\nfor i in 1 2; do echo $i; done", "1\n2\n"},
		{"%pwd", "kernel/magics"},
		{"%lsmagic", "%timeit STATEMENT"},
		{"%%time\nz := 0\nfor i := range 10 { z += i }\nfmt.Println(z)", "45\n"},
		{"fmt.Println(1)\n%history -n 1\nfmt.Println(2)", "1\n"},
	} {
		if got := must(t, run, c.code).text; !strings.Contains(got, c.out) {
			t.Errorf("%s: %q is not in %q", c.code, c.out, got)
		}
	}
	if s := must(t, run, "?scale"); len(s.displays) != 1 || !strings.Contains(s.displays[0].Value.(engine.Inspection).Plain, "func scale") {
		t.Errorf("?scale: %+v", s.displays)
	}
	for code, want := range map[string]string{
		"%nope":                             "no such command",
		"a := 1\n%time b := undefinedThing": ":2:6: undefined: undefinedThing",
		"%timeit":                           "give a statement",
		"%get":                              "give a module",
	} {
		if _, err := run(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	must(t, run, "%reset")
	if _, err := run("p"); err == nil {
		t.Error("p is still there after %reset")
	}
}

// An error quotes the cell as it was written, also where a magic stands above.
func TestErrorsQuoteTheWholeCell(t *testing.T) {
	run, _ := start(t)
	_, err := run("func f(xs []int) int {\n\treturn xs[5]\n}\n%who\nf(nil)")
	var e *engine.Error
	if !errors.As(err, &e) || e.Line != 2 || !strings.Contains(strings.Join(e.Traceback, "\n"), "return xs[5]") {
		t.Errorf("%v: %q", e, e.Traceback)
	}
}

// TestInterruptedMagics stops what a magic runs, by the context and by Interrupt.
func TestInterruptedMagics(t *testing.T) {
	base, err := session()
	if err != nil {
		t.Fatal(err)
	}
	e := &Evaluator{Evaluator: base}
	if err := e.Reset(); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"!sleep 1000", "%time for {}", "%timeit time.Sleep(time.Hour)", "%%bash\nsleep 1000", "%%capture x\nfor {}"} {
		for _, stop := range []string{"context", "Interrupt"} {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(200*time.Millisecond, func() {
				if stop == "context" {
					cancel()
				} else {
					e.Interrupt()
				}
			})
			err := e.Eval(ctx, engine.Cell{Code: code}, engine.Discard{})
			cancel()
			var own *engine.Error
			if !errors.As(err, &own) || own.Kind != engine.KindInterrupted {
				t.Errorf("%s, stopped by %s: %v", code, stop, err)
			}
		}
	}
}
