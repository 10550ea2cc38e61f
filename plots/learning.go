package plots

import (
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Learner is how figures of several detectors grow while they learn. Curve i is of figures[i] of detectors[i]: the epochs
// and, at each, the mean, the lowest and the highest of its trainings.
type Learner interface {
	Learning() (detectors, figures []string, curves [][4][]float64)
}

// Learning draws a panel for each figure: a curve for each detector, in a band from its lowest to its highest training.
func Learning(l Learner, opts ...Option) *Figure {
	o := gather(opts)
	detectors, figures, curves := l.Learning()
	if err := checkLearning(detectors, figures, curves); err != nil {
		return failed("Learning curves", err)
	}
	var names []string // of detectors, each with one colour in all panels
	var panels []*panel
	bands := map[*curve][2][]float64{}
	for i, d := range detectors {
		if !slices.Contains(names, d) {
			names = append(names, d)
		}
		n := slices.Index(names, d)
		at := slices.IndexFunc(panels, func(p *panel) bool { return p.name == figures[i] })
		if at < 0 {
			at, panels = len(panels), append(panels, &panel{name: figures[i]})
		}
		k := &curve{name: d, color: series(n), dash: dashes(n / 8), width: 1.75, figure: nan, markThreshold: nan, x: curves[i][0], y: curves[i][1]}
		panels[at].curves = append(panels[at].curves, k)
		bands[k] = [2][]float64{curves[i][2], curves[i][3]}
	}
	rows, cols := arrange(len(panels))
	return &Figure{
		alt:   fmt.Sprintf("Learning curves of %d detectors: %s", len(names), panelNames(panels)),
		width: max(420, 360*cols), height: 60 + 230*rows,
		paint: func(c draw.Canvas) {
			paintLearning(heading(page(c), o.titled("Learning curves"), learners(names)), panels, bands, rows, cols)
		},
		data: func() table { return learningTable(detectors, figures, curves) },
	}
}

func checkLearning(detectors, figures []string, curves [][4][]float64) error {
	if len(curves) == 0 {
		return errors.New("nothing was recorded by epochs")
	}
	if len(detectors) != len(curves) || len(figures) != len(curves) {
		return fmt.Errorf("%d curves of %d detectors and %d figures: %w", len(curves), len(detectors), len(figures), errLengths)
	}
	for i, k := range curves {
		for _, column := range k {
			if len(column) != len(k[0]) || len(column) == 0 {
				return fmt.Errorf("%s of %s: %d epochs, %d means, %d lows, %d highs: %w", figures[i], detectors[i], len(k[0]), len(k[1]), len(k[2]), len(k[3]), errLengths)
			}
		}
	}
	return nil
}

// learners is the legend of all panels.
func learners(names []string) (legend []entry) {
	for n, name := range names {
		legend = append(legend, entry{name: name, color: series(n), dash: dashes(n / 8)})
	}
	return legend
}

func paintLearning(c draw.Canvas, panels []*panel, bands map[*curve][2][]float64, rows, cols int) {
	for i, p := range panels {
		at := writeLine(tile(c, rows, cols, i/cols, i%cols, 14*pixel), bold(labelSize, ink), p.title())
		chart := p.chart("epoch")
		for _, k := range p.curves {
			b := band{k, bands[k]}
			if p.name != "loss" { // whose first steps are out of range anyway
				b.widen(chart)
			}
			chart.Add(b)
		}
		chart.Draw(at)
	}
}

// band shades what lies between a curve's lowest and highest values.
type band struct {
	*curve
	ends [2][]float64
}

func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	var points []vg.Point
	add := func(i, end int) {
		if v := b.ends[end][i]; finite(v) {
			points = append(points, vg.Point{X: c.X(p.X.Norm(b.x[i])), Y: c.Y(p.Y.Norm(v))})
		}
	}
	for i := range b.x {
		add(i, 0)
	}
	for i := len(b.x) - 1; i >= 0; i-- {
		add(i, 1)
	}
	if len(points) > 2 {
		c.FillPolygon(alpha(b.color, 48), c.ClipPolygonXY(points))
	}
}

// widen makes room for the band on the vertical axis.
func (b band) widen(p *plot.Plot) {
	for _, end := range b.ends {
		for _, v := range end {
			if finite(v) {
				p.Y.Min, p.Y.Max = min(p.Y.Min, v), max(p.Y.Max, v)
			}
		}
	}
}

func learningTable(detectors, figures []string, curves [][4][]float64) table {
	t := table{{"figure", "detector", "epoch", "mean", "low", "high"}}
	for i, k := range curves {
		for j := range k[0] {
			t = append(t, []string{figures[i], detectors[i], cell(k[0][j]), cell(k[1][j]), cell(k[2][j]), cell(k[3][j])})
		}
	}
	return t
}
