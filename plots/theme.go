package plots

import (
	"image/color"
	"sync"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours of Okabe and Ito, which remain distinct under all common colour-vision deficiencies.
var (
	blue       = color.NRGBA{0x00, 0x72, 0xB2, 0xFF}
	vermillion = color.NRGBA{0xD5, 0x5E, 0x00, 0xFF}
	green      = color.NRGBA{0x00, 0x9E, 0x73, 0xFF}
	orange     = color.NRGBA{0xE6, 0x9F, 0x00, 0xFF}
	sky        = color.NRGBA{0x56, 0xB4, 0xE9, 0xFF}
	purple     = color.NRGBA{0xCC, 0x79, 0xA7, 0xFF}
	yellow     = color.NRGBA{0xF0, 0xE4, 0x42, 0xFF}

	ink   = color.NRGBA{0x22, 0x22, 0x22, 0xFF}
	muted = color.NRGBA{0x66, 0x66, 0x66, 0xFF}
	rule  = color.NRGBA{0xE4, 0xE4, 0xE4, 0xFF}
	paper = color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
)

// Normal and anomalous data have these colours in every figure.
var (
	normalColor    = blue
	anomalousColor = vermillion
	wrongColor     = vermillion // of verdicts
)

// series colours the i-th of several curves. Yellow is too faint on white and comes last.
func series(i int) color.NRGBA {
	all := []color.NRGBA{blue, vermillion, green, orange, purple, sky, ink, yellow}
	return all[i%len(all)]
}

// dashes sets curves apart where colour does not suffice: in grey, and after the colours repeat.
func dashes(i int) []vg.Length {
	all := [][]vg.Length{nil, {6, 2}, {2, 2}, {8, 2, 2, 2}}
	return all[i%len(all)]
}

func alpha(c color.NRGBA, a uint8) color.NRGBA {
	c.A = a
	return c
}

// handler draws text with the compiled-in fonts, whatever plot.DefaultTextHandler is set to.
var handler = sync.OnceValue(func() text.Plain { return text.Plain{Fonts: font.NewCache(liberation.Collection())} })

// Font sizes in points: 4/3 of it in pixels.
const (
	titleSize = 10.5
	labelSize = 9
	tickSize  = 8.25
)

func style(size float64, weight xfont.Weight, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}, vg.Length(size)),
		Handler: handler(),
	}
}

func plain(size float64, c color.Color) text.Style { return style(size, xfont.WeightNormal, c) }
func bold(size float64, c color.Color) text.Style  { return style(size, xfont.WeightBold, c) }

// axes is an empty plot in this package's look.
func axes(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = handler()
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle = draw.LineStyle{Color: muted, Width: 0.75}
		a.Padding = 0
		a.Label.TextStyle.Font, a.Label.TextStyle.Handler, a.Label.TextStyle.Color = plain(labelSize, ink).Font, handler(), ink
		a.Label.Padding = 3
		a.Tick.Label.Font, a.Tick.Label.Handler, a.Tick.Label.Color = plain(tickSize, ink).Font, handler(), ink
		a.Tick.LineStyle = draw.LineStyle{Color: muted, Width: 0.75}
		a.Tick.Length = 4
		a.Tick.Marker = ticks(6)
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Add(grid{})
	return p
}

// limits sets the range of both axes.
func limits(p *plot.Plot, xmin, xmax, ymin, ymax float64) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = xmin, xmax, ymin, ymax
}

// grid draws faint lines at the labelled ticks.
type grid struct{}

func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	line := draw.LineStyle{Color: rule, Width: 0.5}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if x := c.X(p.X.Norm(t.Value)); !t.IsMinor() && c.ContainsX(x) {
			c.StrokeLine2(line, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if y := c.Y(p.Y.Norm(t.Value)); !t.IsMinor() && c.ContainsY(y) {
			c.StrokeLine2(line, c.Min.X, y, c.Max.X, y)
		}
	}
}
