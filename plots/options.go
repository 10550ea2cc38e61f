package plots

import (
	"fmt"
	"math"
)

// An Option adjusts a figure. Options that a figure has no use for are ignored.
type Option func(*options)

type options struct {
	title     string
	name      string // of the first curve
	others    []overlay
	threshold *float64
	level     *float64
	limit     float64
	unit      string
	colors    *ColorMap
	low, high float64 // range of colours, NaN: from the data
	choose    []chooser
	panels    []string
}

// overlay is a further result to compare with.
type overlay struct {
	name   string
	result any
}

func gather(opts []Option) options {
	o := options{limit: 0.3, low: math.NaN(), high: math.NaN()}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// Title replaces the figure's title; empty removes it.
func Title(s string) Option {
	return func(o *options) {
		if o.title = s; s == "" {
			o.title = noTitle
		}
	}
}

const noTitle = "\x00"

// titled is the chosen title or else the figure's own.
func (o options) titled(own string) string {
	switch o.title {
	case "":
		return own
	case noTitle:
		return ""
	}
	return o.title
}

// Name names the figure's own result in the legend, where With adds others.
func Name(s string) Option { return func(o *options) { o.name = s } }

// Panels names the panels of a figure that has several, such as Latents; without it they are the scales.
func Panels(names ...string) Option { return func(o *options) { o.panels = names } }

// panel is the name of panel i: the chosen one or else that of scale i, counted from 1.
func (o options) panel(i int) string {
	if i < len(o.panels) {
		return o.panels[i]
	}
	return fmt.Sprintf("scale %d", i+1)
}

// With draws another result of the same kind into the figure, to compare runs.
func With(name string, result any) Option {
	return func(o *options) { o.others = append(o.others, overlay{name, result}) }
}

// At marks the threshold in use: images that score as much or more are called anomalous. NaN marks none.
func At(threshold float64) Option { return func(o *options) { o.threshold = &threshold } }

// Level is the map value from which a pixel is called anomalous; contours are drawn there.
func Level(v float64) Option { return func(o *options) { o.level = &v } }

// Limit is the false-positive rate up to which PRO integrates. Without it that is 0.3.
func Limit(fpr float64) Option { return func(o *options) { o.limit = fpr } }

// Unit names what a map's values are, for the colour bar: "nats per channel".
func Unit(s string) Option { return func(o *options) { o.unit = s } }

// Colors chooses the colour map.
func Colors(m *ColorMap) Option { return func(o *options) { o.colors = m } }

// Range fixes the values of the first and last colour, so that figures can be compared. Without it, or if one of them is
// not finite, the range is that of the values shown.
func Range(low, high float64) Option { return func(o *options) { o.low, o.high = low, high } }

// colorMap is the chosen map or else the figure's own.
func (o options) colorMap(own *ColorMap) *ColorMap {
	if o.colors != nil {
		return o.colors
	}
	return own
}

// colorRange is the chosen range or else that of the maps.
func (o options) colorRange(maps ...[]float32) (low, high float64) {
	if finite(o.low, o.high) {
		return o.low, o.high
	}
	return span(maps...)
}
