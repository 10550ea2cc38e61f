package reports

import (
	"crypto/sha256"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/plots"
)

// Test is a tested run.
type Test struct {
	Folder   runs.Folder
	Info     *runs.Info
	Detector *detector.Detector
	Data     *datasets.Data
	Alike    []datasets.Alike // test images that look like a training image
	Result   *detector.Result
}

// Page is the report of a tested run.
func (t Test) Page() *Page {
	m := t.Result.Metrics
	p := &Page{
		Title: t.Data.Name + " – " + t.Detector.Config.Model,
		Lead: fmt.Sprintf("Run %s: %d normal and %d anomalous test images of %d parts. Intervals hold 95 %% of what drawing the parts anew gives.",
			t.Info.Run, m.Normal, m.Anomalous, m.Parts),
		Cards: t.cards(),
		Sections: []Section{
			{ID: "verdicts", Title: "Verdicts", Tables: []Table{t.verdicts()}, List: m.Notes},
			{ID: "figures", Title: "Figures", Tables: []Table{figureTable(m)}},
		},
	}
	if len(m.Defects) > 0 {
		kinds := Section{ID: "defects", Title: "Kinds of defect", Tables: []Table{defectTable(m.Defects)}}
		if len(m.Defects) > 1 {
			kinds.Figures = []Picture{drawn(plots.Classes(m.Defects, plots.Title("Each kind of defect against all normal images")), true)}
		}
		p.Sections = append(p.Sections, kinds)
	}
	p.Sections = append(p.Sections, t.curves(), t.explorer(), t.data(), t.settings())
	return p
}

func (t Test) cards() (cards []Card) {
	m := t.Result.Metrics
	for _, f := range detector.Figures() {
		if i := f.Interval(m); i != nil {
			cards = append(cards, Card{Name: f.Name, Value: percent(f.Of(m)), Note: within(*i), Range: line(f.Of(m), *i)})
		}
	}
	return cards
}

// verdicts counts what is called anomalous from each threshold on.
func (t Test) verdicts() Table {
	table := Table{
		Caption: "Images that reach a threshold; the shares have exact 95 % intervals of a proportion",
		Head:    []string{"threshold", "score", "false alarms of the normal images", "found of the anomalous images"},
		Rows:    []Row{t.reach("best F1 on these test images", t.Result.DetThreshold)},
	}
	if c := t.Detector.Calibration(); c != nil {
		table.Rows = append(table.Rows, t.reach(fmt.Sprintf("%.3g %% of normal images expected (%s)", 100*c.FalseAlarmShare(), c), c.Verdict()))
	}
	return table
}

func (t Test) reach(name string, threshold float64) Row {
	normal, anomalous := 0, 0
	for _, p := range t.Result.Images {
		if p.Score >= threshold && p.Anomalous {
			anomalous++
		} else if p.Score >= threshold {
			normal++
		}
	}
	share := func(k, n int) Cell {
		return Cell{Text: fmt.Sprintf("%d of %d, %.1f %%", k, n, 100*float64(k)/float64(n)), Small: within(results.Proportion(k, n))}
	}
	return Row{name, []Cell{{Text: fmt.Sprintf("%.4g", threshold)}, share(normal, t.Result.Normal), share(anomalous, t.Result.Anomalous)}}
}

// figureTable is a result's table.
func figureTable(m detector.Metrics) Table {
	table := Table{Head: []string{"figure", "value", "95 % interval", "at, of"}}
	for _, f := range detector.Figures() {
		if math.IsNaN(f.Of(m)) {
			continue
		}
		interval := ""
		if i := f.Interval(m); i != nil {
			interval = within(*i)
		}
		table.Rows = append(table.Rows, Row{f.Name, []Cell{{Text: percent(f.Of(m))}, {Text: interval}, {Text: f.Note(m), Class: "text"}}})
	}
	return table
}

func defectTable(kinds detector.Defects) Table {
	table := Table{
		Caption: "Each kind against all normal images; found: scores from the best-F1 threshold on",
		Head:    []string{"kind", "images", "parts", "found", "det AUROC", "loc AUROC", "AUPRO"},
	}
	orNaN := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	for _, k := range kinds {
		table.Rows = append(table.Rows, Row{k.Defect, []Cell{
			{Text: strconv.Itoa(k.Images)}, {Text: strconv.Itoa(k.Parts)},
			{Text: strconv.Itoa(k.Found), Small: within(results.Proportion(k.Found, k.Images))},
			{Text: percent(k.DetAUROC), Small: within(k.DetAUROCCI)}, {Text: percent(orNaN(k.LocAUROC))}, {Text: percent(orNaN(k.AUPRO))},
		}})
	}
	return table
}

