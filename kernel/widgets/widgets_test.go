package widgets

import (
	"bytes"
	"encoding/json"
	"image"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/msflow-go/msflow/kernel/comm"
	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

// front is a front end that keeps the models it was told of, as JSON has them.
type front struct {
	models map[string]map[string]any
	events []comm.Event
}

func watchModels(t *testing.T) *front {
	f := &front{models: map[string]map[string]any{}}
	comm.Connect(func(e comm.Event) {
		f.events = append(f.events, e)
		if e.Kind == "comm_close" {
			delete(f.models, e.ID)
			return
		}
		text, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		var data struct {
			State map[string]any
			Paths [][]any `json:"buffer_paths"`
		}
		if err := json.Unmarshal(text, &data); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "comm_open" {
			f.models[e.ID] = map[string]any{}
			if e.Target != "jupyter.widget" || e.Metadata["version"] != "2.1.0" {
				t.Errorf("%s, version %v", e.Target, e.Metadata["version"])
			}
		}
		for key, v := range data.State {
			f.models[e.ID][key] = v
		}
		for i, p := range data.Paths {
			f.models[e.ID][p[0].(string)] = e.Buffers[i]
		}
	})
	t.Cleanup(func() {
		CloseAll()
		comm.Connect(func(comm.Event) {})
	})
	return f
}

// each makes one of every widget that has a function of its own.
func each() []Widget {
	a, b := IntSlider("a", 0, 10, 3), FloatSlider("b", -1, 1, 0.5)
	return []Widget{
		a, b, FloatLogSlider("log", 0.01, 100, 1), IntRangeSlider("range", 0, 10, 2, 5), FloatRangeSlider("range", 0, 1, 0.2, 0.5),
		IntText("n", 4), FloatText("x", 4.5), BoundedIntText("n", 0, 5, 9), BoundedFloatText("x", 0, 5, 9), IntProgress("done", 20), FloatProgress("done", 2),
		Play(0, 10), Checkbox("on", true), ToggleButton("on", true), Valid("right", true), Text("t", "text"), Textarea("t", "a\nb"), Password("secret"),
		Combobox("c", "one", []string{"one", "two"}), HTML("<b>bold</b>"), HTMLMath("$x$"), Label("label"), ColorPicker("colour", "red"),
		Button("press"), Image(image.NewGray(image.Rect(0, 0, 2, 2))), Output(), Dropdown("d", "x", "y"), RadioButtons("d", "x", "y"),
		Select("d", "x", "y"), SelectMultiple("d", "x", "y"), SelectionSlider("d", "x", "y"), ToggleButtons("d", "x", "y"),
		Box(a), HBox(a, b), VBox(a, b), GridBox(2, a, b), Tab(Page{"one", a}, Page{"two", b}), Accordion(Page{"one", a}), Stack(Page{"one", a}),
		Link(a, "value", b, "value"), DirectionalLink(a, "value", b, "value"),
	}
}

// Whatever a widget is made with, the front end has the session's state of it, and all attributes that ipywidgets has.
func TestFrontEndHasTheState(t *testing.T) {
	f := watchModels(t)
	seen := map[string]bool{}
	for _, w := range each() {
		m := w.Base()
		seen[m.Kind()] = true
		state, paths, buffers := encode(m.state)
		text, _ := json.Marshal(state)
		var want map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		for i, p := range paths {
			want[p[0].(string)] = buffers[i]
		}
		if d := cmp.Diff(want, f.models[m.ID()]); d != "" {
			t.Errorf("%s: %s", m.Kind(), d)
		}
		for key := range kinds[m.Kind()] {
			if _, ok := f.models[m.ID()][key]; !ok {
				t.Errorf("%s: no %s", m.Kind(), key)
			}
		}
	}
	for _, kind := range Kinds() {
		if !seen[kind] && !strings.HasSuffix(kind, "Style") && kind != "Layout" && kind != "SelectionRangeSlider" {
			t.Errorf("no function makes %s", kind)
		}
	}
	CloseAll()
	if len(f.models) > 0 || len(all()) > 0 {
		t.Errorf("%d models are left, %d here", len(f.models), len(all()))
	}
}

// A change of the front end reaches Go in Go's types, is echoed to all front ends, and is corrected where it cannot be.
func TestFrontEndChanges(t *testing.T) {
	f := watchModels(t)
	s := IntSlider("s", 0, 10, 5)
	r := FloatRangeSlider("r", 0, 1, 0.2, 0.4)
	d := Dropdown("d", "x", "y")
	m := SelectMultiple("m", "x", "y", "z")
	tab := Tab(Page{"one", s}, Page{"two", r})
	var heard []any
	s.OnChange(func(v int) { heard = append(heard, v) })
	r.OnChange(func(a, b float64) { heard = append(heard, a, b) })
	d.OnChange(func(v string) { heard = append(heard, v) })
	m.OnChange(func(v []string) { heard = append(heard, v) })
	tab.OnChange(func(i int) { heard = append(heard, i) })
	for _, c := range []struct {
		to    Widget
		state string
		heard []any
		then  []string // methods of what is sent
	}{
		{s, `{"value": 7}`, []any{7}, []string{"echo_update"}},
		{s, `{"value": 7}`, nil, []string{"echo_update"}},
		{s, `{"value": 99}`, []any{10}, []string{"echo_update", "update"}},
		{s, `{"value": 2.5}`, nil, []string{"update"}},
		{s, `{"value": null}`, nil, []string{"update"}},
		{s, `{"value": [1]}`, nil, []string{"update"}},
		{s, `{"nonsense": 1}`, nil, nil},
		{r, `{"value": [0, 0.5]}`, []any{0.0, 0.5}, []string{"echo_update"}},
		{r, `{"value": ["a", 1]}`, nil, []string{"update"}},
		{d, `{"index": 1}`, []any{"y"}, []string{"echo_update"}},
		{d, `{"index": 9}`, nil, []string{"echo_update"}},
		{m, `{"index": [0, 2]}`, []any{[]string{"x", "z"}}, []string{"echo_update"}},
		{tab, `{"selected_index": 1}`, []any{1}, []string{"echo_update"}},
		{tab, `{"selected_index": null}`, []any{-1}, []string{"echo_update"}},
	} {
		heard, f.events = nil, nil
		var state map[string]any
		if err := json.Unmarshal([]byte(c.state), &state); err != nil {
			t.Fatal(err)
		}
		if err := comm.Received(c.to.Base().ID(), comm.Message{Data: map[string]any{"method": "update", "state": state}}); err != nil {
			t.Fatal(err)
		}
		var then []string
		for _, e := range f.events {
			then = append(then, e.Data["method"].(string))
		}
		if !cmp.Equal(c.heard, heard) || !slices.Equal(c.then, then) {
			t.Errorf("%s %s: Go hears %v and sends %v, want %v and %v", c.to.Base().Kind(), c.state, heard, then, c.heard, c.then)
		}
	}
}

func TestBytesOfTheFrontEnd(t *testing.T) {
	watchModels(t)
	p := Image(nil)
	err := comm.Received(p.ID(), comm.Message{
		Data:    map[string]any{"method": "update", "state": map[string]any{}, "buffer_paths": []any{[]any{"value"}, []any{}, "x", []any{"value"}}},
		Buffers: [][]byte{[]byte("bytes")},
	})
	if err != nil || string(p.Get("value").([]byte)) != "bytes" {
		t.Errorf("%v %v", p.Get("value"), err)
	}
}

func TestMistakesPanic(t *testing.T) {
	watchModels(t)
	s, box := IntSlider("s", 0, 10, 5), HBox()
	for what, f := range map[string]func(){
		`no kind "Slider"`:                                func() { New("Slider") },
		`IntSlider has no "colour"`:                       func() { s.Set("colour", "red") },
		`value of IntSlider cannot be x (string)`:         func() { s.Set("value", "x") },
		`SliderStyle has no "colour"`:                     func() { s.Style("colour", "red") },
		`VBox has no style`:                               func() { VBox().Style("colour", "red") },
		`is more than the greatest`:                       func() { FloatSlider("", 2, 1, 1) },
		`option 2 of 2`:                                   func() { Dropdown("", "x", "y").SetIndex(2) },
		`"z" is none of`:                                  func() { Dropdown("", "x", "y").SetValue("z") },
		`2 values for 1 arguments`:                        func() { Interact(func(int) {}, 1, 2) },
		`holds x (string), and the function takes`:        func() { Interact(func(int) {}, Text("", "x")) },
		`no widget for chan int`:                          func() { Interact(func(chan int) {}) },
		`is no picture`:                                   func() { Image(3) },
		`children of HBox cannot be VBox(children=[HBox(`: func() { box.Set("children", VBox(box)) },
		`children of HBox cannot hold that HBox itself`:   func() { box.SetChildren(Text("", ""), box) },
		`cannot hold a VBox in which that HBox is`:        func() { box.SetChildren(VBox(Tab(Page{"a", box}))) },
		`children of HBox: number 1 is <nil>`:             func() { HBox(nil) },
		`children of Box: number 2 is <nil>`:              func() { Box(box, (*Container)(nil)) },
		`children of Tab: number 1 is <nil>`:              func() { Tab(Page{Title: "a"}) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, what) {
					t.Errorf("panics with %q, want %q", got, what)
				}
			}()
			f()
		}()
	}
}

