package jupyter_test

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
)

// The tests of this file are the front end of widgets: they read what a kernel process says of its models, and move sliders.

// cell runs a cell, which must succeed, and returns the models that it opened by their class, the last of each, and the rest of its output.
func (w *worn) cell(code string) (models map[string]string, rest []*jupyterclient.Message) {
	w.t.Helper()
	reply, out := w.c.Execute(code)
	if reply.Text("status") != "ok" {
		w.t.Fatalf("%s: %v", code, reply.Fields)
	}
	models = map[string]string{}
	for _, m := range out {
		if m.Header.Type == "comm_open" {
			state := m.Fields["data"].(map[string]any)["state"].(map[string]any)
			models[state["_model_name"].(string)] = m.Text("comm_id")
		} else if m.Header.Type != "execute_input" {
			rest = append(rest, m)
		}
	}
	return models, rest
}

// says sends what the front end says of a model, and returns all that comes until the kernel is idle.
func (w *worn) says(model string, data map[string]any, buffers ...[]byte) []*jupyterclient.Message {
	w.t.Helper()
	id := w.c.Send("shell", "comm_msg", map[string]any{"comm_id": model, "data": data}, buffers...)
	w.c.Outputs(id)
	return w.c.All("iopub")
}

func update(state map[string]any) map[string]any {
	return map[string]any{"method": "update", "state": state, "buffer_paths": []any{}}
}

// of are the data of messages about a model with a method.
func of(all []*jupyterclient.Message, model, method string) (data []map[string]any) {
	for _, m := range all {
		d, _ := m.Fields["data"].(map[string]any)
		if m.Header.Type == "comm_msg" && m.Text("comm_id") == model && d["method"] == method {
			data = append(data, d["state"].(map[string]any))
		}
	}
	return data
}

// printed is what a request's messages have printed.
func printed(all []*jupyterclient.Message, parent string) (text string) {
	for _, m := range all {
		if m.Header.Type == "stream" && (parent == "" || m.Ours == parent) {
			text += m.Text("text")
		}
	}
	return text
}

func TestASliderCallsGo(t *testing.T) {
	w := wear(t)
	models, shown := w.cell(`s := widgets.IntSlider("n", 0, 10, 5)
s.OnChange(func(n int) { fmt.Println("moved to", n); if n == 7 { panic("seven") } })
s`)
	view := shown[0].Fields["data"].(map[string]any)["application/vnd.jupyter.widget-view+json"].(map[string]any)
	if view["model_id"] != models["IntSliderModel"] || view["version_major"] != 2.0 || models["LayoutModel"] == "" || models["SliderStyleModel"] == "" {
		t.Fatalf("%v shows %v", models, view)
	}
	cell, slider := shown[0].Ours, models["IntSliderModel"]
	w.cell("1")
	w.c.Forget()
	all := w.says(slider, update(map[string]any{"value": 3}))
	if echo := of(all, slider, "echo_update"); len(echo) != 1 || echo[0]["value"] != 3.0 {
		t.Errorf("the change is echoed as %v", echo)
	}
	if got := printed(all, cell); got != "moved to 3\n" {
		t.Errorf("the handler printed %q to its cell, and %q in all", got, printed(all, ""))
	}
	w.c.Forget()
	if u := of(w.says(slider, update(map[string]any{"value": 70})), slider, "update"); len(u) != 1 || u[0]["value"] != 10.0 {
		t.Errorf("a value out of range is corrected by %v", u)
	}
	w.c.Forget()
	if u := of(w.says(slider, update(map[string]any{"value": "x", "nonsense": 1})), slider, "update"); len(u) != 1 || u[0]["value"] != 10.0 {
		t.Errorf("a value that is no number is corrected by %v", u)
	}
	w.c.Forget()
	if got := printed(w.says(slider, update(map[string]any{"value": 7})), cell); !strings.Contains(got, "panic: seven") || !strings.Contains(got, "cell[") {
		t.Errorf("a handler that panics printed %q", got)
	}
	if got := w.run("fmt.Print(s.Value())"); got != "7" {
		t.Errorf("the cell sees %s", got)
	}
	w.c.Forget()
	if u := of(w.says(slider, map[string]any{"method": "request_state"}), slider, "update"); len(u) != 1 || u[0]["max"] != 10.0 {
		t.Errorf("the whole state is %v", u)
	}
}

