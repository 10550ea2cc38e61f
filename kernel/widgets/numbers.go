package widgets

import "math"

// Int is a widget that holds a whole number.
type Int struct{ *Model }

// Value is the number.
func (w *Int) Value() int { return w.Get("value").(int) }

// SetValue changes the number, to the nearest that the widget can hold.
func (w *Int) SetValue(v int) { w.Set("value", v) }

// OnChange has f called with every new value.
func (w *Int) OnChange(f func(int)) { w.Observe("value", func(v any) { f(v.(int)) }) }

// Float is a widget that holds a number.
type Float struct{ *Model }

// Value is the number.
func (w *Float) Value() float64 { return w.Get("value").(float64) }

// SetValue changes the number, to the nearest that the widget can hold.
func (w *Float) SetValue(v float64) { w.Set("value", v) }

// OnChange has f called with every new value.
func (w *Float) OnChange(f func(float64)) { w.Observe("value", func(v any) { f(v.(float64)) }) }

// described is a widget of a kind with a description, "" for none, and other attributes.
func described(kind, description string, attributes map[string]any) *Model {
	if attributes == nil {
		attributes = map[string]any{}
	}
	if description != "" {
		attributes["description"] = description
	}
	return build(kind, attributes)
}

// IntSlider is a slider over whole numbers.
func IntSlider(description string, low, high, value int) *Int {
	return &Int{bounded("IntSlider", description, low, high, value)}
}

// BoundedIntText is a field for a whole number between low and high.
func BoundedIntText(description string, low, high, value int) *Int {
	return &Int{bounded("BoundedIntText", description, low, high, value)}
}

// IntText is a field for a whole number.
func IntText(description string, value int) *Int {
	return &Int{described("IntText", description, map[string]any{"value": value})}
}

// IntProgress is a bar from 0 to high.
func IntProgress(description string, high int) *Int {
	return &Int{bounded("IntProgress", description, 0, high, 0)}
}

// Play counts from low to high while its button is pressed; Link its value to that of a slider. Set("interval", 100)
// says how many milliseconds a step takes.
func Play(low, high int) *Int { return &Int{bounded("Play", "", low, high, low)} }

// FloatSlider is a slider over numbers, in a hundred steps unless Set("step", …) says another.
func FloatSlider(description string, low, high, value float64) *Float {
	return &Float{bounded("FloatSlider", description, low, high, value, "step", (high-low)/100, "readout_format", ".3g")}
}

// FloatLogSlider is a slider over numbers from low to high, both more than 0, of equal ratios.
func FloatLogSlider(description string, low, high, value float64) *Float {
	if low <= 0 || high <= low {
		panic("widgets: a FloatLogSlider needs 0 < low < high")
	}
	a, b := math.Log10(low), math.Log10(high)
	return &Float{bounded("FloatLogSlider", description, a, b, value, "step", (b-a)/100)}
}

// BoundedFloatText is a field for a number between low and high.
func BoundedFloatText(description string, low, high, value float64) *Float {
	return &Float{bounded("BoundedFloatText", description, low, high, value)}
}

// FloatText is a field for a number.
func FloatText(description string, value float64) *Float {
	return &Float{described("FloatText", description, map[string]any{"value": value})}
}

// FloatProgress is a bar from 0 to high.
func FloatProgress(description string, high float64) *Float {
	return &Float{bounded("FloatProgress", description, 0.0, high, 0.0)}
}

// bounded is a widget of a number, or of a pair of them, between low and high.
func bounded(kind, description string, low, high, value any, more ...any) *Model {
	a, _ := number(low)
	b, _ := number(high)
	if !(a <= b) {
		panic("widgets: the least value of " + kind + " is more than the greatest")
	}
	attributes := map[string]any{"min": low, "max": high, "value": value}
	for i := 0; i < len(more); i += 2 {
		attributes[more[i].(string)] = more[i+1]
	}
	return described(kind, description, attributes)
}

// IntRange is a widget that holds two whole numbers, the first no more than the second.
type IntRange struct{ *Model }

// Value is the range.
func (w *IntRange) Value() (low, high int) {
	v := w.Get("value").([]any)
	return v[0].(int), v[1].(int)
}

// SetValue changes the range.
func (w *IntRange) SetValue(low, high int) { w.Set("value", []int{min(low, high), max(low, high)}) }

// OnChange has f called with every new range.
func (w *IntRange) OnChange(f func(low, high int)) {
	w.Observe("value", func(v any) { f(v.([]any)[0].(int), v.([]any)[1].(int)) })
}

// IntRangeSlider is a slider with two handles, from min to max, that stand at low and high.
func IntRangeSlider(description string, min, max, low, high int) *IntRange {
	return &IntRange{bounded("IntRangeSlider", description, min, max, []int{low, high})}
}

// FloatRange is a widget that holds two numbers, the first no more than the second.
type FloatRange struct{ *Model }

// Value is the range.
func (w *FloatRange) Value() (low, high float64) {
	v := w.Get("value").([]any)
	return v[0].(float64), v[1].(float64)
}

// SetValue changes the range.
func (w *FloatRange) SetValue(low, high float64) {
	w.Set("value", []float64{min(low, high), max(low, high)})
}

// OnChange has f called with every new range.
func (w *FloatRange) OnChange(f func(low, high float64)) {
	w.Observe("value", func(v any) { f(v.([]any)[0].(float64), v.([]any)[1].(float64)) })
}

// FloatRangeSlider is a slider with two handles, from min to max, that stand at low and high.
func FloatRangeSlider(description string, min, max, low, high float64) *FloatRange {
	return &FloatRange{bounded("FloatRangeSlider", description, min, max, []float64{low, high}, "step", (max-min)/100)}
}