func TestInteractChoosesWidgets(t *testing.T) {
	watchModels(t)
	var got []any
	f := func(n int, x float64, on bool, name, option string, number uint8, given int) {
		got = []any{n, x, on, name, option, number, given}
	}
	w := Interact(f, 5, []float64{0, 2, 0.5}, true, "text", []string{"a", "b"}, Named("which", []string{"p", "q"}), IntText("", 8))
	if d := cmp.Diff([]any{5, 0.0, true, "text", "a", uint8(0), 8}, got); d != "" {
		t.Error(d)
	}
	var list []string
	for _, c := range w.Controls {
		list = append(list, c.Base().String())
	}
	want := []string{
		`IntSlider(description="argument 1", value=5, min=-5, max=15)`, `FloatSlider(description="argument 2", value=0, min=0, max=2)`,
		`Checkbox(description="argument 3", value=true)`, `Text(description="argument 4", value="text")`,
		`Dropdown(description="argument 5", index=0, labels=[a b])`, `Dropdown(description="which", index=0, labels=[p q])`, `IntText(value=8)`,
	}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
	w.Controls[4].Base().Set("index", 1)
	w.Controls[0].Base().Set("value", 6)
	if d := cmp.Diff([]any{6, 0.0, true, "text", "b", uint8(0), 8}, got); d != "" {
		t.Error(d)
	}
}

