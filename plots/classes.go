package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Tabler is results per class: values[i][j] is figure j of class i as a fraction, NaN where there is none.
type Tabler interface {
	Table() (classes, figures []string, values [][]float64)
}

// Results is a table of one's own as a Tabler.
type Results struct {
	Classes, Figures []string
	Values           [][]float64
}

// Table returns the three.
func (r Results) Table() (classes, figures []string, values [][]float64) {
	return r.Classes, r.Figures, r.Values
}

// Classes draws a bar per class and figure, in percent from 0, and the mean over the classes below. With adds published or
// other results as marks on the bars; they are matched by the names of class and figure, and their mean is marked only
// where it is one over the same classes.
func Classes(t Tabler, opts ...Option) *Figure {
	o := gather(opts)
	chart, err := newClassChart(t, o)
	if err != nil {
		return failed("Results per class", err)
	}
	return &Figure{
		alt: chart.describe(), width: 720, height: int(float64(chart.rowHeight()/pixel)*float64(len(chart.classes))) + 84,
		paint: func(c draw.Canvas) { chart.paint(heading(page(c), o.titled("Results per class"), chart.legend())) },
		data:  chart.table,
	}
}

// A classChart holds the figure's rows, the mean last.
type classChart struct {
	classes, figures []string
	values           [][]float64
	marks            []Results // further results, in the same rows and columns
	names            []string  // of marks
	first            string    // name of the bars' own result
}

func newClassChart(t Tabler, o options) (*classChart, error) {
	k := &classChart{first: o.name}
	k.classes, k.figures, k.values = t.Table()
	if err := checkTable(k.classes, k.figures, k.values); err != nil {
		return nil, err
	}
	for _, r := range o.others {
		other, ok := r.result.(Tabler)
		if !ok {
			return nil, fmt.Errorf("%sa %T has no table", r.prefix(), r.result)
		}
		classes, figures, values := other.Table()
		if err := checkTable(classes, figures, values); err != nil {
			return nil, fmt.Errorf("%s%w", r.prefix(), err)
		}
		k.names = append(k.names, r.name)
		k.marks = append(k.marks, k.comparable(withMean(Results{k.classes, k.figures, k.matched(classes, figures, values)})))
	}
	all := withMean(Results{k.classes, k.figures, k.values})
	k.classes, k.values = all.Classes, all.Values
	return k, nil
}

func checkTable(classes, figures []string, values [][]float64) error {
	if len(classes) == 0 || len(figures) == 0 {
		return errors.New("the table is empty")
	}
	if len(values) != len(classes) {
		return fmt.Errorf("%d classes, %d rows: %w", len(classes), len(values), errLengths)
	}
	for i, row := range values {
		if len(row) != len(figures) {
			return fmt.Errorf("class %s: %d values for %d figures: %w", classes[i], len(row), len(figures), errLengths)
		}
		for j, v := range row {
			if math.IsInf(v, 0) {
				return fmt.Errorf("class %s: %s is %v, and no fraction", classes[i], figures[j], v)
			}
		}
	}
	return nil
}

// matched puts another table's values into this one's rows and columns.
func (k *classChart) matched(classes, figures []string, values [][]float64) [][]float64 {
	out := make([][]float64, len(k.classes))
	for i, class := range k.classes {
		out[i] = slices.Repeat([]float64{math.NaN()}, len(k.figures))
		row := slices.Index(classes, class)
		for j, figure := range k.figures {
			if column := slices.Index(figures, figure); row >= 0 && column >= 0 {
				out[i][j] = values[row][column]
			}
		}
	}
	return out
}

// comparable removes another result's mean where it is not one over the same classes as this one's.
func (k *classChart) comparable(other Results) Results {
	if len(other.Values) == len(k.classes) {
		return other // a single class has no mean
	}
	for j := range k.figures {
		for i := range k.classes {
			if math.IsNaN(k.values[i][j]) != math.IsNaN(other.Values[i][j]) {
				other.Values[len(other.Values)-1][j] = nan
			}
		}
	}
	return other
}

// withMean adds the mean over the classes as a last row, if there are several.
func withMean(r Results) Results {
	if len(r.Classes) < 2 {
		return r
	}
	mean := make([]float64, len(r.Figures))
	for j := range mean {
		column := make([]float64, len(r.Classes))
		for i := range column {
			column[i] = r.Values[i][j]
		}
		mean[j] = meanOf(column)
	}
	return Results{append(slices.Clone(r.Classes), "mean"), r.Figures, append(slices.Clone(r.Values), mean)}
}

