package plots_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestExplorerIsSelfContained(t *testing.T) {
	page := plots.Explorer(sampleGallery())
	if page.Err() != nil {
		t.Fatal(page.Err())
	}
	if page.HTML() != plots.Explorer(sampleGallery()).HTML() {
		t.Error("the same data give other bytes")
	}
	if found := regexp.MustCompile(`(?i)https?://|src=.//|<link|<script[^>]+src|@import|fetch\(|XMLHttpRequest`).FindString(stripData(page.HTML())); found != "" {
		t.Errorf("the page loads something: %q", found)
	}
}

// What the script reads must be the result: every score, and map values within half a step.
func TestExplorerHoldsTheResult(t *testing.T) {
	g := sampleGallery()
	data := explorerData(t, plots.Explorer(g, plots.Chosen(4, 1)))
	if len(data.Scores) != 6 || data.Scores[2] != 0.4 || !data.Anomalous[2] || data.Threshold != 0.5 {
		t.Errorf("scores %v, threshold %v", data.Scores, data.Threshold)
	}
	if len(data.Images) != 2 || data.Images[0].Index != 4 || len(data.Maps) != 4 {
		t.Fatalf("%d images, %d maps", len(data.Images), len(data.Maps))
	}
	fused, kind := decoded(t, data.Images[0].Maps[0].Q), data.Maps[0]
	step := (kind.High - kind.Low) / 255
	for i, q := range fused {
		if d := kind.Low + float64(q)*step - float64(g.maps[4][i]); d > step*0.51 || d < -step*0.51 {
			t.Fatalf("pixel %d is off by %v", i, d)
		}
		if over := float64(g.maps[4][i]) >= 2+step; over && int(q) < kind.Level {
			t.Fatalf("pixel %d of value %v is not in the mask", i, g.maps[4][i])
		}
	}
	for i, v := range decoded(t, data.Images[0].Truth) {
		if v != g.truths[4][i] {
			t.Fatalf("truth at %d is %d", i, v)
		}
	}
}

type explorerContent struct {
	Scores    []float64
	Anomalous []bool
	Threshold float64
	Maps      []struct {
		Low, High float64
		Level     int
	}
	Images []struct {
		Index int
		Truth string
		Maps  []struct {
			H, W int
			Q    string
		}
	}
}

func explorerData(t *testing.T, p *plots.Page) (c explorerContent) {
	t.Helper()
	_, rest, _ := strings.Cut(p.HTML(), `data-part="data">`)
	text, _, found := strings.Cut(rest, "</script>")
	if !found {
		t.Fatal("the page has no data")
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hostile has a name that would end the script or the attribute it stands in.
type hostile struct{ gallery }

func (hostile) Picture(int) (string, image.Image, error) {
	return `</script><script>alert(1)</script>"`, image.NewGray(image.Rect(0, 0, 8, 6)), nil
}

func TestExplorerEscapesNames(t *testing.T) {
	page := plots.Explorer(hostile{sampleGallery()}, plots.Title("<b>"))
	if strings.Contains(page.HTML(), "<script>alert") || strings.Contains(page.HTML(), "<b><b>") {
		t.Error("a name is read as HTML")
	}
}

func TestExplorerSaves(t *testing.T) {
	dir := t.TempDir()
	page := plots.Explorer(sampleGallery())
	for _, name := range []string{"e.html", "e.csv"} {
		if err := page.Save(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "e.html")); err != nil || !strings.HasPrefix(string(b), "<!DOCTYPE html>") {
		t.Error("not a document", err)
	}
	if page.Save(filepath.Join(dir, "e.png")) == nil {
		t.Error("a page was saved as PNG")
	}
	broken := plots.Explorer(sampleGallery(), plots.Chosen(99))
	if broken.Err() == nil || !errors.Is(broken.Save(filepath.Join(dir, "x.html")), broken.Err()) {
		t.Errorf("image 99 of 6: %v", broken.Err())
	}
}