// Where there are no widgets, they are text and HTML that does nothing.
func TestStaticForms(t *testing.T) {
	watchModels(t)
	out := Output()
	out.Show(map[string]any{"text/html": "<i>shown</i>"})
	w := VBox(IntSlider("n<", 0, 9, 3), Dropdown("d", "x", "<y>"), HTML("<b>b</b>"), Label("<l>"), Password("p"), Button("go"), out, Image(image.NewGray(image.Rect(0, 0, 1, 1))))
	w.Children()[1].Set("index", 1)
	w.Children()[4].Set("value", "abc")
	d := display.Of(w)
	page := d.Data[display.MIMETypeHTML].(string)
	for _, want := range []string{"n&lt; <b>3</b>", "d <b>&lt;y&gt;</b>", "<b>b</b>", "&lt;l&gt;", "<b>•••</b>", "<button disabled>go</button>", "<i>shown</i>", `<img src="data:image/png;base64,iVBOR`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	if text := d.Data[display.MIMETypeText].(string); !strings.HasPrefix(text, `VBox(children=[IntSlider(description="n<", value=3`) {
		t.Errorf("as text: %s", text)
	}
	saved := Saved()["application/vnd.jupyter.widget-state+json"].(map[string]any)["state"].(map[string]any)
	if picture := saved[w.Children()[7].ID()].(map[string]any); len(picture["buffers"].([]any)) != 1 || picture["model_name"] != "ImageModel" {
		t.Errorf("saved as %v", picture)
	}
}

// TestModelsAreThoseOfIPywidgets compares the kinds with the Python package itself.
func TestModelsAreThoseOfIPywidgets(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("MSFLOW_SLOW is not set")
	}
	python := jupyterenv.Python(t, "ipywidgets")
	if out := jupyterenv.Run(t, python, nil, "testdata/models.py"); !bytes.Equal([]byte(out), modelsJSON) {
		t.Error("models.json is not what testdata/models.py prints")
	}
}
