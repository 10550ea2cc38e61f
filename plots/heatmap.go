package plots

import (
	"fmt"
	"image"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HeatMap draws a map of h×w values, row-major, with a colour bar. Level adds the line where the map crosses it, Range
// fixes the colours, Unit names the values; without Unit they are "nats per channel", which is what score.Maps.NLL holds.
func HeatMap(values []float32, h, w int, opts ...Option) *Figure {
	o := gather(opts)
	if err := checkMap(values, h, w); err != nil {
		return failed("Heat map", err)
	}
	colors := o.colorMap(Ember)
	low, high := o.colorRange(values)
	return mapFigure(o, "Heat map", Colorize(values, h, w, low, high, colors), values, h, w, newBar(colors, low, high, o.unitOr(nats), values))
}

// OverlayMap draws a map of h×w values over the picture it belongs to: see Overlay, and HeatMap for the options.
func OverlayMap(picture image.Image, values []float32, h, w int, opts ...Option) *Figure {
	o := gather(opts)
	err := checkMap(values, h, w)
	if err == nil {
		err = checkPicture(picture)
	}
	if err != nil {
		return failed("Overlay", err)
	}
	colors := o.colorMap(Blaze)
	low, high := o.colorRange(values)
	return mapFigure(o, "Overlay", Overlay(picture, values, h, w, low, high, colors), values, h, w, newBar(colors, low, high, o.unitOr(nats), values))
}

// nats is the unit of likelihood maps.
const nats = "nats per channel"

func (o options) unitOr(own string) string {
	if o.unit != "" {
		return o.unit
	}
	return own
}

func checkMap(values []float32, h, w int) error {
	if h < 1 || w < 1 || len(values) != h*w {
		return fmt.Errorf("a map of %d×%d pixels with %d values", h, w, len(values))
	}
	return nil
}

func checkPicture(m image.Image) error {
	if m == nil || m.Bounds().Empty() {
		return fmt.Errorf("there is no picture")
	}
	return nil
}

// mapFigure shows one painted map with its colour bar.
func mapFigure(o options, what string, painted image.Image, values []float32, h, w int, bar colorBar) *Figure {
	peak, y, x := largest(values, w)
	height := 420
	width := int(math.Round(float64(height)*float64(w)/float64(h))) + 92
	return &Figure{
		alt:   fmt.Sprintf("%s of %d×%d pixels, largest value %s at row %d, column %d", what, h, w, short(peak, 4), y, x),
		width: min(max(width, 240), 900), height: height + 40, pictures: true,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled(what), o.contourLegend())
			r := place(draw.Crop(c, 0, -barWidth, 0, 0), painted)
			if o.level != nil {
				strokeContour(c, r, values, h, w, *o.level, contourColor)
			}
			bar.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: r.Max.X, Y: r.Min.Y}, Max: vg.Point{X: r.Max.X + barWidth, Y: r.Max.Y}}})
		},
		data: func() table { return mapTable(values, h, w) },
	}
}

// contourColor is the line around what is called anomalous, truthColor that around what is.
var (
	contourColor = sky
	truthColor   = green
)

func (o options) contourLegend() []entry {
	if o.level == nil {
		return nil
	}
	return []entry{{name: "map ≥ " + short(*o.level, 4), color: contourColor}}
}

// largest finds a map's greatest value and where it is.
func largest(values []float32, w int) (v float64, y, x int) {
	at := 0
	for i, u := range values {
		if u > values[at] || values[at] != values[at] {
			at = i
		}
	}
	return float64(values[at]), at / w, at % w
}

func mapTable(values []float32, h, w int) table {
	t := table{{"y", "x", "value"}}
	for y := range h {
		for x := range w {
			t = append(t, []string{strconv.Itoa(y), strconv.Itoa(x), cell32(values[y*w+x])})
		}
	}
	return t
}
