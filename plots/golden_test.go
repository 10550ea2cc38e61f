package plots_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// golden checks all that a figure promises, and its picture against testdata/NAME_golden.png. Look at a new picture
// before keeping it.
func golden(t *testing.T, name string, f *plots.Figure) {
	t.Helper()
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	if f.String() == "" {
		t.Error("the figure has no alternative text")
	}
	picture := f.PNG()
	if !bytes.Equal(picture, f.PNG()) {
		t.Error("two PNGs of one figure differ")
	}
	checkSVG(t, f)
	checkCSV(t, f)
	m := decode(t, picture)
	checkMargin(t, m)
	path := filepath.Join("testdata", name+"_golden.png")
	if *update {
		if err := os.WriteFile(path, picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := differ(m, decode(t, want)); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// differ allows for the rounding of other processors: a few pixels in a thousand may be off visibly.
func differ(a, b image.Image) error {
	if a.Bounds() != b.Bounds() {
		return fmt.Errorf("%v instead of %v pixels", a.Bounds().Max, b.Bounds().Max)
	}
	off, all := 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := rgb(a.At(x, y)), rgb(b.At(x, y))
			all++
			for k := range p {
				if max(p[k], q[k])-min(p[k], q[k]) > 16 {
					off++
					break
				}
			}
		}
	}
	if off*500 > all {
		return fmt.Errorf("%d of %d pixels differ", off, all)
	}
	return nil
}

func rgb(c color.Color) [3]uint8 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return [3]uint8{n.R, n.G, n.B}
}

// checkMargin fails when something touches the edge, and so may be cut off.
func checkMargin(t *testing.T, m image.Image) {
	t.Helper()
	b := m.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			edge := x < 3 || y < 3 || x >= b.Dx()-3 || y >= b.Dy()-3
			if edge && rgb(m.At(x, y)) != [3]uint8{255, 255, 255} {
				t.Fatalf("something is drawn at the edge, pixel %d,%d of %v", x, y, b.Max)
			}
		}
	}
}

// checkSVG parses the document and looks for what would not survive on another machine.
func checkSVG(t *testing.T, f *plots.Figure) {
	t.Helper()
	doc := f.SVG()
	if doc != f.SVG() {
		t.Error("two SVGs of one figure differ")
	}
	for _, word := range []string{"NaN", "Inf", "font"} {
		if strings.Contains(stripData(doc), word) {
			t.Errorf("the SVG contains %q", word)
		}
	}
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "text" {
			t.Fatal("the SVG contains text, which needs a font")
		}
	}
}

// stripData removes the pictures inside an SVG.
func stripData(doc string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(doc, "base64,")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, doc, _ = strings.Cut(after, `"`)
	}
}

func checkCSV(t *testing.T, f *plots.Figure) {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll() // all rows of one length
	if err != nil || len(rows) < 2 {
		t.Fatalf("CSV of %d lines, error %v", len(rows), err)
	}
}

// A changed picture must be noticed, a moved line as well as a changed colour.
func TestDifferNotices(t *testing.T) {
	a := plots.ROC(sampleRanking(0)).Image()
	if err := differ(a, plots.ROC(sampleRanking(0.001)).Image()); err != nil {
		t.Logf("tiny change: %v", err)
	}
	if differ(a, plots.ROC(sampleRanking(0.1)).Image()) == nil || differ(a, plots.PR(sampleRanking(0)).Image()) == nil {
		t.Error("another curve passes for the same")
	}
	if differ(a, plots.ROC(sampleRanking(0)).Size(500, 500).Image()) == nil {
		t.Error("another size passes for the same")
	}
}
