package sweep

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/seal"
)

func made(class, model, seed string, det float64) Result {
	flags := map[string]string{"class": class, "model": model, "seed": seed, "size": "64"}
	return Result{Point: Point{Flags: flags}, Figures: [3]float64{det, math.NaN(), det / 2}}
}

func TestTable(t *testing.T) {
	table := NewTable([]Result{
		made("gear", "msflow", "1", 0.9), made("gear", "msflow", "2", 0.8), made("fabric", "msflow", "1", 0.7),
		made("gear", "padim", "1", 0.6), made("fabric", "padim", "1", 0.5),
	}, 3)
	if s := table.Spread("gear", "msflow", 0); math.Abs(s.Mean-0.85) > 1e-12 || math.Abs(s.Deviation-0.1/math.Sqrt2) > 1e-12 || s.Seeds != 2 {
		t.Errorf("%+v", s)
	}
	if m := table.Mean("msflow", 0); math.Abs(m.Mean-0.8) > 1e-12 || m.Seeds != 1 { // seed 2 lacks a class
		t.Errorf("%+v", m)
	}
	var b bytes.Buffer
	for _, format := range Formats() {
		if err := table.Write(&b, format); err != nil {
			t.Error(err)
		}
	}
	text := b.String()
	for _, want := range []string{"| gear | 85.0 ± 7.1 | – | 42.5 ± 3.5 | 60.0 |", "3 points of the sweep have no figures yet", `gear & 85.0 $\pm$ 7.1 & – &`, "msflow − padim"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	b.Reset()
	if err := table.Write(&b, "csv"); err != nil {
		t.Fatal(err)
	}
	if lines, err := csv.NewReader(&b).ReadAll(); err != nil || len(lines) != 6 || lines[1][0] != "fabric" || lines[1][4] != "" {
		t.Errorf("%v, %v", lines, err)
	}
	if table.Write(&b, "html") == nil {
		t.Error("an unknown format was taken")
	}
}

// Before any point is complete there is no table, and one sentence says why.
func TestTableOfNothing(t *testing.T) {
	for format, want := range map[string]string{"markdown": "No point of the sweep", "latex": "% No point of the sweep", "csv": "class,"} {
		var b strings.Builder
		if err := NewTable(nil, 3).Write(&b, format); err != nil || !strings.HasPrefix(b.String(), want) || strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%s: %q, %v", format, b.String(), err)
		}
	}
}

// Every difference is one of the two models' by as much; signs can be flipped in 2⁴ ways, of which two reach it.
func TestComparison(t *testing.T) {
	var results []Result
	for i, class := range []string{"a", "b"} {
		for j, seed := range []string{"1", "2"} {
			base := 0.5 + 0.1*float64(i) + 0.03*float64(j)
			results = append(results, made(class, "msflow", seed, base+0.1), made(class, "padim", seed, base))
		}
	}
	all := NewTable(results, 0).Compare()
	if len(all) != 2 { // there are no pixel figures but AUPRO
		t.Fatalf("%+v", all)
	}
	c := all[0]
	if math.Abs(c.Difference-0.1) > 1e-9 || math.Abs(c.Low-0.1) > 1e-9 || math.Abs(c.High-0.1) > 1e-9 || c.Pairs != 4 {
		t.Errorf("%+v", c)
	}
	if math.Abs(c.P-2*2.0/16) > 1e-9 { // twice, by Holm's correction for two comparisons
		t.Errorf("p %v", c.P)
	}
}

// Where nothing differs, p is near one; where much does in many trainings, near nothing.
func TestManyTrainingsAreDrawn(t *testing.T) {
	for shift, within := range map[float64][2]float64{0: {0.2, 1}, 0.5: {0, 0.01}} {
		var results []Result
		for i := range 30 {
			noise := 0.1 * math.Sin(float64(7*i))
			seed := strings.Repeat("1", i+1)
			results = append(results, made("a", "x", seed, 0.4+shift+noise), made("a", "y", seed, 0.4))
		}
		if c := NewTable(results, 0).Compare()[0]; c.P < within[0] || c.P > within[1] {
			t.Errorf("a shift of %v has p %v", shift, c.P)
		}
	}
}

// A folder shows how far a point is; one that was renamed, or whose point was changed, is refused.
func TestFolder(t *testing.T) {
	f := Folder(t.TempDir())
	p := Point{Flags: map[string]string{"class": "gear"}}
	if err := f.Prepare(&Plan{Points: []Point{p}}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		file string
		want State
	}{{"", Waiting}, {"checkpoint.safetensors", Begun}, {"detector.safetensors", Trained}, {"eval/metrics.json", Complete}} {
		if s.file != "" {
			if err := seal.Write(filepath.Join(f.Run(p), s.file), &sealedFigures{Det: 0.5}); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.State(p); got != s.want {
			t.Errorf("with %q it is %v", s.file, got)
		}
	}
	results, missing, err := f.Results()
	if err != nil || missing != 0 || len(results) != 1 || results[0].Figures[0] != 0.5 || !math.IsNaN(results[0].Figures[1]) {
		t.Errorf("%v, %d, %v", results, missing, err)
	}
	metrics := filepath.Join(f.Run(p), "eval", "metrics.json")
	written, err := os.ReadFile(metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"{", `{"det_auroc": 0.9}`, strings.Replace(string(written), "0.5", "0.9", 1)} { // cut, without a checksum, edited
		if err := os.WriteFile(metrics, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Results(); err == nil || !strings.Contains(err.Error(), metrics) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := os.Rename(f.Run(p), filepath.Join(string(f), "other")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Points(); err == nil || !strings.Contains(err.Error(), "other") {
		t.Error(err)
	}
	if _, err := Folder(t.TempDir()).Points(); err == nil {
		t.Error("an empty folder is a sweep")
	}
}
