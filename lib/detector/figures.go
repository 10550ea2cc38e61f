package detector

import (
	"fmt"
	"math"
	"slices"
)

// Figure is a figure of a test and how it is shown. All tables go by the list of [Figures].
type Figure struct {
	Key       string // in metrics.json
	Name      string // in a result's table
	Column    string // where figures stand side by side, as those of classes and of kinds of defect; empty: it is not among them
	Published bool   // published tables have it: judged epochs keep it

	of       func(m Metrics) float64
	interval func(m Metrics) *Interval // nil: it has none
	note     func(m Metrics) string    // what stands behind it in a result's table; nil: nothing
}

// figures are the rows of a result's table, in its order.
var figures = []Figure{
	{Key: "det_auroc", Name: "det AUROC", Column: "det AUROC", Published: true,
		of: func(m Metrics) float64 { return m.DetAUROC }, interval: func(m Metrics) *Interval { return &m.DetAUROCCI }},
	{Key: "det_ap", Name: "det AP", of: func(m Metrics) float64 { return m.DetAP }},
	{Key: "det_f1max", Name: "det F1-max", of: func(m Metrics) float64 { return m.DetF1 },
		interval: func(m Metrics) *Interval { return &m.DetF1CI }, note: func(m Metrics) string { return fmt.Sprintf("score ≥ %.4g", m.DetThreshold) }},
	{Key: "loc_auroc", Name: "loc AUROC", Column: "loc AUROC", Published: true,
		of: ofPixels(func(m *PixelMetrics) float64 { return m.LocAUROC }), interval: func(m Metrics) *Interval { return &m.LocAUROCCI }},
	{Key: "loc_ap", Name: "loc AP", of: ofPixels(func(m *PixelMetrics) float64 { return m.LocAP })},
	{Key: "loc_f1max", Name: "loc F1-max", of: ofPixels(func(m *PixelMetrics) float64 { return m.LocF1 }),
		note: func(m Metrics) string { return fmt.Sprintf("add map ≥ %.4g", m.LocThreshold) }},
	{Key: "aupro", Name: "AUPRO 30 %", Column: "AUPRO", Published: true, of: ofPixels(func(m *PixelMetrics) float64 { return m.AUPRO }),
		interval: func(m Metrics) *Interval { return &m.AUPROCI }, note: func(m Metrics) string { return fmt.Sprintf("%d regions", m.Regions) }},
	{Key: "aupro_05", Name: "AUPRO 5 %", of: ofPixels(func(m *PixelMetrics) float64 { return m.AUPRO05 })},
	{Key: "reference_pro", Name: "reference PRO", Published: true, of: ofPixels(func(m *PixelMetrics) float64 { return orNaN(m.ReferencePRO) }),
		note: func(Metrics) string { return "800 thresholds, as in published tables" }},
	{Key: "aupimo", Name: "AUPIMO", of: ofPixels(func(m *PixelMetrics) float64 { return orNaN(m.AUPIMO) })},
}

// ofPixels is a figure that a test without masks does not have.
func ofPixels(of func(m *PixelMetrics) float64) func(Metrics) float64 {
	return func(m Metrics) float64 {
		if m.PixelMetrics == nil {
			return math.NaN()
		}
		return of(m.PixelMetrics)
	}
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// Figures lists all figures in the order of a result's table.
func Figures() []Figure { return slices.Clone(figures) }

// Of is the figure as a fraction; NaN where the test does not have it.
func (f Figure) Of(m Metrics) float64 { return f.of(m) }

// Interval is the figure's 95 % interval; nil where it has none.
func (f Figure) Interval(m Metrics) *Interval {
	if f.interval == nil || math.IsNaN(f.of(m)) {
		return nil
	}
	return f.interval(m)
}

// Note is what stands behind the figure in a result's table: a threshold, or what it rests on.
func (f Figure) Note(m Metrics) string {
	if f.note == nil || math.IsNaN(f.of(m)) {
		return ""
	}
	return f.note(m)
}

// columns are the names of the figures that stand side by side.
func columns() (names []string) {
	for _, f := range figures {
		if f.Column != "" {
			names = append(names, f.Column)
		}
	}
	return names
}

// sideBySide are the figures of columns, as fractions, NaN where m does not have one.
func (m Metrics) sideBySide() (values []float64) {
	for _, f := range figures {
		if f.Column != "" {
			values = append(values, f.of(m))
		}
	}
	return values
}
