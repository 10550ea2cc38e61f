package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/seal"
)

// Result is what a complete point gave, as fractions; NaN where its test images have no masks.
type Result struct {
	Point   Point
	Figures [3]float64  // at the last epoch, in the order of Figures
	Best    *[3]float64 // each at its own best test epoch, as published tables have it; nil: the epochs were not tested
	Epochs  []Epoch     // how it got there; none of models that are fitted in one go
}

// Epoch is what a training recorded after an epoch, by the names of log.jsonl and metrics.json: loss, held_out_loss, det_auroc …
type Epoch struct {
	Epoch  int
	Values map[string]float64
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
		if p.Command != "" {
			continue
		}
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

// keys are the names of Figures in files.
var keys = [3]string{"det_auroc", "loc_auroc", "aupro"}

// Table is NewTable of the sweep's results.
func (f Folder) Table() (*Table, error) {
	results, missing, err := f.Results()
	if err != nil {
		return nil, err
	}
	return NewTable(results, missing), nil
}

func (f Folder) result(p Point) (Result, error) {
	var figures, best struct {
		keyed
		Judged []judged `json:"judged"`
		Best   keyed    `json:"best_on_test_set"`
	}
	dir := f.Run(p)
	if err := readFigures(filepath.Join(dir, "eval", "metrics.json"), &figures); err != nil {
		return Result{}, err
	}
	r := Result{Point: p, Figures: figures.figures()}
	epochs, err := readLog(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		return Result{}, err
	}
	switch err := readFigures(filepath.Join(dir, "best_epoch.json"), &best); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return Result{}, err
	default:
		values := best.Best.figures()
		r.Best = &values
	}
	r.Epochs = withJudged(epochs, best.Judged)
	return r, nil
}

// keyed are a point's figures in a file; those that it does not have are null or left out.
type keyed struct {
	Det   *float64 `json:"det_auroc"`
	Loc   *float64 `json:"loc_auroc"`
	AUPRO *float64 `json:"aupro"`
}

func (k keyed) figures() (out [3]float64) {
	for i, v := range []*float64{k.Det, k.Loc, k.AUPRO} {
		out[i] = math.NaN()
		if v != nil {
			out[i] = *v
		}
	}
	return out
}

// judged are the test figures after an epoch.
type judged struct {
	Epoch   int   `json:"epoch"`
	Figures keyed `json:"figures"`
}

func readFigures(path string, into any) error {
	if err := seal.Read(path, into); err != nil {
		return fmt.Errorf("a point's figures: %w", err)
	}
	return nil
}

// readLog reads the losses of a training's epochs; models that are fitted in one go have none.
func readLog(path string) (epochs []Epoch, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a point's epochs: %w", err)
	}
	for line := range bytes.Lines(text) {
		var e struct {
			Epoch   int     `json:"epoch"`
			Loss    float64 `json:"loss"`
			HeldOut float64 `json:"held_out_loss"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("reading a point's epochs: %s: %w", path, err)
		}
		values := map[string]float64{"loss": e.Loss}
		if e.HeldOut != 0 {
			values["held_out_loss"] = e.HeldOut
		}
		epochs = append(epochs, Epoch{e.Epoch, values})
	}
	return epochs, nil
}

// withJudged adds the test figures to the epochs that were tested.
func withJudged(epochs []Epoch, all []judged) []Epoch {
	for _, j := range all {
		i := slices.IndexFunc(epochs, func(e Epoch) bool { return e.Epoch == j.Epoch })
		if i < 0 {
			continue
		}
		for k, v := range j.Figures.figures() {
			if !math.IsNaN(v) {
				epochs[i].Values[keys[k]] = v
			}
		}
	}
	return epochs
}

// Table is a sweep's results: a row for each class of objects, a column for each kind of detector.
type Table struct {
	Rows    []string // classes of objects
	Columns []string // what differs between points besides class and seed
	Seeds   []string
	Missing int // points without figures yet
	cells   map[cell]Result
}

// cell is one training.
type cell struct{ row, column, seed string }

// objects are the flags that say what is looked at; all others but the seed say by what.
var objects = []string{"dataset", "data", "class"}

// NewTable sorts results into rows and columns. Flags that are the same everywhere are left out of the names.
func NewTable(results []Result, missing int) *Table {
	t := &Table{cells: map[cell]Result{}, Missing: missing}
	var all []map[string]string
	for _, r := range results {
		all = append(all, r.Point.Flags)
	}
	varying := differing(all)
	for _, r := range results {
		c := cell{name(r.Point.Flags, varying, true), name(r.Point.Flags, varying, false), r.Point.Flags["seed"]}
		t.cells[c] = r
		t.Rows, t.Columns, t.Seeds = append(t.Rows, c.row), append(t.Columns, c.column), append(t.Seeds, c.seed)
	}
	for _, names := range []*[]string{&t.Rows, &t.Columns, &t.Seeds} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return t
}

// Best is the table of the best test epochs, each figure at its own, of the trainings that were tested after their epochs; nil
// without any. They were chosen by the test images themselves, as published tables do, and so are too good by construction.
func (t *Table) Best() *Table {
	best := &Table{Columns: t.Columns, Rows: t.Rows, Seeds: t.Seeds, cells: map[cell]Result{}}
	for at, r := range t.cells {
		if r.Best != nil {
			r.Figures = *r.Best
			best.cells[at] = r
		}
	}
	if len(best.cells) == 0 {
		return nil
	}
	return best
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
			figures = append(figures, v.Figures)
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
	return spread(t.values(row, column, figure))
}

func (t *Table) values(row, column string, figure int) (values []float64) {
	for _, v := range t.Cell(row, column) {
		values = append(values, v[figure])
	}
	return values
}

// Mean is one figure's mean over the classes, seed by seed: how the mean of a paper's table varies. Seeds that lack a class
// are left out.
func (t *Table) Mean(column string, figure int) Spread {
	var values []float64
	for _, seed := range t.Seeds {
		sum, n := 0.0, 0
		for _, row := range t.Rows {
			if v, ok := t.cells[cell{row, column, seed}]; ok {
				sum, n = sum+v.Figures[figure], n+1
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