const classBar = 11 * pixel

func (k *classChart) rowHeight() vg.Length { return classBar*vg.Length(len(k.figures)) + 8*pixel }

func (k *classChart) legend() (legend []entry) {
	for j, f := range k.figures {
		if k.first != "" {
			f = k.first + " " + f
		}
		legend = append(legend, entry{name: f, color: series(j), mark: boxMark})
	}
	for i, n := range k.names {
		legend = append(legend, entry{name: n, color: markColor(i), mark: dotMark})
	}
	return legend
}

// markColor tells the further results apart; the bars have the other colours.
func markColor(i int) color.NRGBA { return []color.NRGBA{ink, yellow, purple}[i%3] }

func (k *classChart) paint(c draw.Canvas) {
	left := vg.Length(0)
	for _, class := range k.classes {
		left = max(left, bold(labelSize, ink).Width(class))
	}
	left = min(left, c.Size().X/3) + 8*pixel
	scale := k.axis(draw.Crop(c, left, -44*pixel, 20*pixel, 0))
	row := k.rowHeight() * min(1, (c.Size().Y-20*pixel)/(k.rowHeight()*vg.Length(len(k.classes))))
	for i, class := range k.classes {
		top := c.Max.Y - vg.Length(i)*row
		s := plain(labelSize, ink)
		if i > 0 && i == len(k.classes)-1 {
			s = bold(labelSize, ink)
			c.StrokeLine2(draw.LineStyle{Color: muted, Width: 0.75}, c.Min.X, top, c.Max.X-44*pixel, top)
		}
		s.XAlign, s.YAlign = draw.XRight, draw.YCenter
		c.FillText(s, vg.Point{X: c.Min.X + left - 6*pixel, Y: top - row/2}, fit(s, class, left-8*pixel))
		k.row(c, scale, i, top-row/2, row*(1-8*pixel/k.rowHeight())/vg.Length(len(k.figures)))
	}
}

// axis draws lines at every 20 % and returns where a fraction lies.
func (k *classChart) axis(c draw.Canvas) func(v float64) vg.Length {
	at := func(v float64) vg.Length { return c.Min.X + (c.Max.X-c.Min.X)*vg.Length(v) }
	s := plain(tickSize, ink)
	s.XAlign, s.YAlign = draw.XCenter, draw.YTop
	for v := 0; v <= 100; v += 20 {
		x := at(float64(v) / 100)
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.75}, x, c.Min.Y, x, c.Max.Y)
		c.FillText(s, vg.Point{X: x, Y: c.Min.Y - 4*pixel}, fmt.Sprintf("%d %%", v))
	}
	return at
}

// row draws the bars of class i around the height y.
func (k *classChart) row(c draw.Canvas, at func(v float64) vg.Length, i int, y, height vg.Length) {
	top := y + height*vg.Length(len(k.figures))/2
	for j, v := range k.values[i] {
		y0, y1 := top-vg.Length(j+1)*height+pixel/2, top-vg.Length(j)*height-pixel/2
		s := plain(tickSize*0.92, ink)
		s.YAlign = draw.YCenter
		text := "–"
		if !math.IsNaN(v) {
			fillRect(c, series(j), at(0), y0, at(v), y1)
			text = fmt.Sprintf("%.1f", 100*v)
		}
		c.FillText(s, vg.Point{X: at(1) + 10*pixel, Y: (y0 + y1) / 2}, text)
		for m, other := range k.marks {
			if p := other.Values[i][j]; !math.IsNaN(p) {
				mid := vg.Point{X: at(p), Y: (y0 + y1) / 2}
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: 4, Shape: draw.CircleGlyph{}}, mid)
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: markColor(m), Radius: 3, Shape: draw.CircleGlyph{}}, mid)
			}
		}
	}
}

func (k *classChart) describe() string {
	text := fmt.Sprintf("Results of %d classes, ", len(k.classes)-min(1, len(k.classes)-1))
	last := len(k.classes) - 1
	for j, f := range k.figures {
		if j > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %s %.1f %%", k.classes[last], f, 100*k.values[last][j])
	}
	return text
}

func (k *classChart) table() table {
	t := table{{"result", "class", "figure", "value"}}
	add := func(name string, values [][]float64) {
		for i, class := range k.classes {
			for j, f := range k.figures {
				t = append(t, []string{name, class, f, cell(values[i][j])})
			}
		}
	}
	add(k.first, k.values)
	for i, m := range k.marks {
		add(k.names[i], m.Values)
	}
	return t
}
