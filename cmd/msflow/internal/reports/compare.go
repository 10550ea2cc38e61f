package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/metrics"
	"github.com/msflow-go/msflow/plots"
)

// Compared is a tested run as its folder has it.
type Compared struct {
	Name    string
	Info    *runs.Info
	Metrics detector.Metrics
	Scores  []results.Scored
}

func (c Compared) split() (scores []float64, anomalous []bool, parts []string) {
	for _, s := range c.Scores {
		scores, anomalous, parts = append(scores, s.Score), append(anomalous, s.Anomalous), append(parts, s.Part)
	}
	return scores, anomalous, parts
}

// Summary is what plots.Compare draws.
func (c Compared) Summary() (figures []string, values, low, high []float64) {
	for _, f := range detector.Figures() {
		if i := f.Interval(c.Metrics); i != nil {
			figures, values, low, high = append(figures, f.Name), append(values, f.Of(c.Metrics)), append(low, i[0]), append(high, i[1])
		}
	}
	return figures, values, low, high
}

// Compare is the report of several tested runs; differences are to the first.
func Compare(all []Compared) (*Page, error) {
	p := &Page{Title: fmt.Sprintf("%d runs compared", len(all)), Lead: "Intervals hold 95 % of what drawing the test's parts anew gives."}
	if len(all) == 1 {
		p.Title = "Run " + all[0].Name
	}
	figures := Section{ID: "figures", Title: "Figures", Tables: []Table{sideBySide(all)}}
	if len(all) > 1 {
		figures.Figures = []Picture{drawn(plots.Compare(all[0], others(all, func(c Compared) any { return c })...), true)}
		figures.Tables[0].Caption = "The best value of each line is marked; whether it is better is what the differences say"
	}
	p.Sections = append(p.Sections, figures)
	if len(all) > 1 {
		s, err := differences(all)
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, s)
	}
	curves, err := overlaid(all)
	if err != nil {
		return nil, err
	}
	p.Sections = append(p.Sections, curves)
	if kinds := kindsSideBySide(all); len(kinds.Rows) > 0 {
		p.Sections = append(p.Sections, Section{ID: "defects", Title: "Kinds of defect", Tables: []Table{kinds}})
	}
	p.Sections = append(p.Sections, settingsSideBySide(all))
	return p, nil
}

func others(all []Compared, of func(Compared) any) []plots.Option {
	opts := []plots.Option{plots.Name(all[0].Name)}
	for _, c := range all[1:] {
		opts = append(opts, plots.With(c.Name, of(c)))
	}
	return opts
}

func names(first string, all []Compared) []string {
	head := []string{first}
	for _, c := range all {
		head = append(head, c.Name)
	}
	return head
}

func sideBySide(all []Compared) Table {
	table := Table{Head: names("figure", all)}
	for _, f := range detector.Figures() {
		row, values := Row{Name: f.Name}, make([]float64, len(all))
		for i, c := range all {
			values[i] = f.Of(c.Metrics)
			cell := Cell{Text: percent(values[i])}
			if interval := f.Interval(c.Metrics); interval != nil {
				cell.Small = within(*interval)
			}
			row.Cells = append(row.Cells, cell)
		}
		if mark(row.Cells, values) {
			table.Rows = append(table.Rows, row)
		}
	}
	counts := Row{Name: "test images"}
	for _, c := range all {
		counts.Cells = append(counts.Cells, Cell{Text: fmt.Sprintf("%d normal, %d anomalous", c.Metrics.Normal, c.Metrics.Anomalous)})
	}
	table.Rows = append(table.Rows, counts)
	return table
}

// mark marks the largest of different values; false where there is no value.
func mark(cells []Cell, values []float64) bool {
	least, best, known := math.Inf(1), math.Inf(-1), 0
	for _, v := range values {
		if !math.IsNaN(v) {
			least, best, known = min(least, v), max(best, v), known+1
		}
	}
	for i, v := range values {
		if v == best && least < best {
			cells[i].Class = "best"
		}
	}
	return known > 0
}

// repeats is how often the parts are drawn for a difference's interval.
const repeats = 2000

