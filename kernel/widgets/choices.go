package widgets

import (
	"fmt"
	"slices"
)

// Choice is a widget by which one of several options is chosen.
type Choice struct{ *Model }

// Options are what can be chosen.
func (w *Choice) Options() []string { return labels(w.Model) }

// SetOptions changes what can be chosen; the first is chosen then.
func (w *Choice) SetOptions(options []string) {
	w.Set("index", nil)
	w.Set("_options_labels", options)
	if len(options) > 0 {
		w.Set("index", 0)
	}
}

// Index is which option is chosen, counted from 0; -1 for none.
func (w *Choice) Index() int {
	i, ok := w.Get("index").(int)
	if !ok || i >= len(w.Options()) {
		return -1
	}
	return i
}

// Value is the chosen option; "" for none.
func (w *Choice) Value() string {
	if i := w.Index(); i >= 0 {
		return w.Options()[i]
	}
	return ""
}

// SetIndex chooses an option by its number, and panics if there is none.
func (w *Choice) SetIndex(i int) {
	if n := len(w.Options()); i < 0 || i >= n {
		panic(fmt.Sprintf("widgets: option %d of %d", i, n))
	}
	w.Set("index", i)
}

// SetValue chooses an option, and panics if it is none.
func (w *Choice) SetValue(option string) {
	i := slices.Index(w.Options(), option)
	if i < 0 {
		panic(fmt.Sprintf("widgets: %q is none of %q", option, w.Options()))
	}
	w.SetIndex(i)
}

// OnChange has f called with every new choice.
func (w *Choice) OnChange(f func(option string)) {
	w.Observe("index", func(any) {
		if w.Index() >= 0 {
			f(w.Value())
		}
	})
}

func labels(m *Model) (options []string) {
	for _, o := range m.Get("_options_labels").([]any) {
		options = append(options, o.(string))
	}
	return options
}

func choice(kind, description string, options []string) *Choice {
	attributes := map[string]any{"_options_labels": options}
	if len(options) > 0 {
		attributes["index"] = 0
	}
	return &Choice{described(kind, description, attributes)}
}

// Dropdown is a menu. The first option is chosen.
func Dropdown(description string, options ...string) *Choice {
	return choice("Dropdown", description, options)
}

// RadioButtons are buttons of which one is on.
func RadioButtons(description string, options ...string) *Choice {
	return choice("RadioButtons", description, options)
}

// Select is a list of which one line is chosen.
func Select(description string, options ...string) *Choice {
	return choice("Select", description, options)
}

// SelectionSlider is a slider over options.
func SelectionSlider(description string, options ...string) *Choice {
	return choice("SelectionSlider", description, options)
}

// ToggleButtons are buttons in a row of which one is pressed.
func ToggleButtons(description string, options ...string) *Choice {
	return choice("ToggleButtons", description, options)
}

// Choices is a list of which any number of lines are chosen.
type Choices struct{ *Model }

// SelectMultiple is a list of which any number of lines are chosen, none at first.
func SelectMultiple(description string, options ...string) *Choices {
	return &Choices{described("SelectMultiple", description, map[string]any{"_options_labels": options})}
}

// Value are the chosen options.
func (w *Choices) Value() (chosen []string) {
	options := labels(w.Model)
	for _, i := range w.Get("index").([]any) {
		if i, ok := i.(int); ok && i >= 0 && i < len(options) {
			chosen = append(chosen, options[i])
		}
	}
	return chosen
}

// SetValue chooses options, and panics if one is none.
func (w *Choices) SetValue(chosen []string) {
	var index []int
	for _, c := range chosen {
		i := slices.Index(labels(w.Model), c)
		if i < 0 {
			panic(fmt.Sprintf("widgets: %q is none of %q", c, labels(w.Model)))
		}
		index = append(index, i)
	}
	w.Set("index", index)
}

// OnChange has f called with every new choice.
func (w *Choices) OnChange(f func(chosen []string)) {
	w.Observe("index", func(any) { f(w.Value()) })
}
