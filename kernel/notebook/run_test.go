package notebook

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// execute runs a notebook of code cells in a session of its own.
func execute(t *testing.T, n *Notebook, parameters ...Parameter) error {
	t.Helper()
	eval, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	defer eval.Close()
	return Run{Evaluator: eval, Parameters: parameters}.Execute(t.Context(), n)
}

func code(sources ...string) *Notebook {
	n := New()
	for _, s := range sources {
		n.Cells = append(n.Cells, NewCode(s))
	}
	return n
}

func TestOutputsOfARun(t *testing.T) {
	n := code(`x := 2`, ``, "fmt.Print(\"a\")\nfmt.Println(\"b\")\nx * 21", `fmt.Fprint(os.Stderr, "c")`)
	n.Cells[0].Outputs = []Output{{Type: StreamOutput, Name: "stdout", Text: "of an earlier run"}}
	n.Cells = slices.Insert(n.Cells, 1, &Cell{Type: Markdown, Source: "words"})
	if err := execute(t, n); err != nil {
		t.Fatal(err)
	}
	if c := n.Cells[0]; c.Count != 1 || len(c.Outputs) != 0 {
		t.Errorf("the first cell has count %d and outputs %v", c.Count, c.Outputs)
	}
	if n.Cells[2].Count != 0 {
		t.Error("an empty cell was counted")
	}
	out := n.Cells[3].Outputs
	if len(out) != 2 || out[0].Text != "ab\n" || out[1].Data["text/plain"] != "42" || out[1].Count != 2 {
		t.Errorf("outputs %+v", out)
	}
	if out := n.Cells[4].Outputs; len(out) != 1 || out[0].Name != "stderr" || out[0].Text != "c" {
		t.Errorf("outputs %+v", out)
	}
}

func TestAFailingCellEndsTheRunAndKeepsItsError(t *testing.T) {
	n := code(`x := 1`, `var p *int; *p`, `x + 1`)
	err := execute(t, n)
	var cell *CellError
	if !errors.As(err, &cell) || cell.Number != 2 || cell.Err.Kind != engine.KindPanic {
		t.Fatalf("the error is %v", err)
	}
	if out := n.Cells[1].Outputs; len(out) != 1 || out[0].Type != ErrorOutput || out[0].Kind != "Panic" || len(out[0].Traceback) == 0 {
		t.Errorf("outputs of the failing cell: %+v", out)
	}
	if n.Cells[2].Count != 0 {
		t.Error("the cell after it was run")
	}
	n.Cells[1].tag(RaisesTag)
	if err := execute(t, n); err != nil || n.Cells[2].Outputs[0].Data["text/plain"] != "2" {
		t.Errorf("tagged %s: %v, then %+v", RaisesTag, err, n.Cells[2].Outputs)
	}
	n = code(`undefined`)
	n.Cells[0].tag(SkipTag)
	if err := execute(t, n); err != nil {
		t.Errorf("tagged %s: %v", SkipTag, err)
	}
}

func TestAGoroutineThatPanicsEndsTheRun(t *testing.T) {
	const cell = "ended := make(chan bool)\ngo func() {\n\tdefer close(ended)\n\tpanic(\"lost\")\n}()\n<-ended"
	n := code(cell+"\ntime.Sleep(50 * time.Millisecond)", `1`)
	for len(n.Cells) < 200 { // the panic is reported soon after the channel is closed
		n.Cells = append(n.Cells, NewCode(`time.Sleep(50 * time.Millisecond)`))
	}
	err := execute(t, n)
	var failed *CellError
	if !errors.As(err, &failed) || failed.Number != 1 || !failed.Goroutine || failed.Err.Value != "lost" || !strings.HasPrefix(err.Error(), "in a goroutine: cell[1]:4") {
		t.Fatalf("the error is %v", err)
	}
	if out := n.Cells[0].Outputs; len(out) == 0 || !strings.Contains(out[0].Text, "panic: lost") {
		t.Errorf("outputs of the cell: %+v", out)
	}
	n = code(cell, `1`)
	n.Cells[0].tag(RaisesTag)
	if err := execute(t, n); err != nil {
		t.Errorf("tagged %s: %v", RaisesTag, err)
	}
}

