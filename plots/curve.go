package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A curve is a line of a figure: points, and for each the threshold that reaches it, if there are any.
type curve struct {
	name          string
	x, y          []float64
	thresholds    []float64
	color         color.NRGBA
	dash          []vg.Length
	width         vg.Length
	figure        float64 // what the legend says of it: an area, an average
	markX, markY  float64 // the point of the chosen threshold
	markThreshold float64 // NaN: none
}

var (
	errNoPoints = errors.New("it has no points")
	errLengths  = errors.New("its coordinates differ in number")
	errNaN      = errors.New("a coordinate is not a number")
)

// check returns why a curve cannot be drawn.
func (k *curve) check() error {
	if len(k.x) != len(k.y) || k.thresholds != nil && len(k.thresholds) != len(k.x) {
		return fmt.Errorf("%d, %d and %d values: %w", len(k.x), len(k.y), len(k.thresholds), errLengths)
	}
	if len(k.x) == 0 {
		return errNoPoints
	}
	for i := range k.x {
		if math.IsNaN(k.x[i]+k.y[i]) || math.IsInf(k.x[i]+k.y[i], 0) {
			return fmt.Errorf("point %d is (%v, %v): %w", i, k.x[i], k.y[i], errNaN)
		}
	}
	return nil
}

// prefix names the result in an error, if it has a name.
func (r overlay) prefix() string {
	if r.name == "" {
		return ""
	}
	return r.name + ": "
}

// results lists the figure's own result and those to compare with, named for the legend.
func (o options) results(own any) []overlay {
	return append([]overlay{{o.name, own}}, o.others...)
}

// curvesOf reads a curve from every result and measures it. read returns false when a result has no such curve.
func curvesOf(o options, own any, read func(r any, k *curve) (bool, error), measure func(k *curve) float64) ([]*curve, error) {
	var curves []*curve
	for i, r := range o.results(own) {
		k := &curve{name: r.name, color: series(i), dash: dashes(i / 7), width: 1.75, markThreshold: math.NaN()}
		ok, err := read(r.result, k)
		if !ok {
			return nil, fmt.Errorf("%sa %T has no such curve", r.prefix(), r.result)
		}
		if err == nil {
			err = k.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s%w", r.prefix(), err)
		}
		k.figure = measure(k)
		k.thin(1e-4)
		if i == 0 {
			k.mark(o.thresholdOf(own))
		}
		curves = append(curves, k)
	}
	return curves, nil
}

// Thresholder is a result that knows the threshold in use; figures mark it unless At says another.
type Thresholder interface{ Threshold() float64 }

// thresholdOf is the threshold to mark, NaN for none.
func (o options) thresholdOf(r any) float64 {
	if o.threshold != nil {
		return *o.threshold
	}
	if t, ok := r.(Thresholder); ok {
		return t.Threshold()
	}
	return math.NaN()
}

// mark finds the point that a threshold reaches: the last one whose own threshold is not smaller.
func (k *curve) mark(threshold float64) {
	if math.IsNaN(threshold) {
		return
	}
	for i, t := range k.thresholds {
		if t >= threshold {
			k.markX, k.markY, k.markThreshold = k.x[i], k.y[i], threshold
		}
	}
}

// thin leaves out points within tolerance of the last one kept, in either direction. The end of a run of such points
// stays, so steps keep their corners. A curve of millions of pixels comes down to thousands of points.
func (k *curve) thin(tolerance float64) {
	keep := keepers(k.x, k.y, tolerance)
	k.x, k.y = pick(k.x, keep), pick(k.y, keep)
	if k.thresholds != nil {
		k.thresholds = pick(k.thresholds, keep)
	}
}

func keepers(x, y []float64, tolerance float64) (keep []int) {
	far := func(i, j int) bool { return math.Abs(x[i]-x[j]) > tolerance || math.Abs(y[i]-y[j]) > tolerance }
	for i := range x {
		switch {
		case i == 0 || i == len(x)-1:
		case !far(i, keep[len(keep)-1]):
			continue
		}
		if i > 0 && keep[len(keep)-1] != i-1 && far(i, i-1) {
			keep = append(keep, i-1)
		}
		keep = append(keep, i)
	}
	return keep
}

func pick(v []float64, keep []int) []float64 {
	out := make([]float64, len(keep))
	for i, j := range keep {
		out[i] = v[j]
	}
	return out
}

// trapezoid is the area under the curve.
func (k *curve) trapezoid() (area float64) {
	for i := 1; i < len(k.x); i++ {
		area += (k.x[i] - k.x[i-1]) * (k.y[i] + k.y[i-1]) / 2
	}
	return area
}

