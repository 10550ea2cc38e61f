package detector

import (
	"fmt"
	"html"
	"strings"

	"github.com/msflow-go/msflow/lib/flow"
)

// describe lists what the detector is made of, a name and a value each.
func (d *Detector) describe() [][2]string {
	c := d.Config
	rows := [][2]string{{"model", c.Model}, {"backbone", c.Backbone}, {"device", d.Device()}}
	if d.maps == nil {
		return append(rows, [2]string{"input", "known by Fit, which then builds the model"})
	}
	rows = append(rows, [2]string{"input", fmt.Sprintf("%d×%d pixels", c.Size[0], c.Size[1])})
	if d.baseline != nil {
		return append(rows, d.describeBaseline()...)
	}
	return append(rows, d.describeFlow()...)
}

// describeFlow lists the flow's scales and what it costs.
func (d *Detector) describeFlow() (rows [][2]string) {
	c := d.Config
	m := d.Model()
	if m == nil {
		return d.describePeer()
	}
	rows = append(rows, [2]string{"features", c.Pool + pooledBy(c.Pool)})
	flows := m.ParallelFlows()
	for i, m := range d.maps {
		cost := "not known"
		if s, err := flow.Summary(flows[i], []flow.Map{m}); err == nil {
			cost = s.String()
		}
		rows = append(rows, [2]string{scaleName(c.Scales[i]), fmt.Sprintf("map %v, %d blocks, %s", m, c.Blocks[i], cost)})
	}
	if f := m.Fusion(); f != nil {
		if s, err := flow.Summary(f, d.maps); err == nil {
			rows = append(rows, [2]string{"fusion", s.String()})
		}
	}
	return append(rows, d.describeTraining()...)
}

// pooledBy says what a kind of Config.Pool is.
func pooledBy(pool string) string {
	switch pool {
	case autoViews:
		return ": Fit chooses local or fine views"
	case localViews, fineViews:
		return " views"
	}
	return " pooling"
}

// describeTraining is the cost of the whole flow and how far it is trained.
func (d *Detector) describeTraining() (rows [][2]string) {
	if s, err := flow.Summary(d.model, d.maps); err == nil {
		rows = append(rows, [2]string{"flow in all", s.String()})
	}
	trained := "not trained"
	if n := len(d.Epochs); n > 0 {
		trained = fmt.Sprintf("%d epochs, loss %.1f nats", n, d.Epochs[n-1].Loss)
	}
	return append(rows, [2]string{"training", trained})
}

// describePeer lists the maps that another flow looks at.
func (d *Detector) describePeer() (rows [][2]string) {
	for i, m := range d.maps {
		rows = append(rows, [2]string{scaleName(d.Config.Scales[i]), fmt.Sprintf("map %v", m)})
	}
	return append(rows, d.describeTraining()...)
}

// describeBaseline lists the maps that a baseline looks at and what it has learned.
func (d *Detector) describeBaseline() (rows [][2]string) {
	for i, m := range d.maps {
		rows = append(rows, [2]string{scaleName(d.Config.Scales[i]), fmt.Sprintf("map %v", m)})
	}
	if !d.baseline.Fitted() {
		return append(rows, [2]string{"fitted", "not yet"})
	}
	for _, t := range d.baseline.Tensors() {
		rows = append(rows, [2]string{t.Name, fmt.Sprint(t.Shape)})
	}
	return rows
}

// String lists backbone, blocks, shapes, parameters and multiply-adds.
func (d *Detector) String() string {
	var b strings.Builder
	for _, r := range d.describe() {
		fmt.Fprintf(&b, "%-12s %s\n", r[0], r[1])
	}
	return b.String()
}

// HTML is the same for a notebook.
func (d *Detector) HTML() string {
	var b strings.Builder
	b.WriteString("<table>")
	for _, r := range d.describe() {
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th><td style="text-align:left">%s</td></tr>`, html.EscapeString(r[0]), html.EscapeString(r[1]))
	}
	b.WriteString("</table>")
	return b.String()
}
