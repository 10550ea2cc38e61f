// Package widgets has the controls of notebooks: sliders, menus, buttons, pictures and what arranges them. They are the models of
// ipywidgets 8, which JupyterLab, VS Code and Colab show when their ipywidgets extension is there; the front end and the
// session hold the same state of each and tell one another what changes, by protocol version 2.1. Elsewhere, as in a
// terminal, a widget is a line of text, and in a page what it shows last.
//
//	threshold := widgets.FloatSlider("threshold", 0, 1, 0.5)
//	threshold.OnChange(func(v float64) { fmt.Println(v) })
//	threshold
//
// A function given for an event runs between cells, or at once when a cell causes the event. What it prints goes to the
// output of the cell that gave it, an interrupt ends it, and a panic of it is shown there.
//
// What has no method of its own here is set by its name in ipywidgets: threshold.Set("readout", false).
package widgets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/comm"
	"github.com/msflow-go/msflow/kernel/engine"
)

// Widget is anything of this package that can be shown or put into a box.
type Widget interface{ Base() *Model }

// Model is the state that the session and the front end share of one widget. All its methods may be called from any
// goroutine.
type Model struct {
	kind string // as in ipywidgets, such as IntSlider
	comm *comm.Comm

	mu       sync.Mutex
	state    map[string]any // numbers are int or float64, lists []any, other models *Model
	watchers map[string][]watcher
	closed   bool
}

// watcher is a function to call when a value changes or a button is pressed.
type watcher struct {
	call func(value any)
	home engine.Sink // of the cell that gave it
}

// New is a widget of a kind by its name in ipywidgets, with the defaults that it has there. It panics for a kind that is
// not known; Kinds lists those that are.
func New(kind string) *Model { return build(kind, nil) }

// build is New with some attributes set before the front end is told of the widget.
func build(kind string, attributes map[string]any) *Model {
	defaults, ok := kinds[kind]
	if !ok {
		panic(fmt.Sprintf("widgets: no kind %q; there are %s", kind, strings.Join(Kinds(), ", ")))
	}
	m := &Model{kind: kind, state: maps.Clone(defaults), watchers: map[string][]watcher{}}
	if kind == "Image" {
		m.state["value"] = []byte(nil)
	}
	values := map[string]any{}
	for key, v := range attributes {
		accepted, err := m.accept(key, v)
		if err != nil {
			panic("widgets: " + err.Error())
		}
		values[key] = accepted
	}
	m.store(values)
	for key, v := range m.state {
		if part, ok := v.(partKind); ok {
			m.state[key] = New(string(part))
		}
	}
	m.open()
	return m
}

// Base is the model itself.
func (m *Model) Base() *Model { return m }

// Kind is the widget's name in ipywidgets, such as "IntSlider".
func (m *Model) Kind() string { return m.kind }

// ID names the model in messages and in saved notebooks.
func (m *Model) ID() string { return m.comm.ID }

// Get is an attribute by its name in ipywidgets; nil for one that is not set or not known.
func (m *Model) Get(key string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state[key]
}

// Set changes an attribute by its name in ipywidgets. It panics for a name that the widget does not have, a value of
// another type, and one in which the widget itself is.
func (m *Model) Set(key string, value any) { m.tell(m.set(key, value)) }

func (m *Model) set(key string, value any) (changed map[string]any) {
	v, err := m.accept(key, value)
	if err == nil && hasModels(v) {
		nesting.Lock()
		defer nesting.Unlock()
		err = m.mayHold(key, v)
	}
	if err != nil {
		panic("widgets: " + err.Error())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	changed = m.store(map[string]any{key: v})
	m.send("update", changed)
	return changed
}

// Style changes an attribute of the widget's style, such as "handle_color" of a slider.
func (m *Model) Style(key string, value any) { m.part("style").Set(key, value) }

// Layout changes an attribute of the widget's layout, such as "width", to a CSS value: "50%".
func (m *Model) Layout(key string, value any) { m.part("layout").Set(key, value) }

func (m *Model) part(name string) *Model {
	p, ok := m.Get(name).(*Model)
	if !ok {
		panic(fmt.Sprintf("widgets: %s has no %s", m.kind, name))
	}
	return p
}

// Observe has f called with every new value of an attribute, whoever changes it.
func (m *Model) Observe(key string, f func(value any)) { m.watch(key, watcher{f, engine.Output()}) }

func (m *Model) watch(key string, w watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.state[key]; !ok && key != clicks {
		panic(fmt.Sprintf("widgets: %s has no %q", m.kind, key))
	}
	m.watchers[key] = append(m.watchers[key], w)
}

// clicks is what the watchers of a button watch.
const clicks = "(click)"

// store puts values into the state, within the bounds that the widget has, and returns those that changed.
func (m *Model) store(values map[string]any) map[string]any {
	changed := map[string]any{}
	put := func(key string, v any) {
		if !same(m.state[key], v) {
			m.state[key], changed[key] = v, v
		}
	}
	for key, v := range values {
		put(key, v)
	}
	if v, ok := m.state["value"]; ok {
		low, high := m.bounds()
		put("value", within(v, low, high))
	}
	return changed
}

// tell calls the functions that watch what changed.
func (m *Model) tell(changed map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		m.call(key, changed[key])
	}
}

func (m *Model) call(key string, v any) {
	m.mu.Lock()
	watchers := slices.Clone(m.watchers[key])
	m.mu.Unlock()
	for _, w := range watchers {
		engine.Handle(w.home, func() { w.call(v) })
	}
}

// Close removes the widget from the front end. Closing twice does nothing.
func (m *Model) Close() {
	m.mu.Lock()
	closed := m.closed
	m.closed, m.watchers = true, nil
	parts := []any{m.state["layout"], m.state["style"]}
	m.mu.Unlock()
	if closed {
		return
	}
	forget(m)
	for _, p := range parts {
		if p, ok := p.(*Model); ok {
			p.Close()
		}
	}
}