// Plot draws the line, and the mark.
func (k *curve) Plot(c draw.Canvas, p *plot.Plot) {
	keep := keepers(k.x, k.y, 0)
	if span := p.X.Max - p.X.Min; len(k.x) > 2000 && span > 0 {
		keep = keepers(k.x, k.y, min(span, p.Y.Max-p.Y.Min)/2000)
	}
	points := make([]vg.Point, len(keep))
	for i, j := range keep {
		points[i] = vg.Point{X: c.X(p.X.Norm(k.x[j])), Y: c.Y(p.Y.Norm(k.y[j]))}
	}
	c.StrokeLines(draw.LineStyle{Color: k.color, Width: k.width, Dashes: k.dash}, c.ClipLinesXY(points)...)
	if !math.IsNaN(k.markThreshold) {
		at := vg.Point{X: c.X(p.X.Norm(k.markX)), Y: c.Y(p.Y.Norm(k.markY))}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: 5, Shape: draw.CircleGlyph{}}, at)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: k.color, Radius: 3.75, Shape: draw.CircleGlyph{}}, at)
	}
}

// entry explains the curve: its name and figure, such as "no fusion: AUROC 0.953".
func (k *curve) entry(figure string) entry {
	text := figure
	if !math.IsNaN(k.figure) {
		text += " " + rate(k.figure)
	}
	if k.name != "" {
		text = k.name + ": " + text
	}
	return entry{name: text, color: k.color, dash: k.dash}
}

// rate writes a rate so that 1 means exactly 1.
func rate(v float64) string {
	s := fmt.Sprintf("%.3f", v)
	if s == "1.000" && v < 1 {
		return fmt.Sprintf("%.4g", min(v, 0.9999))
	}
	return s
}

// curveTable lists the points of all curves.
func curveTable(x, y string, curves []*curve) table {
	t := table{{"curve", x, y, "threshold"}}
	for _, k := range curves {
		for i := range k.x {
			threshold := ""
			if k.thresholds != nil {
				threshold = cell(k.thresholds[i])
			}
			t = append(t, []string{k.name, cell(k.x[i]), cell(k.y[i]), threshold})
		}
	}
	return t
}

// area shades what lies between the curve and the x axis.
type area struct {
	x, y  []float64
	color color.NRGBA
}

func (a area) Plot(c draw.Canvas, p *plot.Plot) {
	points := []vg.Point{{X: c.X(p.X.Norm(a.x[0])), Y: c.Y(p.Y.Norm(p.Y.Min))}}
	for i := range a.x {
		points = append(points, vg.Point{X: c.X(p.X.Norm(a.x[i])), Y: c.Y(p.Y.Norm(a.y[i]))})
	}
	points = append(points, vg.Point{X: points[len(points)-1].X, Y: points[0].Y})
	c.FillPolygon(a.color, c.ClipPolygonXY(points))
}

// stroke is a straight line between two points of the data, for references and limits.
type stroke struct {
	x0, y0, x1, y1 float64
	color          color.NRGBA
	dash           []vg.Length
}

func (s stroke) Plot(c draw.Canvas, p *plot.Plot) {
	line := []vg.Point{{X: c.X(p.X.Norm(s.x0)), Y: c.Y(p.Y.Norm(s.y0))}, {X: c.X(p.X.Norm(s.x1)), Y: c.Y(p.Y.Norm(s.y1))}}
	c.StrokeLines(draw.LineStyle{Color: s.color, Width: 1, Dashes: s.dash}, c.ClipLinesXY(line)...)
}

// legendOf explains the curves, and the mark in words such as "TPR %s at FPR %s", filled in with y and x.
func legendOf(figure, marked string, curves []*curve) (legend []entry) {
	for _, k := range curves {
		legend = append(legend, k.entry(figure))
		if !math.IsNaN(k.markThreshold) {
			text := "threshold " + short(k.markThreshold, 4) + ": " + fmt.Sprintf(marked, rate(k.markY), rate(k.markX))
			legend = append(legend, entry{name: text, color: k.color, mark: dotMark})
		}
	}
	return legend
}

// describe is the alternative text of curves with one figure each.
func describe(what, figure string, curves []*curve) string {
	for i, k := range curves {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		what += sep + k.entry(figure).name
	}
	return what
}

// addCurves adds the curves so that the first lies on top.
func addCurves(p *plot.Plot, curves []*curve) {
	for i := len(curves) - 1; i >= 0; i-- {
		p.Add(curves[i])
	}
}
