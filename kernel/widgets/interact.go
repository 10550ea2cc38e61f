package widgets

import (
	"fmt"
	"math"
	"reflect"

	"github.com/msflow-go/msflow/kernel/engine"
)

// Arg is an argument of Interact with its name.
type Arg struct {
	Name  string
	Value any
}

// Named is an argument of Interact with the name that stands beside its widget.
func Named(name string, value any) Arg { return Arg{name, value} }

// Interactive is a function with a widget for each argument, and its output below.
type Interactive struct {
	*Container
	Controls []Widget
	Output   *Outputs

	f reflect.Value
}

// Interact calls f, and calls it again whenever an argument is changed by its widget; what f prints, displays and returns
// is shown below the widgets. For each argument give a value to begin with, or a widget of this package that holds one:
//
//	int, float64         a slider around the value
//	[]int, []float64     a slider from the first to the second, in steps of the third if there is one
//	bool                 a checkbox
//	string               a field
//	[]string             a menu; the argument is the chosen string, or its number if it is an int
//
// Without a value the function's own type says which. Named gives an argument a name. It panics where values and arguments
// do not fit.
func Interact(f any, args ...any) *Interactive {
	w := &Interactive{f: reflect.ValueOf(f)}
	if w.f.Kind() != reflect.Func || w.f.Type().IsVariadic() {
		panic(fmt.Sprintf("widgets: Interact calls a function, not %T", f))
	}
	t := w.f.Type()
	if len(args) > t.NumIn() {
		panic(fmt.Sprintf("widgets: %d values for %d arguments", len(args), t.NumIn()))
	}
	for i := range t.NumIn() {
		arg := Arg{fmt.Sprint("argument ", i+1), nil}
		if i < len(args) {
			arg = named(args[i], arg.Name)
		}
		w.Controls = append(w.Controls, controlFor(t.In(i), arg))
	}
	w.Output = Output()
	w.Container = VBox(append(append([]Widget{}, w.Controls...), w.Output)...)
	w.run()
	for _, c := range w.Controls {
		c.Base().watch(attribute(c.Base()), watcher{func(any) { w.run() }, w.Output.sink})
	}
	return w
}

func named(value any, otherwise string) Arg {
	if a, ok := value.(Arg); ok {
		return a
	}
	return Arg{otherwise, value}
}

// run calls the function with what the widgets say.
func (w *Interactive) run() {
	in := make([]reflect.Value, len(w.Controls))
	for i, c := range w.Controls {
		in[i] = argument(c.Base(), w.f.Type().In(i))
	}
	w.Output.Replace(func() {
		var shown []any
		for _, v := range w.f.Call(in) {
			if v.Type() != reflect.TypeFor[error]() || !v.IsNil() {
				shown = append(shown, v.Interface())
			}
		}
		if len(shown) > 0 {
			engine.Output().Result(shown)
		}
	})
}

// attribute is where a widget has what was chosen.
func attribute(m *Model) string {
	for _, key := range []string{"index", "value"} {
		if _, ok := m.state[key]; ok {
			return key
		}
	}
	panic("widgets: " + m.kind + " holds no value")
}

// argument is what a widget says, as t.
func argument(m *Model, t reflect.Type) reflect.Value {
	v := m.Get(attribute(m))
	if _, ok := m.state["index"]; ok && t.Kind() == reflect.String {
		v = (&Choice{m}).Value()
	}
	r := reflect.ValueOf(v)
	if !r.IsValid() {
		return reflect.Zero(t)
	}
	if !r.CanConvert(t) || t.Kind() == reflect.String && r.Kind() != reflect.String {
		panic(fmt.Sprintf("widgets: %s holds %v (%T), and the function takes %v", m.kind, v, v, t))
	}
	return r.Convert(t)
}

// controlFor is the widget for an argument of type t.
func controlFor(t reflect.Type, a Arg) Widget {
	if w, ok := a.Value.(Widget); ok {
		argument(w.Base(), t) // panics if they do not fit
		return w
	}
	switch v := reflect.ValueOf(a.Value); {
	case isList(a.Value, reflect.String):
		w := described("Dropdown", a.Name, map[string]any{"_options_labels": a.Value, "index": 0})
		argument(w, t)
		return w
	case t.Kind() == reflect.Bool:
		return Checkbox(a.Name, v.IsValid() && v.Bool())
	case t.Kind() == reflect.String:
		s := ""
		if v.IsValid() {
			s = v.String()
		}
		return Text(a.Name, s)
	}
	zero := reflect.Zero(t)
	if zero.CanInt() || zero.CanUint() {
		low, high, step := span(a.Value, 1)
		return bounded("IntSlider", a.Name, int(low), int(high), int(start(a.Value, low)), "step", max(1, int(step)))
	}
	if zero.CanFloat() {
		low, high, step := span(a.Value, 1.0/100)
		return bounded("FloatSlider", a.Name, low, high, start(a.Value, low), "step", step, "readout_format", ".3g")
	}
	panic(fmt.Sprintf("widgets: there is no widget for %v; give one", t))
}

func isList(v any, of reflect.Kind) bool {
	t := reflect.TypeOf(v)
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == of && reflect.ValueOf(v).Len() > 0
}

// span is the range of a slider for a value: from -v to 3v, or what a list says. Steps are a part of it.
func span(value any, part float64) (low, high, step float64) {
	if r := reflect.ValueOf(value); r.Kind() == reflect.Slice {
		n := r.Len()
		if n < 2 || n > 3 {
			panic(fmt.Sprintf("widgets: the range of a slider is low, high and perhaps a step, not %v", value))
		}
		low, _ = number(r.Index(0).Interface())
		high, _ = number(r.Index(1).Interface())
		if n == 3 {
			step, _ = number(r.Index(2).Interface())
		}
	} else {
		v, _ := number(value)
		switch low, high = -v, 3*v; {
		case v < 0:
			low, high = 3*v, -v
		case v == 0:
			low, high = 0, 1/part
			if part < 1 {
				high = 1
			}
		}
	}
	if step == 0 {
		step = part * math.Abs(high-low)
	}
	return low, high, step
}

// start is where a slider stands at first: at the value, or at the low end of a range.
func start(value any, low float64) float64 {
	if v, ok := number(value); ok {
		return v
	}
	return low
}
