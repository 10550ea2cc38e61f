package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Historian is a training run's record: named columns of equal length. The first column counts (named "step" or "epoch",
// say); each further one is drawn over it. A name "panel.series" joins several columns in one panel, as "logp.1", "logp.2";
// the panels loss, lr, grad_norm and logp get their proper titles. NaN stands for "not measured".
type Historian interface {
	History() (names []string, columns [][]float64)
}

// Log is a record of one's own as a Historian.
type Log struct {
	Names   []string
	Columns [][]float64
}

// History returns both.
func (l Log) History() (names []string, columns [][]float64) { return l.Names, l.Columns }

// A panel is a part of a figure with its own axes.
type panel struct {
	name   string
	curves []*curve
}

// Training draws a run's curves: loss, learning rate, gradient norm, log-likelihood per scale, and whatever else its
// record holds. It can be drawn again and again while the run goes on. With adds other runs to compare. The log density of
// the latents is only one of the two terms of a likelihood: it may fall while the loss falls, since the log-determinant
// grows.
func Training(h Historian, opts ...Option) *Figure {
	o := gather(opts)
	var panels []*panel
	x := ""
	for i, r := range o.results(h) {
		run, ok := r.result.(Historian)
		if !ok {
			return failed("Training curves", fmt.Errorf("%sa %T has no history", r.prefix(), r.result))
		}
		names, columns := run.History()
		if err := checkLog(names, columns); err != nil {
			return failed("Training curves", fmt.Errorf("%s%w", r.prefix(), err))
		}
		x = names[0]
		panels = addRun(panels, r.name, i, names, columns)
	}
	rows, cols := arrange(len(panels))
	return &Figure{
		alt: "Training curves: " + panelNames(panels), width: 380 * cols, height: 240*rows + 40,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Training"), nil)
			paintPanels(c, panels, x, rows, cols)
		},
		data: func() table { return panelTable(x, panels) },
	}
}

func checkLog(names []string, columns [][]float64) error {
	if len(names) != len(columns) {
		return fmt.Errorf("%d names, %d columns: %w", len(names), len(columns), errLengths)
	}
	if len(names) < 2 || len(columns[0]) == 0 {
		return errors.New("nothing has been recorded yet")
	}
	for i, c := range columns {
		if len(c) != len(columns[0]) {
			return fmt.Errorf("column %s has %d values, %s has %d: %w", names[i], len(c), names[0], len(columns[0]), errLengths)
		}
	}
	return nil
}

// addRun adds a run's columns to the panels. The first run's series have a colour each; further runs' series keep the
// colour where a panel has several, and tell the runs apart by dashes, or take the run's colour where it has one.
func addRun(panels []*panel, run string, nth int, names []string, columns [][]float64) []*panel {
	for i := 1; i < len(names); i++ {
		name, part, several := strings.Cut(names[i], ".")
		at := panelNamed(&panels, name)
		k := &curve{name: run, x: columns[0], y: columns[i], width: 1.5, markThreshold: nan, figure: nan, color: series(nth), dash: dashes(nth)}
		if several {
			k.name = strings.TrimSpace(run + " " + part)
			k.color = series(seriesBefore(at, run))
		}
		at.curves = append(at.curves, k)
	}
	return panels
}

func panelNamed(panels *[]*panel, name string) *panel {
	for _, p := range *panels {
		if p.name == name {
			return p
		}
	}
	*panels = append(*panels, &panel{name: name})
	return (*panels)[len(*panels)-1]
}

// seriesBefore counts the panel's curves of a run.
func seriesBefore(p *panel, run string) (n int) {
	for _, k := range p.curves {
		if strings.HasPrefix(k.name, run) {
			n++
		}
	}
	return n
}

// arrange places n panels in rows and columns.
func arrange(n int) (rows, cols int) {
	cols = min(n, 2)
	if n > 6 {
		cols = 3
	}
	return (n + cols - 1) / cols, cols
}

// paintPanels draws the panels row by row, the axes of a column one under the other.
func paintPanels(c draw.Canvas, panels []*panel, x string, rows, cols int) {
	charts, cells := make([]*plot.Plot, len(panels)), make([]draw.Canvas, len(panels))
	indent := make([]vg.Length, cols)
	for i, p := range panels {
		cells[i] = p.heading(tile(c, rows, cols, i/cols, i%cols, 14*pixel))
		charts[i] = p.chart(x)
		indent[i%cols] = max(indent[i%cols], leftOf(charts[i], cells[i]))
	}
	for i, p := range charts {
		p.Draw(draw.Crop(cells[i], indent[i%cols]-leftOf(p, cells[i]), 0, 0, 0))
	}
}

// leftOf is the width of a plot's labels.
func leftOf(p *plot.Plot, c draw.Canvas) vg.Length { return p.DataCanvas(c).Min.X - c.Min.X }

