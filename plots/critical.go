package plots

import (
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// MeanRanker is the mean ranks of several detectors, 1 being the best, and the difference from which on two of them can be
// told apart.
type MeanRanker interface {
	MeanRanks() (names []string, ranks []float64, critical float64)
}

// CriticalDifference draws the diagram of Demšar (Statistical comparisons of classifiers over multiple data sets, JMLR 7,
// 2006): the detectors on an axis of mean ranks, the best on the right, and a bar over those that cannot be told apart.
// Name names the figure that they are ranked by.
func CriticalDifference(r MeanRanker, opts ...Option) *Figure {
	o := gather(opts)
	names, ranks, critical := r.MeanRanks()
	d, err := newRankDiagram(names, ranks, critical)
	title := "Critical difference"
	if o.name != "" {
		title += " by " + o.name
	}
	if err != nil {
		return failed("Critical difference", err)
	}
	return &Figure{
		alt: d.describe(title), width: 640, height: int(float64(d.height()/pixel)) + 44,
		paint: func(c draw.Canvas) { d.paint(heading(page(c), o.titled(title), nil)) },
		data: func() table {
			t := table{{"detector", "mean_rank", "critical_difference"}}
			for i, n := range d.names {
				t = append(t, []string{n, cell(d.ranks[i]), cell(critical)})
			}
			return t
		},
	}
}

// A rankDiagram holds the detectors, best first.
type rankDiagram struct {
	names    []string
	ranks    []float64
	critical float64
	groups   [][2]int // first and last of those that cannot be told apart, none within another
}

func newRankDiagram(names []string, ranks []float64, critical float64) (*rankDiagram, error) {
	if len(names) < 2 {
		return nil, errors.New("ranks need at least two detectors that were tested on the same classes")
	}
	if len(ranks) != len(names) {
		return nil, fmt.Errorf("%d names, %d ranks: %w", len(names), len(ranks), errLengths)
	}
	if !finite(append([]float64{critical}, ranks...)...) {
		return nil, fmt.Errorf("ranks %v with a critical difference of %v", ranks, critical)
	}
	d := &rankDiagram{critical: critical}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if ranks[a] < ranks[b] {
			return -1
		}
		if ranks[a] > ranks[b] {
			return 1
		}
		return 0
	})
	for _, i := range order {
		d.names, d.ranks = append(d.names, names[i]), append(d.ranks, ranks[i])
	}
	d.group()
	return d, nil
}

// group finds the longest runs of detectors whose ranks differ by no more than the critical difference.
func (d *rankDiagram) group() {
	end := 0 // of the last group
	for i := range d.ranks {
		j := i
		for j+1 < len(d.ranks) && d.ranks[j+1]-d.ranks[i] <= d.critical {
			j++
		}
		if j > i && (len(d.groups) == 0 || j > end) {
			d.groups, end = append(d.groups, [2]int{i, j}), j
		}
	}
}

const (
	rankLine  = 18 * pixel // from one name to the next
	groupLine = 7 * pixel
	rankTop   = 52 * pixel // of the critical difference's bar and the axis' numbers
)

// half is how many detectors are named on the right: the better ones.
func (d *rankDiagram) half() int { return (len(d.names) + 1) / 2 }

func (d *rankDiagram) height() vg.Length {
	return rankTop + groupLine*vg.Length(len(d.groups)+1) + rankLine*(vg.Length(d.half())+0.5)
}

func (d *rankDiagram) paint(c draw.Canvas) {
	left, right := vg.Length(0), vg.Length(0)
	s := plain(labelSize, ink)
	for i := range d.names {
		width := s.Width(d.label(i, c)) + 12*pixel
		if i < d.half() {
			right = max(right, width)
		} else {
			left = max(left, width)
		}
	}
	k := float64(len(d.names))
	at := func(rank float64) vg.Length { // the best on the right
		return c.Max.X - right - (c.Size().X-left-right)*vg.Length((rank-1)/(k-1))
	}
	axis := c.Max.Y - rankTop
	d.axis(c, at, axis)
	d.bar(c, at, c.Max.Y-16*pixel)
	thick := draw.LineStyle{Color: vermillion, Width: 3}
	for i, g := range d.groups {
		y := axis - groupLine*vg.Length(i+1)
		c.StrokeLine2(thick, at(d.ranks[g[0]])+3*pixel, y, at(d.ranks[g[1]])-3*pixel, y)
	}
	below := axis - groupLine*vg.Length(len(d.groups)+1)
	for i := range d.names {
		d.name(c, i, at(d.ranks[i]), axis, below)
	}
}

