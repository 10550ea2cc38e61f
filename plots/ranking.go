package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Ranker is one figure of several detectors, best first, as fractions with intervals; NaN where there is no interval.
type Ranker interface {
	Ranked() (names []string, values, low, high []float64)
}

// Ranking draws a row for each detector, best on top: a dot with its interval. The axis covers the values and need not
// start at 0. Name names the figure.
func Ranking(r Ranker, opts ...Option) *Figure {
	o := gather(opts)
	names, values, low, high := r.Ranked()
	if err := checkRanking(names, values, low, high); err != nil {
		return failed("Ranking", err)
	}
	title := "Ranking"
	if o.name != "" {
		title += " by " + o.name
	}
	alt := title
	for i, n := range names {
		alt += fmt.Sprintf("%s %s %.1f %%", map[bool]string{true: ":", false: ","}[i == 0], n, 100*values[i])
	}
	return &Figure{
		alt: alt, width: 640, height: 26*len(names) + 92,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled(title), nil)
			p := axes("%", "")
			p.Y.Tick.Marker, p.Y.Tick.Length = rowNames(names), 0
			from, to := rankingExtent(values, low, high)
			limits(p, from, to, -float64(len(names))+0.5, 0.5)
			p.Add(ranked{values, low, high})
			p.Draw(c)
		},
		data: func() table {
			t := table{{"detector", "value", "low", "high"}}
			for i, n := range names {
				t = append(t, []string{n, cell(values[i]), cell(low[i]), cell(high[i])})
			}
			return t
		},
	}
}

func checkRanking(names []string, values, low, high []float64) error {
	if len(names) == 0 {
		return errors.New("there are no detectors to rank")
	}
	if len(values) != len(names) || len(low) != len(names) || len(high) != len(names) {
		return fmt.Errorf("%d names, %d values, %d and %d ends of intervals: %w", len(names), len(values), len(low), len(high), errLengths)
	}
	for i, v := range values {
		if !finite(v) {
			return fmt.Errorf("%s has the value %v, which is no number", names[i], v)
		}
	}
	return nil
}

// rankingExtent is the range of values and intervals in percent, with room beside it.
func rankingExtent(values, low, high []float64) (from, to float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, all := range [][]float64{values, low, high} {
		for _, v := range all {
			if finite(v) {
				from, to = min(from, 100*v), max(to, 100*v)
			}
		}
	}
	room := max(0.05*(to-from), 0.1)
	return from - room, to + room
}

// ranked draws the rows, the first at height 0 and the others below.
type ranked struct{ values, low, high []float64 }

func (r ranked) Plot(c draw.Canvas, p *plot.Plot) {
	s := plain(tickSize, ink)
	s.YAlign = draw.YBottom
	for i, v := range r.values {
		y, x := c.Y(p.Y.Norm(-float64(i))), c.X(p.X.Norm(100*v))
		if finite(r.low[i], r.high[i]) {
			c.StrokeLine2(draw.LineStyle{Color: blue, Width: 1.75}, c.X(p.X.Norm(100*r.low[i])), y, c.X(p.X.Norm(100*r.high[i])), y)
		}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: 3.5, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: y})
		text := fmt.Sprintf("%.1f", 100*v)
		half := s.Width(text) / 2
		x = min(max(x-half, c.Min.X), c.Max.X-2*half)
		c.FillText(s, vg.Point{X: x, Y: y + 4*pixel}, text)
	}
}
