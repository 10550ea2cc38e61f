package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unicode"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
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
		plots.Maps(r, plots.Worst(n), plots.Title("Worst verdicts")).Save(filepath.Join(out, "worst.png")),
		plots.Maps(r, plots.Best(n), plots.Title("Best verdicts")).Save(filepath.Join(out, "best.png")))
}

// mapFiles are the ends of the files that an image's map is written to.
var mapFiles = []string{".npy", "_map.png", "_overlay.png"}

// mapLook is how maps are drawn, alike for all images of a call.
type mapLook struct {
	low, high float64 // the values of the first and the last colour
	level     float64 // of the line around what is called anomalous; NaN: none
	unit      string
}

// lookOf is the range of colours for these images, and the line at a pixel threshold that may be nil.
func lookOf(images []detector.Prediction, threshold *float64) mapLook {
	l := mapLook{level: math.NaN()}
	if threshold != nil {
		l.level = *threshold
	}
	if len(images) > 0 {
		l.low, l.high = detector.MapRange(images, l.level)
		l.unit = images[0].MapUnit()
	}
	return l
}

// options are the look for a figure of one image.
func (l mapLook) options(p detector.Prediction) []plots.Option {
	title := fmt.Sprintf("%s: score %.4g", path.Base(p.Name), p.Score)
	o := []plots.Option{plots.Range(l.low, l.high), plots.Unit(l.unit), plots.Title(title)}
	if !math.IsNaN(l.level) {
		o = append(o, plots.Level(l.level))
	}
	return o
}

// drawMaps writes NAME_map.png, the heat map, and NAME_overlay.png for every image, each with its colour bar.
func drawMaps(out string, images []detector.Prediction, names []string, look mapLook) error {
	errs := make([]error, min(runtime.GOMAXPROCS(0), len(images)))
	var workers sync.WaitGroup
	for k := range errs {
		workers.Go(func() {
			for i := k; i < len(images) && errs[k] == nil; i += len(errs) {
				errs[k] = drawMap(filepath.Join(out, names[i]), images[i], look)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

func drawMap(base string, p detector.Prediction, look mapLook) error {
	picture, err := p.Image()
	if err != nil {
		return err
	}
	nll, options := p.Maps().NLL, look.options(p)
	return errors.Join(
		writePNG(base+"_map.png", plots.HeatMap(nll, p.H, p.W, options...).Image()),
		writePNG(base+"_overlay.png", plots.OverlayMap(picture, nll, p.H, p.W, options...).Image()))
}

// writeRaw writes NAME.npy for every image: the map (H,W) that the pixel threshold is for, float32.
func writeRaw(out string, images []detector.Prediction, names []string) error {
	for i, p := range images {
		if err := writeNPY(filepath.Join(out, names[i]+".npy"), p.Maps().NLL, p.H, p.W); err != nil {
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

func writePNG(file string, m image.Image) error {
	return runs.WriteFile(file, func(w io.Writer) error { return png.Encode(w, m) })
}