func TestParametersAreSetAfterTheirCell(t *testing.T) {
	n := code("n := 1\nname := \"a\"\nrate := 0.5\non := false\nwait := time.Second\nlist := []int{1}", `fmt.Println(n, name, rate, on, wait, list)`)
	n.Cells[0].tag(ParametersTag)
	ps := []Parameter{{"n", "7"}, {"name", `C:\x "y"`}, {"rate", "1e-3"}, {"on", "1"}, {"wait", "90s"}, {"list", "[]int{4, 5}"}}
	const want = "7 C:\\x \"y\" 0.001 true 1m30s [4 5]\n"
	for range 2 { // the second run replaces the cell of the first
		if err := execute(t, n, ps...); err != nil {
			t.Fatal(err)
		}
		if got := n.Cells[2].Outputs[0].Text; got != want || len(n.Cells) != 3 || !n.Cells[1].Tagged(InjectedTag) {
			t.Fatalf("%d cells print %q instead of %q", len(n.Cells), got, want)
		}
	}
	if err := execute(t, n); err != nil || len(n.Cells) != 2 || n.Cells[1].Outputs[0].Text != "1 a 0.5 false 1s [1]\n" {
		t.Errorf("without parameters: %v, %+v", err, n.Cells[1].Outputs)
	}
}

func TestWrongParameters(t *testing.T) {
	for _, c := range []struct {
		p    Parameter
		want string
	}{
		{Parameter{"m", "1"}, "it has n, name"}, {Parameter{"n", "x"}, "not a value of type int"}, {Parameter{"n", "1.5"}, "not a value of type int"},
	} {
		n := code("n := 1\nname := \"\"", `later := 1`)
		n.Cells[0].tag(ParametersTag)
		var wrong *ParameterError
		if err := execute(t, n, c.p); !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, without %q", c.p, err, c.want)
		}
	}
	if err := execute(t, code("n := 1"), Parameter{"n", "1"}); err == nil || !strings.Contains(err.Error(), `no cell tagged "parameters"`) {
		t.Errorf("without a tagged cell: %v", err)
	}
	if _, err := ParseParameter("n"); err == nil {
		t.Error("n without a value is taken")
	}
}

// sink is that of the only cell of a notebook.
func sink() (*cellSink, *Cell) {
	c := NewCode("")
	return &cellSink{r: &recorder{named: map[string][]place{}}, cell: c}, c
}

func TestDisplaysAreReplacedAndCleared(t *testing.T) {
	s, c := sink()
	s.Display(engine.Display{Value: 1, ID: "a"})
	s.Display(engine.Display{Value: 2})
	s.Display(engine.Display{Value: 3, ID: "a", Update: true})
	s.Display(engine.Display{Value: 4, ID: "nobody", Update: true})
	if len(c.Outputs) != 2 || c.Outputs[0].Data["text/plain"] != "3" {
		t.Errorf("after an update: %+v", c.Outputs)
	}
	s.Clear(true)
	if len(c.Outputs) != 2 {
		t.Error("a clear that waits does not")
	}
	s.Stream(engine.Stdout, []byte("x"))
	if len(c.Outputs) != 1 || c.Outputs[0].Text != "x" {
		t.Errorf("after the clear: %+v", c.Outputs)
	}
	s.Clear(false)
	if len(c.Outputs) != 0 {
		t.Error("a clear does nothing")
	}
}

func TestABarIsOneOutput(t *testing.T) {
	s, c := sink()
	for i := range 5 {
		s.Progress(engine.Progress{ID: "b", Done: float64(i + 1), Total: 5, Finished: i == 4})
	}
	if text, _ := c.Outputs[0].Data["text/plain"].(string); len(c.Outputs) != 1 || !strings.Contains(text, "5/5") {
		t.Errorf("outputs %+v", c.Outputs)
	}
}

