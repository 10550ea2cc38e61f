package detector

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/metrics"
)

// DefectMetrics are the figures of one kind of defect: its images against all normal ones, as fractions. LocAUROC and AUPRO
// are nil where they are not defined.
type DefectMetrics struct {
	Defect     string   `json:"defect"`
	Images     int      `json:"images"`
	Parts      int      `json:"parts"` // physical parts that these images show
	Found      int      `json:"found"` // images with a score from the test's threshold on
	DetAUROC   float64  `json:"det_auroc"`
	DetAUROCCI Interval `json:"det_auroc_interval"`
	LocAUROC   *float64 `json:"loc_auroc"`
	AUPRO      *float64 `json:"aupro"` // false-positive rate up to 0.3
}

// Defects is the table of the kinds of defect, in order of name.
type Defects []DefectMetrics

// ByDefect judges each kind of defect by itself, against all normal images of the test.
func (r *Result) ByDefect() (Defects, error) {
	var kinds []string
	for _, p := range r.Images {
		if p.Anomalous {
			kinds = append(kinds, p.Defect)
		}
	}
	var out Defects
	for _, kind := range distinct(kinds) {
		m, err := r.judgeDefect(kind)
		if err != nil {
			return nil, fmt.Errorf("detector: judging the defects %s: %w", kind, err)
		}
		out = append(out, m)
	}
	return out, nil
}

func (r *Result) judgeDefect(kind string) (DefectMetrics, error) {
	m := DefectMetrics{Defect: kind}
	var index []int // of the images of the kind, and the normal ones, among those whose masks are known
	var scores []float64
	var labels []bool
	var all, shown []string
	part, masked := parts(r.Images), 0
	for i, p := range r.Images {
		if p.Mask != nil {
			masked++
		}
		if p.Anomalous && p.Defect != kind {
			continue
		}
		if p.Mask != nil {
			index = append(index, masked-1)
		}
		scores, labels, all = append(scores, p.Score), append(labels, p.Anomalous), append(all, part[i])
		if p.Anomalous {
			m.Images++
			shown = append(shown, part[i])
			if p.Score >= r.DetThreshold {
				m.Found++
			}
		}
	}
	m.Parts = len(distinct(shown))
	ranking, err := metrics.Rank(scores, labels)
	if err != nil {
		return m, err
	}
	m.DetAUROC = ranking.AUROC()
	ci, err := metrics.Bootstrap{Seed: r.seed, Parts: all}.AUROC(scores, labels)
	if err != nil {
		return m, err
	}
	m.DetAUROCCI = Interval{ci.Low, ci.High}
	return m, r.locateDefect(&m, index)
}

// locateDefect fills in the pixel figures, where there are masks.
func (r *Result) locateDefect(m *DefectMetrics, index []int) error {
	if r.add == nil || r.mul == nil {
		return nil
	}
	add, err := r.add.Subset(index)
	if err == nil {
		auroc := add.AUROC()
		m.LocAUROC = &auroc
	} else if _, err = defined(0, err); err != nil {
		return err
	}
	mul, err := r.mul.Subset(index)
	if err != nil {
		_, err = defined(0, err)
		return err
	}
	m.AUPRO, err = defined(mul.AUPRO(0.3))
	return err
}

// Table is what plots.Classes draws: a row for each kind of defect, as fractions, NaN where a figure is not defined.
func (d Defects) Table() (kinds, figures []string, values [][]float64) {
	for _, k := range d {
		kinds = append(kinds, k.Defect)
		values = append(values, k.metrics().sideBySide())
	}
	return kinds, columns(), values
}

// metrics are the kind's figures as those of a test.
func (k DefectMetrics) metrics() Metrics {
	return Metrics{DetAUROC: k.DetAUROC, PixelMetrics: &PixelMetrics{LocAUROC: orNaN(k.LocAUROC), AUPRO: orNaN(k.AUPRO)}}
}

// lines are the rows of the table, in percent.
func (d Defects) lines() (out [][]string) {
	percent := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return fmt.Sprintf("%.2f", 100*v)
	}
	for _, k := range d {
		out = append(out, []string{datasets.Printable(k.Defect), fmt.Sprint(k.Images), fmt.Sprint(k.Parts), fmt.Sprint(k.Found), percent(k.DetAUROC),
			k.DetAUROCCI.percent(), percent(orNaN(k.LocAUROC)), percent(orNaN(k.AUPRO))})
	}
	return out
}

var defectColumns = []string{"defect", "images", "parts", "found", "det AUROC", "95 % interval", "loc AUROC", "AUPRO 30 %"}

// String is the table in percent, each kind against all normal images. Found counts the images with a score from the test's
// threshold on.
func (d Defects) String() string {
	var b strings.Builder
	const form = "%-20s %6s %6s %6s %10s   %-15s %10s %11s\n"
	line := func(cells []string) {
		row := make([]any, len(cells))
		for i, c := range cells {
			row[i] = c
		}
		fmt.Fprintf(&b, form, row...)
	}
	line(defectColumns)
	for _, l := range d.lines() {
		line(l)
	}
	return b.String()
}

// HTML is the table for a notebook.
func (d Defects) HTML() string {
	var b strings.Builder
	b.WriteString("<table><tr>")
	for _, c := range defectColumns {
		fmt.Fprintf(&b, "<th>%s</th>", c)
	}
	b.WriteString("</tr>")
	for _, l := range d.lines() {
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th>`, html.EscapeString(l[0]))
		for _, c := range l[1:] {
			fmt.Fprintf(&b, "<td>%s</td>", c)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}
