package plots

import (
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A colorBar explains a map's colours.
type colorBar struct {
	colors    *ColorMap
	low, high float64
	unit      string
	more      bool // values lie over high
	less      bool // values lie under low
}

// barWidth is what a colour bar with its labels takes up.
const barWidth = 76 * pixel

// newBar explains the colours of maps drawn with this range.
func newBar(m *ColorMap, low, high float64, unit string, maps ...[]float32) colorBar {
	b := colorBar{colors: m, low: low, high: high, unit: unit}
	for _, values := range maps {
		for _, v := range values {
			b.less = b.less || float64(v) < low
			b.more = b.more || float64(v) > high
		}
	}
	return b
}

// draw paints the bar at the left of the canvas over its whole height. Arrowheads at the ends say that values beyond the
// range have the end's colour.
func (b colorBar) draw(c draw.Canvas) {
	const width, head = 14 * pixel, 9 * pixel
	x0, x1 := c.Min.X+6*pixel, c.Min.X+6*pixel+width
	y0, y1 := c.Min.Y+1*pixel, c.Max.Y-1*pixel
	if b.less {
		y0 += head
		c.FillPolygon(b.colors.At(0), []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: (x0 + x1) / 2, Y: y0 - head}})
	}
	if b.more {
		y1 -= head
		c.FillPolygon(b.colors.At(1), []vg.Point{{X: x0, Y: y1}, {X: x1, Y: y1}, {X: (x0 + x1) / 2, Y: y1 + head}})
	}
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}, b.ramp(y1-y0))
	widest := b.labels(c, x1, y0, y1)
	s := plain(tickSize, ink)
	s.Rotation, s.XAlign, s.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	c.FillText(s, vg.Point{X: x1 + 8*pixel + widest, Y: (y0 + y1) / 2}, fit(plain(tickSize, ink), b.unit, c.Size().Y))
}

// labels writes the ticks and returns the width of the widest.
func (b colorBar) labels(c draw.Canvas, x, y0, y1 vg.Length) (widest vg.Length) {
	s := plain(tickSize, ink)
	s.YAlign = draw.YCenter
	low, high := b.low, b.high
	if !(high > low) {
		low, high = low-0.5, low+0.5
	}
	for _, t := range ticks(min(8, max(2, int((y1-y0)/(36*pixel))))).Ticks(low, high) {
		y := y0 + (y1-y0)*vg.Length((t.Value-low)/(high-low))
		c.StrokeLine2(draw.LineStyle{Color: muted, Width: 0.75}, x, y, x+3*pixel, y)
		c.FillText(s, vg.Point{X: x + 6*pixel, Y: y}, t.Label)
		widest = max(widest, s.Width(t.Label))
	}
	return widest
}

// ramp is the bar itself as an image, one row per pixel, the largest value on top.
func (b colorBar) ramp(height vg.Length) image.Image {
	n := max(2, int(math.Round(float64(height/pixel))))
	m := image.NewNRGBA(image.Rect(0, 0, 14, n))
	for y := range n {
		for x := range 14 {
			m.SetNRGBA(x, y, b.colors.At(1-float64(y)/float64(n-1)))
		}
	}
	return m
}
