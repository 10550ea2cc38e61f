package plots

import (
	"fmt"
	"image"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ScaleMaps is one image as a multi-scale flow sees it.
type ScaleMaps struct {
	Picture image.Image // may be nil
	LogP    [][]float32 // log-likelihood of each scale, nats per channel
	Sizes   [][2]int    // h,w of each scale
	Fused   []float32   // the fused map, Height·Width values, larger where less normal
	Height  int
	Width   int
}

// Scales draws the log-likelihood map of each scale at its own resolution, all in one range of colours, and beside them
// the fused map. Unit names the fused map's values; Range and Colors are for the scales' maps.
func Scales(m ScaleMaps, opts ...Option) *Figure {
	o := gather(opts)
	if err := m.check(); err != nil {
		return failed("Maps per scale", err)
	}
	low, high := o.colorRange(m.LogP...)
	colors := o.colorMap(Lagoon)
	fusedLow, fusedHigh := span(m.Fused)
	view := scaleView{m, colors, newBar(colors, low, high, nats, m.LogP...),
		newBar(Ember, fusedLow, fusedHigh, o.unitOr(nats), m.Fused)}
	return &Figure{
		alt: fmt.Sprintf("Log-likelihood maps of %d scales and the fused map", len(m.LogP)), width: 900, height: view.height(900), pictures: true,
		paint: func(c draw.Canvas) { view.paint(heading(page(c), o.titled("Log-likelihood per scale"), nil)) },
		data:  view.table,
	}
}

// ScalesOf is Scales for image i of a result that keeps the maps of its scales.
func ScalesOf(g Gallery, i int, opts ...Option) *Figure {
	m, ok := g.(Multiscaler)
	if !ok {
		return failed("Maps per scale", fmt.Errorf("a %T does not keep the maps of its scales", g))
	}
	if scores, _ := g.Scores(); i < 0 || i >= len(scores) {
		return failed("Maps per scale", fmt.Errorf("there is no image %d among %d", i, len(scores)))
	}
	var maps ScaleMaps
	var err error
	if _, maps.Picture, err = g.Picture(i); err != nil {
		return failed("Maps per scale", fmt.Errorf("image %d: %w", i, err))
	}
	maps.LogP, maps.Sizes = m.LogP(i)
	maps.Fused, maps.Height, maps.Width = g.Map(i)
	return Scales(maps, append(slices.Clone(opts), Unit(gather(opts).unitOf(g)))...)
}

func (m ScaleMaps) check() error {
	if len(m.LogP) == 0 || len(m.LogP) != len(m.Sizes) {
		return fmt.Errorf("%d maps, %d sizes: %w", len(m.LogP), len(m.Sizes), errLengths)
	}
	for i, l := range m.LogP {
		if err := checkMap(l, m.Sizes[i][0], m.Sizes[i][1]); err != nil {
			return fmt.Errorf("scale %d: %w", i+1, err)
		}
	}
	return checkMap(m.Fused, m.Height, m.Width)
}

// scaleView lays the panels out: picture, scales, their bar, fused map, its bar.
type scaleView struct {
	ScaleMaps
	colors    *ColorMap
	bar       colorBar
	fusedBars colorBar
}

func (v scaleView) panels() int {
	n := len(v.LogP) + 1
	if v.Picture != nil {
		n++
	}
	return n
}

func (v scaleView) panelWidth(width vg.Length) vg.Length {
	n := vg.Length(v.panels())
	return (width - 2*barWidth - (n-1)*panelGap) / n
}

func (v scaleView) height(width int) int {
	w := v.panelWidth(vg.Length(width)*pixel - 2*margin)
	return int(float64(w/pixel)*min(float64(v.Height)/float64(v.Width), 2)) + 66
}

func (v scaleView) paint(c draw.Canvas) {
	w := v.panelWidth(c.Size().X)
	x := c.Min.X
	next := func(name string, m image.Image) {
		cell := c
		cell.Min.X, cell.Max.X = x, x+w
		place(writeLine(cell, bold(tickSize, ink), name), m)
		x += w + panelGap
	}
	bar := func(b colorBar) {
		strip := draw.Crop(c, 0, 0, 0, -bold(tickSize, ink).Font.Size*1.45)
		r := inscribe(vg.Rectangle{Min: vg.Point{X: x, Y: strip.Min.Y}, Max: vg.Point{X: x + w, Y: strip.Max.Y}}, v.Width, v.Height)
		strip.Min, strip.Max = vg.Point{X: x - panelGap, Y: r.Min.Y}, vg.Point{X: x - panelGap + barWidth, Y: r.Max.Y}
		b.draw(strip)
		x += barWidth
	}
	if v.Picture != nil {
		next("image", v.Picture)
	}
	for i, l := range v.LogP {
		h, w := v.Sizes[i][0], v.Sizes[i][1]
		next(fmt.Sprintf("scale %d (%d×%d)", i+1, h, w), Colorize(l, h, w, v.bar.low, v.bar.high, v.colors))
	}
	bar(v.bar)
	next("fused", Colorize(v.Fused, v.Height, v.Width, v.fusedBars.low, v.fusedBars.high, Ember))
	bar(v.fusedBars)
}

func (v scaleView) table() table {
	t := table{{"map", "y", "x", "value"}}
	add := func(name string, values []float32, h, w int) {
		for _, row := range mapTable(values, h, w)[1:] {
			t = append(t, append([]string{name}, row...))
		}
	}
	for i, l := range v.LogP {
		add(fmt.Sprintf("scale %d", i+1), l, v.Sizes[i][0], v.Sizes[i][1])
	}
	add("fused", v.Fused, v.Height, v.Width)
	return t
}