// panelTitles are the proper names of what a training records.
var panelTitles = map[string]string{
	"loss": "loss (nats per image)", "held_out_loss": "held-out loss (nats per image)", "det_auroc": "det AUROC", "loc_auroc": "loc AUROC",
	"aupro": "AUPRO", "lr": "learning rate", "grad_norm": "gradient norm",
	"logp": "log density of the latents alone (nats per channel)",
}

func (p *panel) title() string {
	if t, ok := panelTitles[p.name]; ok {
		return t
	}
	return strings.ReplaceAll(p.name, "_", " ")
}

// heading writes the panel's title and, if it holds several series, what they are.
func (p *panel) heading(c draw.Canvas) draw.Canvas {
	c = writeLine(c, bold(labelSize, ink), p.title())
	var legend []entry
	for _, k := range p.curves {
		if k.name != "" && len(p.curves) > 1 {
			legend = append(legend, entry{name: k.name, color: k.color, dash: k.dash})
		}
	}
	return heading(c, "", legend)
}

func (p *panel) chart(x string) *plot.Plot {
	chart := axes(x, "")
	chart.X.Tick.Marker, chart.Y.Tick.Marker = wholeTicks(5), ticks(4)
	xmin, xmax, ymin, ymax := p.extent()
	if p.logarithmic(ymin, ymax) {
		chart.Y.Scale, chart.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		limits(chart, xmin, xmax, ymin/1.1, ymax*1.1)
	} else {
		pad := 0.04 * (ymax - ymin)
		limits(chart, xmin, xmax, ymin-pad, ymax+pad)
	}
	for _, k := range p.curves {
		chart.Add(gaps{k})
	}
	return chart
}

// extent is the range of the finite values, never empty.
func (p *panel) extent() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, k := range p.curves {
		for i := range k.x {
			if finite(k.x[i], k.y[i]) {
				xmin, xmax = min(xmin, k.x[i]), max(xmax, k.x[i])
				ymin, ymax = min(ymin, k.y[i]), max(ymax, k.y[i])
			}
		}
	}
	if xmin > xmax {
		return 0, 1, 0, 1
	}
	if xmin == xmax {
		xmin, xmax = xmin-0.5, xmax+0.5
	}
	ymin, ymax = p.afterDescent(xmin+0.2*(xmax-xmin), ymin, ymax)
	if ymin == ymax {
		pad := math.Max(math.Abs(ymin)/10, 1e-12)
		ymin, ymax = ymin-pad, ymax+pad
	}
	return xmin, xmax, ymin, ymax
}

// afterDescent narrows the range of a likelihood's panel to what comes after x = start when the first steps would flatten
// all the rest: a flow's loss falls by orders of magnitude at first. The curve then enters from the edge.
func (p *panel) afterDescent(start, ymin, ymax float64) (low, high float64) {
	if p.name != "loss" && p.name != "logp" {
		return ymin, ymax
	}
	low, high = math.Inf(1), math.Inf(-1)
	for _, k := range p.curves {
		for i := range k.x {
			if k.x[i] >= start && finite(k.y[i]) {
				low, high = min(low, k.y[i]), max(high, k.y[i])
			}
		}
	}
	if span := high - low; !(span > 0) || ymax-ymin < 5*span {
		return ymin, ymax
	}
	return max(ymin, low-(high-low)/2), min(ymax, high+(high-low)/2)
}

func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// logarithmic tells whether the panel's values are positive and span more than a decade. Losses stay linear.
func (p *panel) logarithmic(low, high float64) bool {
	return (p.name == "lr" || p.name == "grad_norm") && low > 0 && high > 10*low
}

// gaps draws a curve that is interrupted where a value is missing; a value alone is a dot.
type gaps struct{ *curve }

func (g gaps) Plot(c draw.Canvas, p *plot.Plot) {
	for i := 0; i < len(g.x); i++ {
		j := i
		for j < len(g.x) && finite(g.x[j], g.y[j]) {
			j++
		}
		part := *g.curve
		part.x, part.y, part.thresholds = g.x[i:j], g.y[i:j], nil
		if j-i == 1 {
			at := vg.Point{X: c.X(p.X.Norm(g.x[i])), Y: c.Y(p.Y.Norm(g.y[i]))}
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.Color(g.color), Radius: 2.5, Shape: draw.CircleGlyph{}}, at)
		} else if j > i {
			part.Plot(c, p)
		}
		i = j
	}
}

func panelNames(panels []*panel) string {
	names := make([]string, len(panels))
	for i, p := range panels {
		names[i] = p.title()
	}
	return strings.Join(names, ", ")
}

// panelTable lists all values, one a line.
func panelTable(x string, panels []*panel) table {
	t := table{{"panel", "series", x, "value"}}
	for _, p := range panels {
		for _, k := range p.curves {
			for i := range k.x {
				t = append(t, []string{p.name, k.name, cell(k.x[i]), cell(k.y[i])})
			}
		}
	}
	return t
}
