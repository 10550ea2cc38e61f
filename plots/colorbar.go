package plots

import (
	"image"
	"math"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
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

// mostBar and leastBar bound the height of the bar beside a picture, in its pixels.
const mostBar, leastBar = 480, 140

// WithColorBar is a painted map, a pixel of it a pixel of the result, with the bar that explains its colours on the right.
// The values tell whether some lie beyond the range.
func WithColorBar(painted image.Image, values []float32, low, high float64, unit string, m *ColorMap) *image.NRGBA {
	size := painted.Bounds().Size()
	height := min(max(size.Y, leastBar), mostBar)
	canvas := vgimg.NewWith(vgimg.UseWH(barWidth, vg.Length(height)*pixel), vgimg.UseDPI(96))
	area := draw.New(canvas)
	fillRect(area, paper, area.Min.X, area.Min.Y, area.Max.X, area.Max.Y)
	newBar(m, low, high, unit, values).draw(draw.Crop(area, 0, 0, 7*pixel, -7*pixel))
	bar := canvas.Image()
	out := image.NewNRGBA(image.Rect(0, 0, size.X+bar.Bounds().Dx(), max(size.Y, height)))
	xdraw.Draw(out, out.Rect, image.NewUniform(paper), image.Point{}, xdraw.Src)
	xdraw.Draw(out, image.Rectangle{Max: size}, painted, painted.Bounds().Min, xdraw.Src)
	xdraw.Draw(out, bar.Bounds().Add(image.Pt(size.X, 0)), bar, bar.Bounds().Min, xdraw.Src)
	return out
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
