package yaegi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/magics"
)

// TestInterrupt stops cells of several kinds; the session goes on with what it had.
func TestInterrupt(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "kept := 7"); err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]string{
		"loop": "for {}", "channel": "<-make(chan int)", "select": "select {}", "function": "func spin() { for { kept += 0 } }\nspin()",
		"compiled": "time.Sleep(time.Hour)", "library": "<-ctx.Done(); kept",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			err := s.Eval(ctx, engine.Cell{Code: "fmt.Print(\"begun\"); " + code}, &begun{stop: cancel})
			var e *engine.Error
			if !errors.As(err, &e) || e.Kind != engine.KindInterrupted && e.Kind != engine.KindStack {
				if name != "library" { // which returns by itself
					t.Errorf("%v", err)
				}
				return
			}
			if text := strings.Join(e.Traceback, "\n"); strings.Contains(text, "left behind") && !strings.Contains(text, code[strings.LastIndex(code, "\n")+1:]) {
				t.Errorf("what is left behind is not named: %s", text)
			}
			if r, err := eval(s, "kept"); err != nil || r.result() != "7" {
				t.Errorf("afterwards: %s, %v", r.result(), err)
			}
		})
	}
}

// begun stops a cell when it prints.
type begun struct {
	recorder
	stop func()
}

// Stream leaves the cell a while to get into compiled code, if it does.
func (b *begun) Stream(engine.Stream, []byte) { time.AfterFunc(100*time.Millisecond, b.stop) }

// TestInterruptBeforeTheBeginning: what has not begun does not run on behind the session's back.
func TestInterruptBeforeTheBeginning(t *testing.T) {
	s := newSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := &recorder{}
	var e *engine.Error
	if err := s.Eval(ctx, engine.Cell{Code: "ran := true; fmt.Print(ran)"}, r); err != nil && (!errors.As(err, &e) || e.Kind != engine.KindInterrupted) {
		t.Error(err)
	}
	if r, err := eval(s, "1 + 1"); err != nil || r.result() != "2" {
		t.Errorf("%s, %v", r.result(), err)
	}
}

func TestRecursionWithoutEndIsAnError(t *testing.T) {
	s := newSession(t)
	_, err := eval(s, "func down(n int) int { return down(n+1) + 1 }\ndown(0)")
	var e *engine.Error
	if !errors.As(err, &e) || e.Kind != engine.KindStack {
		t.Fatalf("%v", err)
	}
	if r, err := eval(s, "1 + 1"); err != nil || r.result() != "2" {
		t.Errorf("%s, %v", r.result(), err)
	}
}

// TestFailedCellLeavesNothing: neither the parser, the type checker nor yaegi may have declared anything.
func TestFailedCellLeavesNothing(t *testing.T) {
	s := newSession(t)
	eval(s, "x := 1")
	for _, code := range []string{"x := \"a\"; y := (", "x := \"a\"; y := undefined", "x := \"a\"\n//go:embed nothing\nvar y string"} {
		if _, err := eval(s, code); err == nil {
			t.Errorf("%s: no error", code)
		}
		if r, err := eval(s, "x"); err != nil || r.result() != "1" {
			t.Errorf("after %s: %s, %v", code, r.result(), err)
		}
		if _, err := eval(s, "y"); err == nil {
			t.Errorf("after %s: y is known", code)
		}
	}
}

func TestErrorsHaveTheirPlace(t *testing.T) {
	s := newSession(t)
	for code, want := range map[string]string{
		"a := 1\nb := a + \"x\"":           ":2:6: ",
		"x := (":                           ":1:",
		"k := 0\n\nfmt.Println(1 / k)":     ":3: panic: ",
		"func f() { panic(\"p\") }\n\nf()": ":3: panic: p",
		"unknown.Thing":                    "undefined: unknown",
		"import \"no/such\"":               "no such package",
		"import \"github.com/a/b\"":        "modules are not in this evaluator",
	} {
		_, err := eval(s, code)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", code, err, want)
		}
	}
}

