package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg/draw"
)

// Sweep draws what each threshold would do: precision, recall, F1 and false-positive rate of the images that score as
// much or more. It marks the threshold in use (At, or Thresholder), and the one of the best F1.
func Sweep(s Scorer, opts ...Option) *Figure {
	o := gather(opts)
	normal, anomalous, err := split(s)
	if err == nil && (len(normal) == 0 || len(anomalous) == 0) {
		err = fmt.Errorf("%d normal and %d anomalous images; both are needed", len(normal), len(anomalous))
	}
	if err != nil {
		return failed("Threshold sweep", err)
	}
	w := sweep(normal, anomalous)
	best := w.bestF1()
	legend := w.legend(best, o.thresholdOf(s))
	return &Figure{
		alt:   "Threshold sweep: " + legend[len(w.curves)].name,
		width: 640, height: 400,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Threshold sweep"), legend)
			p := axes("threshold (images scoring as much or more are called anomalous)", "rate")
			limits(p, w.low, w.high, 0, 1)
			p.Add(stroke{best, 0, best, 1, muted, dashes(2)})
			if t := o.thresholdOf(s); finite(t) {
				p.X.Min, p.X.Max = min(p.X.Min, t), max(p.X.Max, t)
				p.Add(stroke{t, 0, t, 1, ink, dashes(1)})
			}
			addCurves(p, w.curves)
			p.Draw(c)
		},
		data: w.table,
	}
}

// A sweeping holds the rates at every threshold that makes a difference.
type sweeping struct {
	thresholds []float64 // rising
	curves     []*curve  // precision, recall, F1, false-positive rate, as steps over the thresholds
	low, high  float64
}

func sweep(normal, anomalous []float64) sweeping {
	w := sweeping{thresholds: slices.Concat(normal, anomalous)}
	slices.Sort(w.thresholds)
	w.thresholds = slices.Compact(w.thresholds)
	w.low, w.high = w.thresholds[0], w.thresholds[len(w.thresholds)-1]
	if w.low == w.high {
		w.low, w.high = w.low-0.5, w.high+0.5
	}
	for i, name := range []string{"precision", "recall", "F1", "false-positive rate"} {
		w.curves = append(w.curves, &curve{name: name, color: series(i), dash: dashes(i), width: 1.75, figure: nan, markThreshold: nan})
	}
	for i, t := range w.thresholds {
		from := w.low
		if i > 0 {
			from = w.thresholds[i-1] // any threshold over the last score does the same
		}
		w.add(from, t, rates(t, normal, anomalous))
	}
	return w
}

// add extends the steps: from one score to the next the rates stay.
func (w *sweeping) add(from, to float64, rates [4]float64) {
	for k, r := range rates {
		c := w.curves[k]
		c.x, c.y = append(c.x, from, to), append(c.y, r, r)
	}
}

// rates are precision, recall, F1 and false-positive rate.
func rates(t float64, normal, anomalous []float64) [4]float64 {
	over := func(v []float64) (n float64) {
		for _, s := range v {
			if s >= t {
				n++
			}
		}
		return n
	}
	tp, fp := over(anomalous), over(normal)
	pos := float64(len(anomalous))
	return [4]float64{tp / (tp + fp), tp / pos, 2 * tp / (tp + fp + pos), fp / float64(len(normal))}
}

// bestF1 is the highest threshold of the best F1.
func (w sweeping) bestF1() float64 {
	f1, best := w.curves[2].y, 0
	for i := range w.thresholds {
		if f1[2*i+1] >= f1[2*best+1] {
			best = i
		}
	}
	return w.thresholds[best]
}

// at reads a curve at a threshold.
func (w sweeping) at(k int, threshold float64) float64 {
	i, _ := slices.BinarySearch(w.thresholds, threshold)
	if i == len(w.thresholds) {
		return nan
	}
	return w.curves[k].y[2*i+1]
}

func (w sweeping) legend(best, used float64) (legend []entry) {
	for _, k := range w.curves {
		legend = append(legend, entry{name: k.name, color: k.color, dash: k.dash})
	}
	legend = append(legend, entry{name: fmt.Sprintf("best F1 %s at %s", rate(w.at(2, best)), short(best, 4)), color: muted, dash: dashes(2)})
	if !math.IsNaN(used) {
		text := "threshold in use " + short(used, 4)
		if f := w.at(2, used); !math.IsNaN(f) {
			text += ": F1 " + rate(f)
		}
		legend = append(legend, entry{name: text, color: ink, dash: dashes(1)})
	}
	return legend
}

func (w sweeping) table() table {
	t := table{{"threshold", "precision", "recall", "f1", "fpr"}}
	for i, at := range w.thresholds {
		row := []string{cell(at)}
		for _, k := range w.curves {
			row = append(row, cell(k.y[2*i+1]))
		}
		t = append(t, row)
	}
	return t
}