// TestAHandlerIsInterrupted: an interrupt ends the handler, and the widget lives.
func TestAHandlerIsInterrupted(t *testing.T) {
	w := wear(t)
	models, shown := w.cell(`b := widgets.Button("go", func() { fmt.Println("begun"); for {} }); b`)
	w.cell("1")
	w.c.Forget()
	click := map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}
	for range 2 {
		w.c.Forget()
		id := w.c.Send("shell", "comm_msg", map[string]any{"comm_id": models["ButtonModel"], "data": click})
		w.c.Await("iopub", "text of the handler", func(m *jupyterclient.Message) bool {
			return m.Header.Type == "stream" && m.Ours == shown[0].Ours && strings.Contains(m.Text("text"), "begun")
		})
		w.c.Reply("control", w.c.Send("control", "interrupt_request", map[string]any{}))
		w.c.Outputs(id)
	}
	if got := w.run("fmt.Print(b.Kind())"); got != "Button" {
		t.Error(got)
	}
}

func TestOutputWidgetAndInteract(t *testing.T) {
	w := wear(t)
	models, shown := w.cell(`widgets.Interact(func(n int, name string) string { fmt.Println("n is", n); return strings.Repeat(name, n) },
	widgets.Named("n", []int{0, 5}), []string{"a", "b"})`)
	if got := printed(shown, ""); got != "" {
		t.Errorf("the cell itself printed %q", got)
	}
	all := w.c.All("iopub")
	outputs := of(all, models["OutputModel"], "update")
	if len(outputs) == 0 {
		t.Fatal("the first call has no output")
	}
	w.c.Forget()
	w.says(models["IntSliderModel"], update(map[string]any{"value": 3}))
	w.c.Forget()
	outputs = of(w.says(models["DropdownModel"], update(map[string]any{"index": 1})), models["OutputModel"], "update")
	last := outputs[len(outputs)-1]["outputs"].([]any)
	text := fmt.Sprint(last[0].(map[string]any)["text"], last[1].(map[string]any)["data"].(map[string]any)["text/plain"])
	if len(last) != 2 || text != "n is 3\n\"bbb\"" {
		t.Errorf("the output is %v", last)
	}
}

func TestPicturesTravelAsBytes(t *testing.T) {
	w := wear(t)
	_, _ = w.cell(`pic := widgets.Image(image.NewGray(image.Rect(0, 0, 3, 2)))`)
	w.c.Forget()
	id := w.c.Send("shell", "comm_open", map[string]any{"comm_id": "control", "target_name": "jupyter.widget.control", "data": map[string]any{}})
	w.c.Outputs(id)
	for _, m := range w.says("control", map[string]any{"method": "request_states"}) {
		data, _ := m.Fields["data"].(map[string]any)
		if data["method"] != "update_states" {
			continue
		}
		path := data["buffer_paths"].([]any)[0].([]any)
		model := data["states"].(map[string]any)[path[0].(string)].(map[string]any)
		c, err := png.DecodeConfig(bytes.NewReader(m.Buffers[0]))
		if err != nil || c.Width != 3 || fmt.Sprint(path[1:]) != "[state value]" || model["model_name"] != "ImageModel" || model["state"].(map[string]any)["format"] != "png" {
			t.Errorf("%v, %dx%d, %v: %v", path, c.Width, c.Height, err, model)
		}
		return
	}
	t.Error("no answer to request_states")
}

// TestAThousandMoves redraws a picture and an output for every move of a slider.
func TestAThousandMoves(t *testing.T) {
	w := wear(t)
	models, _ := w.cell(`s := widgets.FloatSlider("x", 0, 1, 0)
m := image.NewGray(image.Rect(0, 0, 64, 64))
pic, out := widgets.Image(m), widgets.Output()
s.OnChange(func(x float64) {
	for i := range m.Pix { m.Pix[i] = byte(x * float64(i)) }
	pic.Show(m)
	out.Replace(func() { fmt.Println(x) })
})
s`)
	move := func(n int) {
		for i := range n {
			w.says(models["FloatSliderModel"], update(map[string]any{"value": float64(i%100) / 100}))
			w.c.Forget()
		}
	}
	move(100)
	before := w.state()
	move(1000)
	time.Sleep(100 * time.Millisecond) // goroutines that have ended
	w.flat(before, w.state(), 4)
}
