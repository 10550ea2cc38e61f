package detector

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// row is one line of a result's table: a figure in percent and where it stems from.
type row struct {
	name     string
	value    float64
	interval *Interval
	note     string
}

func (m Metrics) rows() (out []row) {
	for _, f := range figures {
		if r := (row{f.Name, f.of(m), f.Interval(m), f.Note(m)}); !math.IsNaN(r.value) {
			out = append(out, r)
		}
	}
	return out
}

// String is the figures as a table, in percent, with 95 % confidence intervals.
func (m Metrics) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", m.counts())
	fmt.Fprintf(&b, "%-15s %7s   %-16s\n", "", "%", "95 % interval")
	for _, r := range m.rows() {
		fmt.Fprintf(&b, "%-15s %7.2f   %-16s %s\n", r.name, 100*r.value, r.interval.percent(), r.note)
	}
	if len(m.Defects) > 1 {
		fmt.Fprintf(&b, "\n%s", m.Defects)
	}
	for _, note := range m.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

// counts says on how much the figures rest.
func (m Metrics) counts() string {
	images := fmt.Sprintf("%d normal and %d anomalous test images", m.Normal, m.Anomalous)
	if m.Parts > 0 && m.Parts < m.Normal+m.Anomalous {
		images += fmt.Sprintf(" of %d parts", m.Parts)
	}
	if m.PixelMetrics != nil && m.MaskedImages < m.Normal+m.Anomalous {
		images += fmt.Sprintf("; the pixel figures rest on the %d whose masks are known", m.MaskedImages)
	}
	return images
}

// percent writes an interval, or nothing for nil.
func (i *Interval) percent() string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%.2f – %.2f", 100*i[0], 100*i[1])
}

// HTML is the same table for a notebook.
func (m Metrics) HTML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption style=\"white-space:nowrap;text-align:left\">%s</caption>", m.counts())
	b.WriteString("<tr><th style=\"text-align:left\">figure</th><th>%</th><th>95 % interval</th><th></th></tr>")
	for _, r := range m.rows() {
		fmt.Fprintf(&b, `<tr><td style="text-align:left">%s</td><td>%.2f</td><td>%s</td><td style="text-align:left">%s</td></tr>`,
			html.EscapeString(r.name), 100*r.value, r.interval.percent(), html.EscapeString(r.note))
	}
	b.WriteString("</table>")
	if len(m.Defects) > 1 {
		b.WriteString(m.Defects.HTML())
	}
	for _, note := range m.Notes {
		fmt.Fprintf(&b, "<p>note: %s</p>", html.EscapeString(note))
	}
	return b.String()
}