// label is a detector's name, shortened to a third of the canvas, with its mean rank.
func (d *rankDiagram) label(i int, c draw.Canvas) string {
	return fmt.Sprintf("%s  %.2f", fit(plain(labelSize, ink), d.names[i], c.Size().X/3-40*pixel), d.ranks[i])
}

// axis draws the whole ranks.
func (d *rankDiagram) axis(c draw.Canvas, at func(float64) vg.Length, y vg.Length) {
	line := draw.LineStyle{Color: muted, Width: 0.75}
	c.StrokeLine2(line, at(float64(len(d.names))), y, at(1), y)
	s := plain(tickSize, ink)
	s.XAlign, s.YAlign = draw.XCenter, draw.YBottom
	for rank := 1; rank <= len(d.names); rank++ {
		x := at(float64(rank))
		c.StrokeLine2(line, x, y, x, y+5*pixel)
		c.FillText(s, vg.Point{X: x, Y: y + 7*pixel}, fmt.Sprint(rank))
	}
}

// bar shows how long the critical difference is. One that is longer than the axis is only written.
func (d *rankDiagram) bar(c draw.Canvas, at func(float64) vg.Length, y vg.Length) {
	s := plain(tickSize, ink)
	s.YAlign = draw.YCenter
	text, x := fmt.Sprintf("critical difference %.2f", d.critical), at(float64(len(d.names)))
	if d.critical > float64(len(d.names)-1) {
		c.FillText(s, vg.Point{X: x, Y: y}, text+", longer than the axis: nothing can be told apart")
		return
	}
	end := x + at(1) - at(1+d.critical)
	line := draw.LineStyle{Color: ink, Width: 1.25}
	c.StrokeLine2(line, x, y, end, y)
	for _, x := range []vg.Length{x, end} {
		c.StrokeLine2(line, x, y-3*pixel, x, y+3*pixel)
	}
	c.FillText(s, vg.Point{X: end + 6*pixel, Y: y}, text)
}

// name leads a line from a detector's rank down and to its name: the better half on the right, the best on top; the other
// on the left, the worst on top, so that no lines cross.
func (d *rankDiagram) name(c draw.Canvas, i int, x, axis, below vg.Length) {
	s := plain(labelSize, ink)
	s.YAlign = draw.YCenter
	line := draw.LineStyle{Color: ink, Width: 0.9}
	row := i
	if i >= d.half() {
		row = len(d.names) - 1 - i
	}
	y := below - rankLine*(vg.Length(row)+0.6)
	text := d.label(i, c)
	if i < d.half() {
		from := c.Max.X - s.Width(text)
		c.StrokeLines(line, []vg.Point{{X: x, Y: axis}, {X: x, Y: y}, {X: from - 4*pixel, Y: y}})
		c.FillText(s, vg.Point{X: from, Y: y}, text)
		return
	}
	c.StrokeLines(line, []vg.Point{{X: x, Y: axis}, {X: x, Y: y}, {X: c.Min.X + s.Width(text) + 4*pixel, Y: y}})
	c.FillText(s, vg.Point{X: c.Min.X, Y: y}, text)
}

func (d *rankDiagram) describe(title string) string {
	text := title
	for i, n := range d.names {
		text += fmt.Sprintf("%s %s has the mean rank %.2f", map[bool]string{true: ":", false: ","}[i == 0], n, d.ranks[i])
	}
	return text + fmt.Sprintf("; ranks that differ by %.2f or less cannot be told apart", d.critical)
}
