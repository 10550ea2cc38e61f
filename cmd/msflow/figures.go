package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/plots"
)

// drawTraining draws the training's curves into the run's folder.
func drawTraining(folder runs.Folder, d *detector.Detector) error {
	return saveFigure(plots.Training(d), folder.File("training"))
}

// saveFigure writes a figure as PNG, SVG and its data as CSV.
func saveFigure(f *plots.Figure, base string) error {
	for _, ext := range []string{".png", ".svg", ".csv"} {
		if err := f.Save(base + ext); err != nil {
			return err
		}
	}
	return nil
}

// drawResult draws a test's curves, and panels of its best and worst verdicts.
func drawResult(out string, r *detector.Result, rows int) error {
	figures := map[string]*plots.Figure{"roc": plots.ROC(r), "pr": plots.PR(r), "histogram": plots.Scores(r)}
	if r.PixelMetrics != nil {
		figures["pro"] = plots.PRO(r)
	}
	if len(r.Defects) > 0 {
		figures["defects"] = plots.Classes(r.Defects, plots.Title("Each kind of defect against all normal images"))
	}
	for name, f := range figures {
		if err := saveFigure(f, filepath.Join(out, name)); err != nil {
			return err
		}
	}
	if rows == 0 {
		return nil
	}
	n := min(rows, len(r.Images))
	return errors.Join(
		plots.Maps(r, plots.Worst(n), plots.Title(worstTitle(r))).Save(filepath.Join(out, "worst.png")),
		plots.Maps(r, plots.Best(n), plots.Title("The anomalous images that stand out most")).Save(filepath.Join(out, "best.png")))
}

// worstTitle says how many of all test images are judged wrongly: of few images the panels show rightly judged ones, too.
func worstTitle(r *detector.Result) string {
	wrong := 0
	for _, p := range r.Images {
		if p.Score >= r.DetThreshold != p.Anomalous {
			wrong++
		}
	}
	if wrong == 0 {
		return fmt.Sprintf("All %d test images are judged rightly; these come closest to an error", len(r.Images))
	}
	return fmt.Sprintf("Worst verdicts: %d of %d test images are judged wrongly", wrong, len(r.Images))
}

// mapFiles are the ends of the files that an image's map is written to.
var mapFiles = []string{".npy", "_map.png", "_overlay.png", "_mask.png"}

// drawMaps writes the pictures of every image's map, all in one range of colours.
func drawMaps(out string, images []detector.Prediction, names []string, low, high float64) error {
	for i, p := range images {
		picture, err := p.Original()
		if err != nil {
			return err
		}
		if err := drawMap(filepath.Join(out, names[i]), p, picture, low, high); err != nil {
			return err
		}
	}
	return nil
}

// drawMap writes BASE_map.png, the heat map, and BASE_overlay.png, at the picture's size with the colour bar on the right.
func drawMap(base string, p detector.Prediction, picture *datasets.Image, low, high float64) error {
	nll := p.Maps().NLL
	values := p.Enlarged(nll, picture.H, picture.W)
	freeAround(picture)
	heat := plots.Colorize(values, picture.H, picture.W, low, high, plots.Ember)
	if err := writePNG(base+"_map.png", plots.WithColorBar(heat, nll, low, high, p.MapUnit(), plots.Ember)); err != nil {
		return err
	}
	freeAround(picture)
	over := plots.Overlay(picture, values, picture.H, picture.W, low, high, plots.Blaze)
	return writePNG(base+"_overlay.png", plots.WithColorBar(over, nll, low, high, p.MapUnit(), plots.Blaze))
}

// largePicture is from how many pixels on what is left of one step over a picture is freed before the next.
const largePicture = 16_000_000

// freeAround frees what nobody uses any more, where a picture is large: the collector would let it grow to twice what is used.
func freeAround(picture *datasets.Image) {
	if picture.W*picture.H >= largePicture {
		debug.FreeOSMemory()
	}
}

// writeRaw writes NAME.npy for every image: the map (H,W) that the pixel threshold is for, float32.
func writeRaw(out string, images []detector.Prediction, names []string) error {
	for i, p := range images {
		if err := results.WriteNPY(filepath.Join(out, names[i]+".npy"), p.Maps().NLL, p.H, p.W); err != nil {
			return err
		}
	}
	return nil
}

// fileNames gives every name a file name of its own: without extension, unless two images differ in nothing else.
func fileNames(names []string) []string {
	alike := map[string]int{}
	for _, name := range names {
		alike[strings.ToLower(fileName(name))]++
	}
	used := map[string]bool{}
	out := make([]string, len(names))
	for i, name := range names {
		base := fileName(name)
		if ext := filepath.Ext(name); alike[strings.ToLower(base)] > 1 && ext != "" {
			base += "_" + ext[1:]
		}
		out[i] = base
		for n := 2; used[strings.ToLower(out[i])]; n++ {
			out[i] = fmt.Sprintf("%s-%d", base, n)
		}
		used[strings.ToLower(out[i])] = true
	}
	return out
}

// longestName leaves room for what is added to a name, such as _overlay.png; file systems end at 255 bytes.
const longestName = 180

// fileName is an image's name without extension, in one path element. A long one is cut and ends in a sum of the whole.
func fileName(name string) string {
	name = strings.TrimSuffix(name, filepath.Ext(name))
	base := strings.Trim(strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, name), "_.")
	if len(base) > longestName {
		cut := strings.ToValidUTF8(base[:longestName], "")
		return fmt.Sprintf("%s-%08x", cut, crc32.ChecksumIEEE([]byte(name)))
	}
	if base == "" {
		return "image"
	}
	return base
}

func writePNG(path string, m image.Image) error {
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // a large picture takes seconds otherwise, for a tenth of its size
	return runs.WriteFile(path, func(w io.Writer) error { return encoder.Encode(w, m) })
}