// differences are those of the runs whose test images are the first one's: by the same draws of parts, so that what is hard for
// both cancels.
func differences(all []Compared) (Section, error) {
	s := Section{ID: "differences", Title: "Paired differences of det AUROC", Text: []string{
		"Each run less the first, in points, on the same images: the interval comes from drawing the same parts for both. Where it does not " +
			"contain 0, chance among test images does not explain the difference; chance among trainings (seeds) is another matter."}}
	table := Table{Head: []string{"run", "difference", "95 % interval", "verdict"}}
	for _, c := range all[1:] {
		if !sameImages(all[0].Scores, c.Scores) {
			table.Rows = append(table.Rows, Row{c.Name, []Cell{{Text: "–"}, {Text: "–"}, {Text: "the test images differ from the first run's", Class: "text"}}})
			continue
		}
		row, err := difference(all[0], c)
		if err != nil {
			return s, fmt.Errorf("comparing %s with %s: %w", c.Name, all[0].Name, err)
		}
		table.Rows = append(table.Rows, row)
	}
	s.Tables = []Table{table}
	return s, nil
}

func difference(first, c Compared) (Row, error) {
	before, labels, parts := first.split()
	after, _, _ := c.split()
	less := func(pick []int) (float64, error) {
		a, b, l := make([]float64, len(pick)), make([]float64, len(pick)), make([]bool, len(pick))
		for k, i := range pick {
			a[k], b[k], l[k] = before[i], after[i], labels[i]
		}
		old, err := metrics.AUROC(a, l)
		if err != nil {
			return 0, err
		}
		now, err := metrics.AUROC(b, l)
		return now - old, err
	}
	all := make([]int, len(labels))
	for i := range all {
		all[i] = i
	}
	at, err := less(all)
	if err != nil {
		return Row{}, err
	}
	i, err := metrics.Bootstrap{Repeats: repeats, Parts: parts}.Interval(labels, less)
	if err != nil {
		return Row{}, err
	}
	verdict := "cannot be told apart"
	if i.Low > 0 {
		verdict = "better"
	} else if i.High < 0 {
		verdict = "worse"
	}
	return Row{c.Name, []Cell{{Text: fmt.Sprintf("%+.2f", 100*at)}, {Text: fmt.Sprintf("%+.2f to %+.2f", 100*i.Low, 100*i.High)}, {Text: verdict, Class: "text"}}}, nil
}

func sameImages(a, b []results.Scored) bool {
	return slices.EqualFunc(a, b, func(x, y results.Scored) bool { return x.Name == y.Name && x.Anomalous == y.Anomalous })
}

// overlaid are the curves over each other.
func overlaid(all []Compared) (Section, error) {
	rankings := map[string]*metrics.Ranking{}
	for _, c := range all {
		scores, labels, _ := c.split()
		r, err := metrics.Rank(scores, labels)
		if err != nil {
			return Section{}, fmt.Errorf("the scores of %s: %w", c.Name, err)
		}
		rankings[c.Name] = r
	}
	first, opts := rankings[all[0].Name], others(all, func(c Compared) any { return rankings[c.Name] })
	return Section{ID: "curves", Title: "Curves", Figures: []Picture{drawn(plots.ROC(first, opts...), false), drawn(plots.PR(first, opts...), false)}}, nil
}

func kindsSideBySide(all []Compared) Table {
	table := Table{Caption: "det AUROC of each kind against all normal images", Head: names("kind", all)}
	kinds := map[string]bool{}
	for _, c := range all {
		for _, k := range c.Metrics.Defects {
			kinds[k.Defect] = true
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		row, values := Row{Name: kind}, make([]float64, len(all))
		for i, c := range all {
			values[i] = math.NaN()
			cell := Cell{Text: "–"}
			for _, k := range c.Metrics.Defects {
				if k.Defect == kind {
					values[i], cell = k.DetAUROC, Cell{Text: percent(k.DetAUROC), Small: within(k.DetAUROCCI)}
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		mark(row.Cells, values)
		table.Rows = append(table.Rows, row)
	}
	return table
}

// settingsSideBySide shows which settings differ.
func settingsSideBySide(all []Compared) Section {
	differ, equal := Table{Head: names("setting", all)}, Table{Folded: "Settings that all have", Head: []string{"setting", "value"}}
	id := Row{Name: "run"}
	flags := map[string]bool{}
	for _, c := range all {
		id.Cells = append(id.Cells, Cell{Text: c.Info.Run, Class: "text"})
		for name := range c.Info.Flags {
			flags[name] = true
		}
	}
	differ.Rows = []Row{id}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		row, same := Row{Name: "--" + name}, true
		for _, c := range all {
			row.Cells = append(row.Cells, Cell{Text: c.Info.Flags[name], Class: "text"})
			same = same && c.Info.Flags[name] == all[0].Info.Flags[name]
		}
		if same {
			equal.Rows = append(equal.Rows, Row{row.Name, row.Cells[:1]})
		} else {
			differ.Rows = append(differ.Rows, row)
		}
	}
	return Section{ID: "settings", Title: "Settings", Tables: []Table{differ, equal}}
}
