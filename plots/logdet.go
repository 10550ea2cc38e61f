package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// LogDet draws the log-determinant of each block of a flow, in nats per image: a bar for the mean over the images and a
// whisker from the smallest to the largest. logdet[i] holds block i's value for each image. Blocks named "scale.block",
// such as "scale 1.3", have their scale's colour.
func LogDet(blocks []string, logdet [][]float64, opts ...Option) *Figure {
	o := gather(opts)
	if len(blocks) == 0 || len(blocks) != len(logdet) {
		return failed("Log-determinants", fmt.Errorf("%d blocks, %d lists of values: %w", len(blocks), len(logdet), errLengths))
	}
	all := make([]whisker, len(blocks))
	for i, values := range logdet {
		if len(values) == 0 || !finite(values...) {
			return failed("Log-determinants", fmt.Errorf("block %s: %w", blocks[i], errors.New("values are missing or not finite")))
		}
		all[i] = newWhisker(blocks[i], values)
	}
	legend := colorGroups(all)
	return &Figure{
		alt: fmt.Sprintf("Log-determinants of %d blocks, sum of the means %s nats", len(all), short(sumOfMeans(all), 4)), width: 720, height: 340,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Log-determinant per block"), legend)
			p := axes("block", "log-determinant (nats per image)")
			p.X.Tick.Marker = blockTicks(all)
			limits(p, -0.6, float64(len(all))-0.4, 0, 0)
			for i, w := range all {
				w.at = float64(i)
				p.Y.Min, p.Y.Max = min(p.Y.Min, w.low), max(p.Y.Max, w.high)
				p.Add(w)
			}
			pad := 0.05 * (p.Y.Max - p.Y.Min)
			p.Y.Min, p.Y.Max = p.Y.Min-pad, p.Y.Max+pad
			p.Add(stroke{p.X.Min, 0, p.X.Max, 0, muted, nil})
			p.Draw(c)
		},
		data: func() table { return whiskerTable(all) },
	}
}

// A whisker is a bar with a range.
type whisker struct {
	group, label    string
	at              float64
	mean, low, high float64
	color           color.NRGBA
}

func newWhisker(name string, values []float64) whisker {
	group, label, several := strings.Cut(name, ".")
	if !several {
		label = name
	}
	w := whisker{group: group, label: label, low: slices.Min(values), high: slices.Max(values)}
	for _, v := range values {
		w.mean += v / float64(len(values))
	}
	return w
}

// colorGroups colours the bars by group and explains the colours.
func colorGroups(all []whisker) (legend []entry) {
	groups := map[string]int{}
	for i := range all {
		w := &all[i]
		if _, seen := groups[w.group]; !seen {
			groups[w.group] = len(groups)
			legend = append(legend, entry{name: w.group, color: series(groups[w.group]), mark: boxMark})
		}
		w.color = series(groups[w.group])
	}
	return legend
}

func sumOfMeans(all []whisker) (sum float64) {
	for _, w := range all {
		sum += w.mean
	}
	return sum
}

func (w whisker) Plot(c draw.Canvas, p *plot.Plot) {
	x := func(v float64) vg.Length { return c.X(p.X.Norm(v)) }
	y := func(v float64) vg.Length { return c.Y(p.Y.Norm(v)) }
	fillRect(c, alpha(w.color, 0xB0), x(w.at-0.36), y(0), x(w.at+0.36), y(w.mean))
	if w.low < w.high {
		line := draw.LineStyle{Color: ink, Width: 1}
		c.StrokeLine2(line, x(w.at), y(w.low), x(w.at), y(w.high))
		c.StrokeLine2(line, x(w.at-0.1), y(w.low), x(w.at+0.1), y(w.low))
		c.StrokeLine2(line, x(w.at-0.1), y(w.high), x(w.at+0.1), y(w.high))
	}
}

// blockTicks names the bars.
type blockTicks []whisker

// Ticks implements plot.Ticker.
func (b blockTicks) Ticks(_, _ float64) (out []plot.Tick) {
	for i, w := range b {
		out = append(out, plot.Tick{Value: float64(i), Label: w.label})
	}
	return out
}

func whiskerTable(all []whisker) table {
	t := table{{"group", "block", "mean", "low", "high"}}
	for _, w := range all {
		t = append(t, []string{w.group, w.label, cell(w.mean), cell(w.low), cell(w.high)})
	}
	return t
}

// meanOf averages what is not NaN.
func meanOf(values []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}
