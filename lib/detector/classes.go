package detector

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// ClassMetrics are the figures of one class of objects.
type ClassMetrics struct {
	Class string
	Metrics
}

// Classes is the table of a benchmark: a row per class, as a test of each class gave it. The mean over the classes, which
// papers report, stands below.
type Classes []ClassMetrics

// ByClass judges each class of the test set by itself, in order of name. A class without both normal and anomalous images
// is an error.
func (r *Result) ByClass() (Classes, error) {
	parts := map[string][]Prediction{}
	var names []string
	for _, p := range r.Images {
		if _, seen := parts[p.Class]; !seen {
			names = append(names, p.Class)
		}
		parts[p.Class] = append(parts[p.Class], p)
	}
	slices.Sort(names)
	var out Classes
	for _, name := range names {
		one, err := newResult(Config{Seed: r.seed}, parts[name])
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", name, err)
		}
		out = append(out, ClassMetrics{name, one.Metrics})
	}
	return out, nil
}

// Table is what plots.Classes draws: det AUROC, loc AUROC and AUPRO of each class as fractions, NaN where there are no
// masks.
func (c Classes) Table() (classes, figures []string, values [][]float64) {
	for _, k := range c {
		classes, values = append(classes, k.Class), append(values, k.sideBySide())
	}
	return classes, columns(), values
}

// Mean is the mean over the classes, each counting once whatever its number of images; NaN where a class lacks the figure.
func (c Classes) Mean() []float64 {
	mean := make([]float64, len(columns()))
	for _, k := range c {
		for j, v := range k.sideBySide() {
			mean[j] += v / float64(len(c))
		}
	}
	return mean
}

// lines are the rows with the mean last, in percent.
func (c Classes) lines() (out [][]string) {
	add := func(name string, values []float64) {
		line := []string{name}
		for _, v := range values {
			text := "–"
			if !math.IsNaN(v) {
				text = fmt.Sprintf("%.2f", 100*v)
			}
			line = append(line, text)
		}
		out = append(out, line)
	}
	for _, k := range c {
		add(k.Class, k.sideBySide())
	}
	if len(c) > 0 {
		add("mean", c.Mean())
	}
	return out
}

// String is the table in percent.
func (c Classes) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s", "%")
	for _, name := range columns() {
		fmt.Fprintf(&b, " %10s", name)
	}
	b.WriteByte('\n')
	for _, l := range c.lines() {
		fmt.Fprintf(&b, "%-16s %10s %10s %10s\n", l[0], l[1], l[2], l[3])
	}
	return b.String()
}

// HTML is the table for a notebook.
func (c Classes) HTML() string {
	var b strings.Builder
	b.WriteString(`<table><tr><th style="text-align:left">%</th>`)
	for _, f := range columns() {
		fmt.Fprintf(&b, "<th>%s</th>", f)
	}
	b.WriteString("</tr>")
	for i, l := range c.lines() {
		cell := "td"
		if i == len(c) {
			cell = "th"
		}
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th>`, html.EscapeString(l[0]))
		for _, text := range l[1:] {
			fmt.Fprintf(&b, "<%s>%s</%s>", cell, text, cell)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}

// LaTeX is the table as a tabular environment, for a paper.
func (c Classes) LaTeX() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\\begin{tabular}{lrrr}\n\\hline\n & %s \\\\\n\\hline\n", strings.Join(columns(), " & "))
	for i, l := range c.lines() {
		if i == len(c) {
			b.WriteString("\\hline\n")
		}
		fmt.Fprintf(&b, "%s \\\\\n", strings.ReplaceAll(strings.Join(l, " & "), "_", `\_`))
	}
	b.WriteString("\\hline\n\\end{tabular}\n")
	return b.String()
}

// Summary is what plots.Compare draws: every figure as a fraction with its 95 % interval, NaN where there is none.
func (m Metrics) Summary() (figures []string, values, low, high []float64) {
	for _, r := range m.rows() {
		l, h := math.NaN(), math.NaN()
		if r.interval != nil {
			l, h = r.interval[0], r.interval[1]
		}
		figures, values = append(figures, r.name), append(values, r.value)
		low, high = append(low, l), append(high, h)
	}
	return figures, values, low, high
}

// LogP is image i's log-likelihood map of each scale, (h,w) = sizes[k], in nats per channel.
func (r *Result) LogP(i int) (maps [][]float32, sizes [][2]int) {
	return r.Images[i].LogP, r.Images[i].Sizes
}
