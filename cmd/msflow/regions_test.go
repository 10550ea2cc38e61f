package main

import (
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/lib/region"
)

// Pictures of other sizes and shapes than the detector's get results in their own pixels, and all files tell of the same
// defects.
func TestRegionsInPixelsOfTheImage(t *testing.T) {
	run := smallRun(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	images := filepath.Join(dir, "images")
	sizes := map[string][2]int{"wide": {170, 90}, "tall": {40, 200}, "same": {64, 64}}
	for name, size := range sizes {
		writePicture(t, filepath.Join(images, name+".png"), noisePicture(size[0], size[1], 7, 0))
	}
	_, log, code := msflow(t, "predict", run, images, "--out", out)
	if code != 0 || !strings.Contains(log, "note: the threshold") || !strings.Contains(log, "calibrated on") {
		t.Fatalf("exit code %d:\n%s", code, log)
	}
	level := 0.0 // so that there are defects in every image
	for name := range sizes {
		m := readNPY(t, filepath.Join(out, name+".npy"))
		slices.Sort(m)
		level = max(level, float64(m[len(m)*8/10]))
	}
	for _, least := range []string{"0", "12"} {
		must(t, "predict", run, images, "--out", out, "--overwrite", "--map-threshold", strconv.FormatFloat(level, 'g', -1, 64), "--min-area", least)
		n, _ := strconv.Atoi(least)
		checkRegions(t, out, sizes, n)
	}
	for _, bad := range [][]string{{"--map-low", "0.1"}, {"--map-threshold", "0.1", "--map-low", "0.2"}, {"--min-area", "-1"}, {"--map-threshold", "NaN"}} {
		if _, log, code := msflow(t, append([]string{"predict", run, images, "--out", out}, bad...)...); code != exitError || !strings.Contains(log, "--map-low") {
			t.Errorf("%v: exit code %d: %s", bad, code, log)
		}
	}
}

func checkRegions(t *testing.T, out string, sizes map[string][2]int, least int) {
	t.Helper()
	var coco region.COCO
	if err := json.Unmarshal([]byte(readText(t, filepath.Join(out, "coco.json"))), &coco); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, filepath.Join(out, "regions.csv"))[1:]
	if len(coco.Images) != len(sizes) || len(rows) != len(coco.Annotations) || len(rows) == 0 {
		t.Fatalf("%d images, %d annotations, %d rows", len(coco.Images), len(coco.Annotations), len(rows))
	}
	for i, row := range rows {
		a := coco.Annotations[i]
		if row[3] != strconv.Itoa(a.Area) || row[6] != results.Number(a.Box[0]) || row[0] != coco.Images[a.ImageID-1].FileName || a.Area < least {
			t.Errorf("row %v, annotation %+v", row, a)
		}
	}
	for _, image := range coco.Images {
		name := strings.TrimSuffix(filepath.Base(image.FileName), ".png")
		want := 0
		for _, a := range coco.Annotations {
			if a.ImageID == image.ID {
				want += a.Area
			}
		}
		if size := sizes[name]; image.Width != size[0] || image.Height != size[1] {
			t.Errorf("%s has %d×%d pixels in coco.json", name, image.Width, image.Height)
		}
		if got := whitePixels(t, filepath.Join(out, name+"_mask.png"), image.Width, image.Height); got != want {
			t.Errorf("%s: the mask has %d pixels, its defects %d", name, got, want)
		}
		for _, kind := range []string{"_map.png", "_overlay.png"} {
			beside := 76 // the colour bar on the right, as high as it needs
			whitePixels(t, filepath.Join(out, name+kind), image.Width+beside, max(image.Height, 140))
		}
	}
	checkScoresWithRegions(t, out, coco)
}

// checkScoresWithRegions compares the last columns of scores.csv.
func checkScoresWithRegions(t *testing.T, out string, coco region.COCO) {
	t.Helper()
	for _, row := range readCSV(t, filepath.Join(out, "scores.csv"))[1:] {
		n, area := 0, 0
		for _, a := range coco.Annotations {
			if coco.Images[a.ImageID-1].FileName == row[0] {
				n, area = n+1, area+a.Area
			}
		}
		if row[5] != strconv.Itoa(n) || row[6] != strconv.Itoa(area) {
			t.Errorf("scores.csv has %v for %d defects of %d pixels", row, n, area)
		}
	}
}

// whitePixels counts them in a picture that must have the given size.
func whitePixels(t *testing.T, path string, w, h int) (n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds().Dx() != w || m.Bounds().Dy() != h {
		t.Errorf("%s has %v pixels, its image %d×%d", path, m.Bounds().Max, w, h)
	}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if r, _, _, _ := m.At(x, y).RGBA(); r == math.MaxUint16 {
				n++
			}
		}
	}
	return n
}
