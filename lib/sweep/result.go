package sweep

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Result is what a complete point gave, as fractions; NaN where its test images have no masks.
type Result struct {
	Point   Point
	Figures [3]float64 // in the order of Figures
}

// Figures names the columns of a table.
var Figures = [3]string{"det AUROC", "loc AUROC", "AUPRO"}

// Results reads the figures of a sweep's complete points, those of the last epoch, and counts the others.
func (f Folder) Results() (results []Result, missing int, err error) {
	points, err := f.Points()
	if err != nil {
		return nil, 0, err
	}
	for _, p := range points {
		if f.State(p) != Complete {
			missing++
			continue
		}
		r, err := f.result(p)
		if err != nil {
			return nil, 0, err
		}
		results = append(results, r)
	}
	return results, missing, nil
}

func (f Folder) result(p Point) (Result, error) {
	path := filepath.Join(f.Run(p), "eval", "metrics.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("reading a point's figures: %w", err)
	}
	var m struct {
		Det   *float64 `json:"det_auroc"`
		Loc   *float64 `json:"loc_auroc"`
		AUPRO *float64 `json:"aupro"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Result{}, fmt.Errorf("reading a point's figures: %s: %w", path, err)
	}
	r := Result{Point: p}
	for i, v := range []*float64{m.Det, m.Loc, m.AUPRO} {
		r.Figures[i] = math.NaN()
		if v != nil {
			r.Figures[i] = *v
		}
	}
	return r, nil
}

// Table is a sweep's results: a row for each class of objects, a column for each kind of detector.
type Table struct {
	Rows    []string // classes of objects
	Columns []string // what differs between points besides class and seed
	Seeds   []string
	cells   map[cell][3]float64
	Missing int // points without figures yet
}

// cell is one training.
type cell struct{ row, column, seed string }

// objects are the flags that say what is looked at; all others but the seed say by what.
var objects = []string{"dataset", "data", "class"}

// NewTable sorts results into rows and columns. Flags that are the same everywhere are left out of the names.
func NewTable(results []Result, missing int) *Table {
	t := &Table{cells: map[cell][3]float64{}, Missing: missing}
	var all []map[string]string
	for _, r := range results {
		all = append(all, r.Point.Flags)
	}
	varying := differing(all)
	for _, r := range results {
		c := cell{name(r.Point.Flags, varying, true), name(r.Point.Flags, varying, false), r.Point.Flags["seed"]}
		t.cells[c] = r.Figures
		t.Rows, t.Columns, t.Seeds = append(t.Rows, c.row), append(t.Columns, c.column), append(t.Seeds, c.seed)
	}
	for _, names := range []*[]string{&t.Rows, &t.Columns, &t.Seeds} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return t
}

// differing are the flags whose values are not the same in all points.
func differing(points []map[string]string) map[string]bool {
	out := map[string]bool{}
	for _, p := range points {
		for _, q := range points[:1] {
			for _, flag := range slices.Concat(slices.Collect(maps.Keys(p)), slices.Collect(maps.Keys(q))) {
				if p[flag] != q[flag] {
					out[flag] = true
				}
			}
		}
	}
	return out
}

// name is what a point is called in a row (of the objects) or in a column (of all else but the seed).
func name(flags map[string]string, varying map[string]bool, row bool) string {
	var parts []string
	for _, flag := range slices.Sorted(maps.Keys(varying)) {
		if v := flags[flag]; flag != "seed" && slices.Contains(objects, flag) == row {
			switch {
			case v == "":
				parts = append(parts, "default "+flag)
			case slices.Contains(naming, flag):
				parts = append(parts, v)
			default:
				parts = append(parts, flag+" "+v)
			}
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	for _, flag := range []string{"class", "dataset"} {
		if v := flags[flag]; row && v != "" {
			return v
		}
	}
	if v := flags["model"]; !row && v != "" {
		return v
	}
	return map[bool]string{true: "all", false: "msflow"}[row]
}

// Cell is the figures of a class and a kind of detector, one for each seed that is complete.
func (t *Table) Cell(row, column string) (figures [][3]float64) {
	for _, seed := range t.Seeds {
		if v, ok := t.cells[cell{row, column, seed}]; ok {
			figures = append(figures, v)
		}
	}
	return figures
}

// Spread is a mean with its standard deviation over seeds, and their number.
type Spread struct {
	Mean, Deviation float64
	Seeds           int
}

// Spread is one figure of a cell.
func (t *Table) Spread(row, column string, figure int) Spread {
	var values []float64
	for _, v := range t.Cell(row, column) {
		values = append(values, v[figure])
	}
	return spread(values)
}

// Mean is one figure's mean over the classes, seed by seed: how the mean of a paper's table varies. Seeds that lack a class
// are left out.
func (t *Table) Mean(column string, figure int) Spread {
	var values []float64
	for _, seed := range t.Seeds {
		sum, n := 0.0, 0
		for _, row := range t.Rows {
			if v, ok := t.cells[cell{row, column, seed}]; ok {
				sum, n = sum+v[figure], n+1
			}
		}
		if n == len(t.Rows) {
			values = append(values, sum/float64(n))
		}
	}
	return spread(values)
}

func spread(values []float64) Spread {
	s := Spread{Mean: math.NaN(), Deviation: math.NaN(), Seeds: len(values)}
	if len(values) == 0 {
		return s
	}
	s.Mean = 0
	for _, v := range values {
		s.Mean += v / float64(len(values))
	}
	if len(values) > 1 {
		squares := 0.0
		for _, v := range values {
			squares += (v - s.Mean) * (v - s.Mean)
		}
		s.Deviation = math.Sqrt(squares / float64(len(values)-1))
	}
	return s
}
