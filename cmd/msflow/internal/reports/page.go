// Package reports makes pages of runs: one file of HTML with its tables, curves and explorer inside, which loads nothing.
package reports

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/plots"
)

//go:embed page.html
var source string

var layout = template.Must(template.New("report").Parse(source))

// Page is what a report shows. All texts are escaped.
type Page struct {
	Title, Lead string
	Cards       []Card
	Sections    []Section
}

// Card shows one figure in large.
type Card struct {
	Name, Value, Note string
	Range             *Range
}

// Range is an interval and a value on a line from 0 to 100, in percent.
type Range struct{ Low, Width, At float64 }

// Section is a part of the page under a heading. ID is where links lead to.
type Section struct {
	ID, Title  string
	Text, List []string
	Tables     []Table
	Figures    []Picture
	Explorer   template.HTML
}

// Table has a heading for each row. A folded one is opened by a click on that text.
type Table struct {
	Caption, Folded string
	Head            []string
	Rows            []Row
}

// Headings are the heads of the columns, aligned as what stands below them.
func (t Table) Headings() []Cell {
	out := make([]Cell, len(t.Head))
	for i, text := range t.Head {
		out[i].Text = text
		if i > 0 && len(t.Rows) > 0 && t.Rows[0].Cells[i-1].Class == "text" {
			out[i].Class = "text"
		}
	}
	return out
}

// Row has a cell less than the table has columns: its name is the first.
type Row struct {
	Name  string
	Cells []Cell
}

// Cell has a second, small line. Its class is text, best or none.
type Cell struct{ Text, Small, Class string }

// Picture is a drawing inside of the page.
type Picture struct {
	Alt    string
	Source template.URL
	Wide   bool
}

// drawn is a figure as a drawing inside of the page.
func drawn(f *plots.Figure, wide bool) Picture {
	data := base64.StdEncoding.EncodeToString([]byte(f.SVG()))
	return Picture{Alt: f.String(), Source: template.URL("data:image/svg+xml;base64," + data), Wide: wide}
}

// Write writes the page to a file, in whole or not at all.
func (p *Page) Write(path string) error {
	var b bytes.Buffer
	if err := layout.Execute(&b, p); err != nil {
		return fmt.Errorf("making the report: %w", err)
	}
	return runs.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
}

// Free refuses a path where something else than a report is, unless it may be overwritten.
func Free(path string, overwrite bool, flag string) error {
	if path == "" {
		return fmt.Errorf("%s is empty; it names the file for the report", flag)
	}
	if runs.Bears(path, `content="msflow report"`) {
		return nil
	}
	return runs.Free(path, overwrite, flag)
}

// percent is a share in percent; a dash where there is none.
func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}

// within is an interval of shares in percent.
func within(i detector.Interval) string { return fmt.Sprintf("%.1f to %.1f %%", 100*i[0], 100*i[1]) }

// line puts a share and its interval on a line.
func line(v float64, i detector.Interval) *Range {
	return &Range{Low: 100 * i[0], Width: max(100*(i[1]-i[0]), 0.5), At: 100 * v}
}
