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

// Scorer is a result with a score per image and whether the image is anomalous in truth.
type Scorer interface {
	Scores() (scores []float64, anomalous []bool)
}

// Scored is scores and labels of one's own as a result.
type Scored struct {
	Score     []float64
	Anomalous []bool
}

// Scores returns both.
func (s Scored) Scores() (scores []float64, anomalous []bool) { return s.Score, s.Anomalous }

// split separates the scores of normal and anomalous images.
func split(s Scorer) (normal, anomalous []float64, err error) {
	scores, labels := s.Scores()
	if len(scores) != len(labels) {
		return nil, nil, fmt.Errorf("%d scores, %d labels: %w", len(scores), len(labels), errLengths)
	}
	if len(scores) == 0 {
		return nil, nil, errors.New("there are no scores")
	}
	for i, v := range scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, fmt.Errorf("score %d is %v", i, v)
		}
		if labels[i] {
			anomalous = append(anomalous, v)
		} else {
			normal = append(normal, v)
		}
	}
	return normal, anomalous, nil
}

// Scores draws histograms of the image scores, normal and anomalous images apart, and the threshold in use (At, or
// Thresholder), where a bin begins, with the images on its wrong sides. Set and number of bins follow Freedman and Diaconis.
func Scores(s Scorer, opts ...Option) *Figure {
	o := gather(opts)
	normal, anomalous, err := split(s)
	if err != nil {
		return failed("Score histogram", err)
	}
	threshold := o.thresholdOf(s)
	edges := shifted(binEdges(slices.Concat(normal, anomalous)), threshold)
	bars := []*bars{
		newBars(edges, normal, normalColor, fmt.Sprintf("%d normal", len(normal))),
		newBars(edges, anomalous, anomalousColor, fmt.Sprintf("%d anomalous", len(anomalous))),
	}
	legend := []entry{bars[0].entry(), bars[1].entry()}
	if !math.IsNaN(threshold) {
		legend = append(legend, entry{name: verdict(threshold, normal, anomalous), color: ink, dash: dashes(1)})
	}
	return &Figure{
		alt: "Score histogram of " + legend[0].name + " and " + legend[1].name + " images", width: 640, height: 360,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Image scores"), legend)
			p := axes("score (larger is less normal)", "images")
			limits(p, edges[0], edges[len(edges)-1], 0, 1.05*max(bars[0].highest(), bars[1].highest()))
			p.Y.Tick.Marker = wholeTicks(5)
			p.Add(bars[0], bars[1], outlined{bars[0]}, outlined{bars[1]})
			if finite(threshold) {
				p.X.Min, p.X.Max = min(p.X.Min, threshold), max(p.X.Max, threshold)
				p.Add(stroke{threshold, 0, threshold, p.Y.Max, ink, dashes(1)})
			}
			p.Draw(c)
		},
		data: func() table { return barTable("score", bars) },
	}
}

// verdict says what the threshold does.
func verdict(threshold float64, normal, anomalous []float64) string {
	alarms, missed := 0, 0
	for _, v := range normal {
		if v >= threshold {
			alarms++
		}
	}
	for _, v := range anomalous {
		if v < threshold {
			missed++
		}
	}
	return fmt.Sprintf("threshold %s: %d false alarms, %d missed", short(threshold, 4), alarms, missed)
}

// binEdges divides the range of v: bins of 2·IQR/∛n, but at least 10 and at most 60 of them.
func binEdges(v []float64) []float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	low, high := v[0], v[len(v)-1]
	if low == high {
		low, high = low-0.5, high+0.5
	}
	width := 2 * (v[len(v)*3/4] - v[len(v)/4]) / math.Cbrt(float64(len(v)))
	n := 60
	if width > 0 {
		n = min(max(int(math.Ceil((high-low)/width)), 10), 60)
	}
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = low + (high-low)*float64(i)/float64(n)
	}
	return edges
}

// shifted are edges of equal bins moved, by less than one, so that at lies on one of them if it lies between them: no bar then stands on
// both sides of it.
func shifted(edges []float64, at float64) []float64 {
	n := len(edges) - 1
	low, high := edges[0], edges[n]
	if !(at > low && at < high) {
		return edges
	}
	width := (high - low) / float64(n)
	below := int(math.Ceil((at - low) / width))
	out := make([]float64, n+2)
	for i := range out {
		out[i] = at + float64(i-below)*width
	}
	return out
}

// bars is a histogram.
type bars struct {
	name   string
	edges  []float64
	height []float64
	color  color.NRGBA
}

func newBars(edges, values []float64, c color.NRGBA, name string) *bars {
	b := &bars{name: name, edges: edges, height: make([]float64, len(edges)-1), color: c}
	low, high := edges[0], edges[len(edges)-1]
	for _, v := range values {
		if v >= low && v <= high {
			above, on := slices.BinarySearch(edges, v)
			if !on {
				above--
			}
			b.height[min(above, len(b.height)-1)]++
		}
	}
	return b
}

func (b *bars) entry() entry { return entry{name: b.name, color: b.color, mark: boxMark} }

func (b *bars) highest() float64 { return slices.Max(b.height) }

// Plot fills the bars, transparent so that two histograms show through each other.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	c.FillPolygon(alpha(b.color, 0x58), b.silhouette(c, p))
}

// silhouette is the upper edge of all bars, from the axis to the axis.
func (b *bars) silhouette(c draw.Canvas, p *plot.Plot) []vg.Point {
	line := []vg.Point{{X: c.X(p.X.Norm(b.edges[0])), Y: c.Min.Y}}
	for i, h := range b.height {
		y := c.Y(p.Y.Norm(h))
		line = append(line, vg.Point{X: c.X(p.X.Norm(b.edges[i])), Y: y}, vg.Point{X: c.X(p.X.Norm(b.edges[i+1])), Y: y})
	}
	return append(line, vg.Point{X: line[len(line)-1].X, Y: c.Min.Y})
}

// outlined draws the upper edge of a histogram.
type outlined struct{ *bars }

func (b outlined) Plot(c draw.Canvas, p *plot.Plot) {
	c.StrokeLines(draw.LineStyle{Color: b.color, Width: 1.25}, b.silhouette(c, p))
}

// barTable lists histograms over the same bins.
func barTable(x string, all []*bars) table {
	header := []string{x + "_from", x + "_to"}
	for _, b := range all {
		header = append(header, b.name)
	}
	t := table{header}
	for i := range all[0].height {
		row := []string{cell(all[0].edges[i]), cell(all[0].edges[i+1])}
		for _, b := range all {
			row = append(row, cell(b.height[i]))
		}
		t = append(t, row)
	}
	return t
}

// wholeTicks is ticks for counts: no fractions.
type wholeTicks int

// Ticks implements plot.Ticker.
func (n wholeTicks) Ticks(low, high float64) []plot.Tick {
	t := ticks(n).Ticks(low, high)
	if len(t) > 1 && t[1].Value-t[0].Value < 1 {
		return ticks(math.Max(1, math.Floor(high-low))).Ticks(low, high)
	}
	return t
}