func TestNotInYaegi(t *testing.T) {
	s := newSession(t)
	for code, want := range map[string]string{
		"import \"unsafe\"\nunsafe.Sizeof(1)":                                           "package unsafe",
		"var p atomic.Pointer[int]":                                                     "generic type",
		"for v := range slices.Values([]int{1}) { defer fmt.Println(v) }":               "defer in a loop over a function",
		"outer:\nfor { for v := range slices.Values([]int{1}) { _ = v; break outer } }": "break outer out of a loop over a function",
	} {
		_, err := eval(s, code)
		var e *engine.Error
		if !errors.As(err, &e) || e.Kind != engine.KindLimit || !strings.HasPrefix(e.Value, "not in yaegi: ") || !strings.Contains(e.Value, want) {
			t.Errorf("%s\n%v, want not in yaegi: %s", code, err, want)
		}
	}
}

func TestCompletionAndInspection(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "type Point struct{ X, Y int }\nfunc (p Point) Norm() int { return p.X }\npoint := Point{1, 2}\nfunc twice(n int) int { return 2 * n }"); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"poi": "point", "point.": "Norm", "strings.ToUp": "ToUpper", "twi": "twice", "metrics.AUR": "AUROC"} {
		found := false
		for _, it := range s.Complete(t.Context(), code, len(code)).Items {
			found = found || it.Text == want
		}
		if !found {
			t.Errorf("%s is not completed to %s", code, want)
		}
	}
	in := s.Inspect(t.Context(), "twice", 5, 0)
	if !in.Found {
		t.Error("twice is not known")
	}
	for name, want := range map[string]string{"point": "var", "twice": "func", "Point": "type"} {
		for _, v := range s.Variables() {
			if v.Name == name && v.Kind != want {
				t.Errorf("%s: %+v", name, v)
			}
		}
	}
	if n := len(s.Variables()); n != 3 {
		t.Errorf("%d names: %+v", n, s.Variables())
	}
	if err := s.Reset(); err != nil || len(s.Variables()) != 0 {
		t.Errorf("after a reset: %v, %v", s.Variables(), err)
	}
}

// TestMagics: the front ends' own names and lines work above this evaluator too.
func TestMagics(t *testing.T) {
	s := newSession(t)
	m, err := magics.New(s, new(history.Log))
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"%engine": "yaegi", "%time fmt.Println(3)": "3\n", "v1 := 2\n%who": "v1", "!echo shell": "shell"} {
		if r, err := eval(m, code); err != nil || !strings.Contains(r.stdout(), want) {
			t.Errorf("%s: %q, %v", code, r.stdout(), err)
		}
	}
	r, err := eval(m, "display.HTML(\"<b>x</b>\")\nDisplay(display.Markdown(\"*m*\"))")
	if err != nil || len(r.shown) != 1 {
		t.Errorf("%v, %v", r.shown, err)
	}
}

func TestInput(t *testing.T) {
	s := newSession(t)
	r := &recorder{lines: []string{"42 words"}}
	err := s.Eval(t.Context(), engine.Cell{Code: "var n int\nvar w string\nfmt.Scanln(&n, &w)\nfmt.Print(n, w)"}, r)
	if err != nil || r.stdout() != "42words" {
		t.Errorf("%q, %v", r.stdout(), err)
	}
	if r, err = eval(s, "bufio.NewReader(os.Stdin).ReadString('\\n')"); err != nil || len(r.values) != 2 {
		t.Errorf("%v, %v", r.values, err)
	}
}

// TestBackgroundOutput: what a goroutine prints after its cell is its own cell's.
func TestBackgroundOutput(t *testing.T) {
	s := newSession(t)
	first := &recorder{}
	if err := s.Eval(t.Context(), engine.Cell{Code: "stop := make(chan bool)\ngone := make(chan bool)\ngo func() { <-stop; fmt.Print(\"late\"); gone <- true }()"}, first); err != nil {
		t.Fatal(err)
	}
	second, err := eval(s, "stop <- true; <-gone")
	if err != nil || first.stdout() != "late" || second.stdout() != "" {
		t.Errorf("%q and %q, %v", first.stdout(), second.stdout(), err)
	}
}
