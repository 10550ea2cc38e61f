package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Summarizer is a result's figures as fractions, with confidence intervals where they are known: low and high are empty,
// or as long as values with NaN where there is no interval.
type Summarizer interface {
	Summary() (figures []string, values, low, high []float64)
}

// Summed is a summary of one's own as a Summarizer.
type Summed struct {
	Figures           []string
	Values, Low, High []float64
}

// Summary returns its parts.
func (s Summed) Summary() (figures []string, values, low, high []float64) {
	return s.Figures, s.Values, s.Low, s.High
}

// Compare draws the figures of several runs side by side: a dot per run and figure, with its confidence interval. The
// first result is named by Name, the others come by With. The axis covers the values and need not start at 0; that is
// why there are no bars.
func Compare(first Summarizer, opts ...Option) *Figure {
	o := gather(opts)
	runs, figures, err := summaries(o, first)
	if err != nil {
		return failed("Comparison", err)
	}
	low, high := extentOf(runs)
	row := 12*vg.Length(len(runs))*pixel + 14*pixel
	return &Figure{
		alt: compareWords(runs, figures), width: 680, height: int(float64(row/pixel)*float64(len(figures))) + 96,
		paint: func(c draw.Canvas) {
			var legend []entry
			for _, r := range runs {
				legend = append(legend, entry{name: r.name, color: r.color, mark: dotMark})
			}
			c = heading(page(c), o.titled("Comparison of runs"), legend)
			p := axes("%", "")
			p.Y.Tick.Marker = rowNames(figures)
			p.Y.Tick.Length = 0
			limits(p, 100*low, 100*high, -float64(len(figures))+0.5, 0.5)
			for _, r := range runs {
				p.Add(r)
			}
			p.Draw(c)
		},
		data: func() table { return compareTable(runs, figures) },
	}
}

// A summary is one run's values in the order of the figure's rows.
type summary struct {
	name              string
	color             color.NRGBA
	values, low, high []float64
	offset            float64
}

// summaries reads all runs and lists the figures of any.
func summaries(o options, first Summarizer) (runs []summary, figures []string, err error) {
	type raw struct {
		figures           []string
		values, low, high []float64
	}
	var raws []raw
	for _, r := range o.results(first) {
		s, ok := r.result.(Summarizer)
		if !ok {
			return nil, nil, fmt.Errorf("%sa %T has no summary", r.prefix(), r.result)
		}
		var w raw
		w.figures, w.values, w.low, w.high = s.Summary()
		if len(w.values) != len(w.figures) || len(w.low) != len(w.high) || len(w.low) != 0 && len(w.low) != len(w.values) {
			return nil, nil, fmt.Errorf("%s%d figures, %d values, intervals %d and %d: %w", r.prefix(), len(w.figures), len(w.values), len(w.low), len(w.high), errLengths)
		}
		for _, f := range w.figures {
			if !slices.Contains(figures, f) {
				figures = append(figures, f)
			}
		}
		raws = append(raws, w)
	}
	if len(figures) == 0 {
		return nil, nil, errors.New("there are no figures")
	}
	for i, w := range raws {
		s := summary{name: o.results(first)[i].name, color: series(i)}
		s.offset = 0.7 * (0.5 - (float64(i)+0.5)/float64(len(raws)))
		for _, f := range figures {
			v, l, h := nan, nan, nan
			if j := slices.Index(w.figures, f); j >= 0 {
				v = w.values[j]
				if len(w.low) > 0 {
					l, h = w.low[j], w.high[j]
				}
			}
			s.values, s.low, s.high = append(s.values, v), append(s.low, l), append(s.high, h)
		}
		runs = append(runs, s)
	}
	return runs, figures, nil
}

// extentOf is the range of all values and intervals with some room.
func extentOf(runs []summary) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, r := range runs {
		for _, list := range [][]float64{r.values, r.low, r.high} {
			for _, v := range list {
				if finite(v) {
					low, high = min(low, v), max(high, v)
				}
			}
		}
	}
	if low > high {
		return 0, 1
	}
	pad := max(0.04*(high-low), 0.002)
	return low - pad, high + pad
}

func (r summary) Plot(c draw.Canvas, p *plot.Plot) {
	for i, v := range r.values {
		y := c.Y(p.Y.Norm(-float64(i) + r.offset))
		if finite(r.low[i], r.high[i]) {
			c.StrokeLine2(draw.LineStyle{Color: alpha(r.color, 0x90), Width: 2}, c.X(p.X.Norm(100*r.low[i])), y, c.X(p.X.Norm(100*r.high[i])), y)
		}
		if finite(v) {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: r.color, Radius: 3.5, Shape: draw.CircleGlyph{}}, vg.Point{X: c.X(p.X.Norm(100 * v)), Y: y})
		}
	}
}

// rowNames labels rows from the top: row i lies at −i.
type rowNames []string

// Ticks implements plot.Ticker.
func (r rowNames) Ticks(_, _ float64) (out []plot.Tick) {
	for i, name := range r {
		out = append(out, plot.Tick{Value: -float64(i), Label: name})
	}
	return out
}

func compareWords(runs []summary, figures []string) string {
	text := "Comparison of runs"
	for i, r := range runs {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		text += sep + r.name
		for j, f := range figures {
			if finite(r.values[j]) {
				text += fmt.Sprintf(" %s %.1f %%", f, 100*r.values[j])
			}
		}
	}
	return text
}

func compareTable(runs []summary, figures []string) table {
	t := table{{"run", "figure", "value", "low", "high"}}
	for _, r := range runs {
		for i, f := range figures {
			t = append(t, []string{r.name, f, cell(r.values[i]), cell(r.low[i]), cell(r.high[i])})
		}
	}
	return t
}
