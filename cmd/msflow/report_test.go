package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The pages load nothing, show what they are told as text, and are replaced only by reports.
func TestReports(t *testing.T) {
	work := t.TempDir()
	a, b := filepath.Join(work, "a"), filepath.Join(work, `<b>&"b`)
	for i, folder := range []string{a, b} {
		must(t, "train", "--dataset", "synthetic", "--class", "gear", "--size", "64", "--counts", "12,4,6", "--epochs", "1", "--blocks", "1,1,2",
			"--cond", "8", "--seed", fmt.Sprint(i+1), "--out", folder)
	}
	page := filepath.Join(work, "a.html")
	must(t, "eval", a, "--maps=false", "--rows", "0", "--report", page)
	must(t, "eval", b, "--maps=false", "--rows", "0")
	text := checkPage(t, page)
	for _, want := range []string{"synthetic/gear", "det AUROC", "AUPRO 30 %", "Kinds of defect", "scratch", "--epochs", "look like a training image"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of a run does not have %q", want)
		}
	}
	both := filepath.Join(work, "both.html")
	must(t, "report", a, b, "-o", both)
	text = checkPage(t, both)
	for _, want := range []string{b, "Paired differences", "--seed", "Settings that all have", "--size"} {
		if !strings.Contains(text, want) {
			t.Errorf("the comparison does not have %q", want)
		}
	}
	must(t, "report", b, "-o", both)
	mine := filepath.Join(work, "mine.html")
	if err := os.WriteFile(mine, []byte("<p>mine</p>"), 0o644); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"--overwrite"}, "report", a, "-o", mine)
	refuse(t, []string{"--overwrite"}, "eval", a, "--report", mine)
	refuse(t, []string{"a pipe or a device"}, "report", a, "-o", os.DevNull)
	refuse(t, []string{"a pipe or a device"}, "eval", a, "--overwrite", "--report", os.DevNull)
	refuse(t, []string{"named twice"}, "report", a, a, "-o", both)
	scores := filepath.Join(b, "eval", "scores.csv")
	lines := strings.SplitAfter(readText(t, scores), "\n")
	for _, kept := range [][]string{nil, lines[:1], lines[:len(lines)-2]} { // empty, without images, without the last
		if err := os.WriteFile(scores, []byte(strings.Join(kept, "")), 0o666); err != nil {
			t.Fatal(err)
		}
		refuse(t, []string{scores, "msflow eval"}, "report", a, b, "-o", both)
	}
	if err := os.RemoveAll(filepath.Join(b, "eval")); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"has not been tested"}, "report", a, b, "-o", both)
}

// checkPage reads a page as a browser does and gives its text.
func checkPage(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := html.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data + "\n")
		}
		if n.Type == html.ElementNode && n.Data == "b" && n.FirstChild != nil && strings.Contains(n.FirstChild.Data, "&") {
			t.Errorf("%s takes a name for an element", path)
		}
		for _, a := range n.Attr {
			if (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "data:") && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s loads %s", path, a.Val)
			}
		}
	}
	return text.String()
}