func (t Test) curves() Section {
	r := t.Result
	s := Section{ID: "curves", Title: "Curves", Figures: []Picture{drawn(plots.Scores(r), false), drawn(plots.ROC(r), false), drawn(plots.PR(r), false)}}
	if r.PixelMetrics != nil {
		s.Figures = append(s.Figures, drawn(plots.PRO(r), false))
	}
	if losses := plots.Training(t.Detector); losses.Err() == nil {
		s.Figures = append(s.Figures, drawn(losses, true))
	}
	return s
}

// explored is how many images the explorer shows: those whose verdicts are worst.
const explored = 48

func (t Test) explorer() Section {
	n := min(explored, len(t.Result.Images))
	s := Section{ID: "maps", Title: "Maps", Text: []string{fmt.Sprintf("The %d images with the worst verdicts of %d. The threshold and the level can be moved; "+
		"the counts are of all images.", n, len(t.Result.Images))}}
	page := plots.Explorer(t.Result, plots.Worst(n))
	if err := page.Err(); err != nil {
		s.Text = []string{"The explorer could not be made: " + err.Error()}
		return s
	}
	s.Explorer = template.HTML(page.HTML())
	return s
}

// looks says in what size the pictures are looked at.
func (t Test) looks() string {
	c := t.Detector.Config
	size := fmt.Sprintf("%d×%d pixels", c.Size[1], c.Size[0])
	if c.Frame != nil && c.Frame.Tile != 0 {
		return "tiles of " + size
	}
	return size
}

// alikeShown is how many near-duplicates are listed.
const alikeShown = 20

func (t Test) data() Section {
	d := t.Data
	s := Section{ID: "data", Title: "Data", List: d.Notes, Text: []string{fmt.Sprintf(
		"%d training, %d validation and %d test images (%d anomalous), looked at in %s. %d test images look like a training image.",
		len(d.Train), len(d.Validation), len(d.Test), d.Test.Anomalous(), t.looks(), len(t.Alike))}}
	if len(t.Alike) == 0 {
		return s
	}
	table := Table{Folded: "Test images that look like a training image", Head: []string{"test image", "training image", "bits of 256 that differ"}}
	for _, a := range t.Alike[:min(alikeShown, len(t.Alike))] {
		table.Rows = append(table.Rows, Row{a.Test.Name, []Cell{{Text: a.Train.Name, Class: "text"}, {Text: strconv.Itoa(a.Distance)}}})
	}
	s.Tables = []Table{table}
	return s
}

// settings are the flags, those that the command line named first, and what the run is known by.
func (t Test) settings() Section {
	i := t.Info
	known := Table{Rows: []Row{
		{"folder", []Cell{{Text: string(t.Folder), Class: "text"}}}, {"run", []Cell{{Text: i.Run, Class: "text"}}},
		{"detector, SHA-256", []Cell{{Text: t.Detector.Sum, Class: "text"}}}, {"test images, SHA-256", []Cell{{Text: sumOf(t.Info.Data), Class: "text"}}},
		{"trained by", []Cell{{Text: i.Program, Class: "text"}}}, {"computed on", []Cell{{Text: t.Detector.Device(), Class: "text"}}},
	}}
	given := Table{Caption: "Given on the command line"}
	rest := Table{Folded: "All other settings"}
	for _, name := range slices.Sorted(maps.Keys(i.Flags)) {
		row := Row{"--" + name, []Cell{{Text: i.Flags[name], Class: "text"}}}
		if slices.Contains(i.Given, name) {
			given.Rows = append(given.Rows, row)
		} else {
			rest.Rows = append(rest.Rows, row)
		}
	}
	return Section{ID: "settings", Title: "Settings and fingerprint", Tables: []Table{known, given, rest}}
}

// sumOf is a checksum of the test images' names and contents: equal for equal tests.
func sumOf(d *datasets.Division) string {
	if d == nil {
		return "–"
	}
	h := sha256.New()
	for _, e := range d.Test {
		fmt.Fprintf(h, "%q %s\n", e.Name, e.SHA256)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
