package widgets

// String is a widget that holds a text.
type String struct{ *Model }

// Value is the text.
func (w *String) Value() string { return w.Get("value").(string) }

// SetValue changes the text.
func (w *String) SetValue(v string) { w.Set("value", v) }

// OnChange has f called with every new text, while it is typed unless Set("continuous_update", false).
func (w *String) OnChange(f func(string)) { w.Observe("value", func(v any) { f(v.(string)) }) }

// Bool is a widget that is on or off.
type Bool struct{ *Model }

// Value tells whether it is on.
func (w *Bool) Value() bool { return w.Get("value").(bool) }

// SetValue turns it on or off.
func (w *Bool) SetValue(v bool) { w.Set("value", v) }

// OnChange has f called when it is turned on or off.
func (w *Bool) OnChange(f func(bool)) { w.Observe("value", func(v any) { f(v.(bool)) }) }

func text(kind, description, value string) *String {
	return &String{described(kind, description, map[string]any{"value": value})}
}

// Text is a field for a line of text.
func Text(description, value string) *String { return text("Text", description, value) }

// Textarea is a field for lines of text.
func Textarea(description, value string) *String { return text("Textarea", description, value) }

// Password is a field whose text is not shown. It is in the widget's state all the same, and so in a saved notebook.
func Password(description string) *String { return text("Password", description, "") }

// Combobox is a field for a line of text that offers some.
func Combobox(description, value string, options []string) *String {
	return &String{described("Combobox", description, map[string]any{"options": options, "value": value})}
}

// HTML shows a piece of HTML.
func HTML(html string) *String { return text("HTML", "", html) }

// HTMLMath shows a piece of HTML with formulas between dollar signs.
func HTMLMath(html string) *String { return text("HTMLMath", "", html) }

// Label shows a text.
func Label(value string) *String { return text("Label", "", value) }

// ColorPicker chooses a colour, by name or as #rrggbb.
func ColorPicker(description, value string) *String { return text("ColorPicker", description, value) }

func flag(kind, description string, value bool) *Bool {
	return &Bool{described(kind, description, map[string]any{"value": value})}
}

// Checkbox is a box to tick.
func Checkbox(description string, value bool) *Bool { return flag("Checkbox", description, value) }

// ToggleButton is a button that stays pressed.
func ToggleButton(description string, value bool) *Bool {
	return flag("ToggleButton", description, value)
}

// Valid shows whether something is right.
func Valid(description string, value bool) *Bool { return flag("Valid", description, value) }

// Action is a button.
type Action struct{ *Model }

// Button has each of the functions called when it is pressed. Set("button_style", …) takes primary, success, info, warning
// and danger.
func Button(description string, pressed ...func()) *Action {
	w := &Action{described("Button", description, nil)}
	for _, f := range pressed {
		w.OnClick(f)
	}
	return w
}

// OnClick has f called when the button is pressed.
func (w *Action) OnClick(f func()) { w.Observe(clicks, func(any) { f() }) }

// Click presses the button.
func (w *Action) Click() { w.call(clicks, nil) }
