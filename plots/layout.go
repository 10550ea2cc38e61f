package plots

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// margin surrounds every figure.
const margin = 8 * pixel

// An entry explains one colour of a figure.
type entry struct {
	name  string
	color color.NRGBA
	mark  mark
	dash  []vg.Length
}

type mark int

const (
	lineMark mark = iota
	boxMark
	dotMark
)

// page fills the canvas white and cuts its margin off.
func page(c draw.Canvas) draw.Canvas {
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	return draw.Crop(c, margin, -margin, margin, -margin)
}

// heading writes the title and below it the legend, both from the left, and returns what is left of the canvas. A legend
// stands outside the axes, where it cannot cover data, and breaks into lines as needed.
func heading(c draw.Canvas, title string, legend []entry) draw.Canvas {
	if title != "" {
		c = writeLine(c, bold(titleSize, ink), title)
	}
	if len(legend) > 0 {
		c = writeLegend(c, legend)
	}
	return draw.Crop(c, 0, 0, 0, -4*pixel)
}

// writeLine writes a line at the top of the canvas, shortened to fit, and returns the rest.
func writeLine(c draw.Canvas, s text.Style, line string) draw.Canvas {
	s.YAlign = draw.YTop
	c.FillText(s, vg.Point{X: c.Min.X, Y: c.Max.Y}, fit(s, line, c.Size().X))
	return draw.Crop(c, 0, 0, 0, -s.Font.Size*1.45)
}

// fit shortens a text to a width, marking the cut.
func fit(s text.Style, line string, width vg.Length) string {
	if s.Width(line) <= width {
		return line
	}
	r := []rune(line)
	for len(r) > 0 && s.Width(string(r)+"…") > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

const (
	swatch    = 18 * pixel
	legendGap = 14 * pixel
	legendRow = 16 * pixel
)

func writeLegend(c draw.Canvas, legend []entry) draw.Canvas {
	s := plain(tickSize, ink)
	s.YAlign = draw.YCenter
	x, y := c.Min.X, c.Max.Y-legendRow/2
	for _, e := range legend {
		width := swatch + 4*pixel + s.Width(e.name)
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-legendRow
		}
		e.draw(c, x, y)
		c.FillText(s, vg.Point{X: x + swatch + 4*pixel, Y: y}, fit(s, e.name, c.Max.X-x-swatch-4*pixel))
		x += width + legendGap
	}
	return draw.Crop(c, 0, 0, 0, y-legendRow/2-c.Max.Y)
}

// draw paints the entry's swatch with its left end at x, centred on y.
func (e entry) draw(c draw.Canvas, x, y vg.Length) {
	switch e.mark {
	case lineMark:
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: 1.75, Dashes: e.dash}, x, y, x+swatch, y)
	case boxMark:
		fillRect(c, e.color, x+2*pixel, y-5*pixel, x+swatch-2*pixel, y+5*pixel)
	case dotMark:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.color, Radius: 3, Shape: draw.CircleGlyph{}}, vg.Point{X: x + swatch/2, Y: y})
	}
}

func fillRect(c draw.Canvas, col color.Color, x0, y0, x1, y1 vg.Length) {
	c.SetColor(col)
	c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}.Path())
}

// tile cuts the canvas into rows×cols cells with a gap between them; the cell at row r from the top, column k.
func tile(c draw.Canvas, rows, cols, r, k int, gap vg.Length) draw.Canvas {
	return draw.Tiles{Rows: rows, Cols: cols, PadX: gap, PadY: gap}.At(c, k, r)
}

// paintMessage writes why a figure is missing.
func paintMessage(c draw.Canvas, what string, err error) {
	c = page(c)
	c = writeLine(c, bold(titleSize, ink), what+" cannot be drawn")
	for _, line := range wrap(plain(labelSize, vermillion), err.Error(), c.Size().X) {
		c = writeLine(c, plain(labelSize, vermillion), line)
	}
}

// wrap breaks a text at spaces.
func wrap(s text.Style, txt string, width vg.Length) (lines []string) {
	line := ""
	for _, word := range strings.Fields(txt) {
		switch longer := strings.TrimSpace(line + " " + word); {
		case line == "" || s.Width(longer) <= width:
			line = longer
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
