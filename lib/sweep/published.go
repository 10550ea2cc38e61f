package sweep

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Published is what others report of a method, as fractions; NaN where they do not.
type Published struct {
	Dataset, Class string // an empty class is the mean over the data set's classes
	Classes        int    // of the data set; 0 is not known
	Model          string // as --model names it; others have no such model here
	Method         string
	Figures        [3]float64 // in the order of Figures; theirs is PRO by some hundred thresholds, ours exact
	Best           bool       // each at its own best test epoch
	Source         string     // where it is said
}

//go:embed published.csv
var publishedText string

// PublishedValues are the values that this program knows. Where a paper's own list by classes cannot be had, those of a
// library that measured the method again stand for it and say so.
func PublishedValues() []Published { return slices.Clone(publishedValues()) }

var publishedValues = sync.OnceValue(func() []Published {
	rows, err := csv.NewReader(strings.NewReader(publishedText)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("sweep: published.csv: %v", err)) // it is compiled in
	}
	var out []Published
	for _, r := range rows[1:] {
		p := Published{Dataset: r[0], Class: r[1], Model: r[3], Method: r[4], Best: r[8] == "best", Source: r[9]}
		p.Classes, _ = strconv.Atoi(r[2]) // empty is not known
		for i, text := range r[5:8] {
			p.Figures[i] = math.NaN()
			if v, err := strconv.ParseFloat(text+"e-2", 64); err == nil {
				p.Figures[i] = v
			}
		}
		out = append(out, p)
	}
	return out
})

// Beside is a published value with what was measured of the same model, class and data set.
type Beside struct {
	Published
	Detector string    // the column of the table; empty: the sweep has none of this model
	Here     [3]Spread // NaN without
	Rows     int       // classes that Here is of: those of the sweep for a mean, which is another mean unless they are all
}

// Published puts the published values of the sweep's data sets beside its own: those of the models that it has for each
// class, and those of all methods for the means.
func (t *Table) Published() (out []Beside) {
	for _, p := range publishedValues() {
		rows := t.rowsOf(p.Dataset, p.Class)
		if len(rows) == 0 {
			continue
		}
		columns := t.columnsOf(p.Model)
		for _, column := range columns {
			out = append(out, Beside{p, column, t.here(rows, column), len(rows)})
		}
		if len(columns) == 0 && p.Class == "" {
			nothing := spread(nil)
			out = append(out, Beside{Published: p, Here: [3]Spread{nothing, nothing, nothing}})
		}
	}
	return out
}

// rowsOf are the rows of a class of a data set, or of all its classes.
func (t *Table) rowsOf(dataset, class string) (rows []string) {
	for at, r := range t.cells {
		flags := r.Point.Flags
		if flags["dataset"] == dataset && (class == "" || flags["class"] == class) {
			rows = append(rows, at.row)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// columnsOf are the columns of a model.
func (t *Table) columnsOf(model string) (columns []string) {
	for at, r := range t.cells {
		if m := r.Point.Flags["model"]; m == model || m == "" && model == "msflow" {
			columns = append(columns, at.column)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// here are a column's figures, seed by seed the mean over the rows.
func (t *Table) here(rows []string, column string) (out [3]Spread) {
	part := &Table{Rows: rows, Columns: []string{column}, Seeds: t.Seeds, cells: t.cells}
	for figure := range out {
		out[figure] = part.Mean(column, figure)
	}
	return out
}