func TestPrintedTextIsCapped(t *testing.T) {
	s, c := sink()
	for range 5 {
		s.Stream(engine.Stdout, make([]byte, 10<<20))
	}
	if n := len(c.Outputs[0].Text); n < maxText || n > maxText+100 || !strings.Contains(c.Outputs[0].Text[maxText:], "output cut") {
		t.Errorf("%d bytes were kept", n)
	}
}

func TestAnInterruptedRunEnds(t *testing.T) {
	eval, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	defer eval.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	n := code(`for {}`, `1`)
	err = Run{Evaluator: eval}.Execute(ctx, n)
	var cell *CellError
	if !errors.As(err, &cell) || cell.Err.Kind != engine.KindInterrupted || n.Cells[1].Count != 0 {
		t.Errorf("it ended with %v", err)
	}
}

// Every line costs what it is long, however much was printed before: 4,000 lines of 25 bytes would otherwise allocate 200
// MB.
func TestPrintingIsLinear(t *testing.T) {
	s, c := sink()
	const lines = 4000
	line := []byte(strings.Repeat("x", 24) + "\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range lines {
		s.Stream(engine.Stdout, line)
	}
	runtime.ReadMemStats(&after)
	if got := c.Outputs[0].Text; got != strings.Repeat(string(line), lines) {
		t.Fatalf("%d bytes were kept of %d", len(got), lines*len(line))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 50*lines*uint64(len(line)) {
		t.Errorf("%d lines of %d bytes allocated %d bytes", lines, len(line), used)
	}
}

// What was kept of a stream stays as it was when more is printed: strings of one builder share its memory.
func TestStreamsOfACellDoNotMix(t *testing.T) {
	s, c := sink()
	s.Stream(engine.Stdout, []byte("a"))
	first := c.Outputs[0].Text
	for _, p := range []struct {
		to   engine.Stream
		text string
	}{{engine.Stdout, "b"}, {engine.Stderr, "c"}, {engine.Stderr, "d"}, {engine.Stdout, "e"}} {
		s.Stream(p.to, []byte(p.text))
	}
	var got []string
	for _, o := range c.Outputs {
		got = append(got, o.Name+" "+o.Text)
	}
	if want := []string{"stdout ab", "stderr cd", "stdout e"}; !slices.Equal(got, want) || first != "a" {
		t.Errorf("%q and first %q, instead of %q", got, first, want)
	}
}

func TestEveryCellIsSavedBeforeTheNext(t *testing.T) {
	n := code("n := 1", "fmt.Println(n)", "panic(n)", "never")
	n.Cells[0].tag(ParametersTag)
	eval, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	defer eval.Close()
	var saved []string
	save := func() {
		var outputs []string
		for _, c := range n.Cells {
			for _, o := range c.Outputs {
				outputs = append(outputs, o.Text+o.Kind)
			}
		}
		saved = append(saved, strings.Join(outputs, ","))
	}
	err = Run{Evaluator: eval, Parameters: []Parameter{{"n", "7"}}, Save: save}.Execute(t.Context(), n)
	if want := []string{"", "7\n", "7\n,Panic"}; err == nil || !slices.Equal(saved, want) {
		t.Errorf("%v; saved %q instead of %q", err, saved, want)
	}
	saved = nil
	err = Run{Evaluator: eval, Parameters: []Parameter{{"missing", "7"}}, Save: save}.Execute(t.Context(), n)
	if err == nil || len(saved) != 0 {
		t.Errorf("with a wrong parameter: %v, saved %q", err, saved)
	}
}

// A goroutine that outlives the run does not write into a notebook that is being stored; the race detector watches.
func TestNothingIsAddedAfterARun(t *testing.T) {
	n := code("go func() {\n\tfor ctx.Err() == nil {\n\t\tfmt.Println(1)\n\t}\n}()\ntime.Sleep(20 * time.Millisecond)")
	eval, err := engine.New()
	if err != nil {
		t.Fatal(err)
	}
	defer eval.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := (Run{Evaluator: eval}).Execute(ctx, n); err != nil {
		t.Fatal(err)
	}
	before := n.Bytes()
	time.Sleep(20 * time.Millisecond)
	if !bytes.Equal(before, n.Bytes()) {
		t.Error("the notebook changed after its run")
	}
}
