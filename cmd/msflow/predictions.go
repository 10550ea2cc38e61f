package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
)

// predictions writes the results of predict as they come: for each image a line of scores.csv, the lines of its defects in
// regions.csv, its raw map and its pictures, so that what was computed is on disk whatever happens next. scores.json and coco.json
// follow at the end, and so do heat maps and overlays where the detector does not know the range of its maps.
type predictions struct {
	out     string
	maps    bool
	names   map[string]string // an image's base name in the results
	log     io.Writer
	report  predictReport
	kept    []detector.Prediction // whose maps are drawn at the end
	scores  *table
	regions *table
	coco    *region.COCO
}

// table is a CSV file that grows by whole lines.
type table struct {
	file *os.File
	csv  *csv.Writer
}

func newTable(path string, header ...string) (*table, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("the results: %w", err)
	}
	t := &table{file, csv.NewWriter(file)}
	return t, t.line(header...)
}

func (t *table) line(cells ...string) error {
	for i, cell := range cells {
		cells[i] = results.Harmless(cell)
	}
	err := t.csv.Write(cells)
	t.csv.Flush()
	if err := errors.Join(err, t.csv.Error()); err != nil {
		return fmt.Errorf("writing %s: %w", t.file.Name(), err)
	}
	return nil
}

// listed finds the images to predict. Results of an earlier call in out are none.
func listed(paths []string, out string) (images []string, problems []datasets.Problem, err error) {
	for _, path := range paths {
		if liesIn(path, out) {
			return nil, nil, fmt.Errorf("--out %s holds %s: the results would be taken for images the next time", out, path)
		}
	}
	images, problems = datasets.Find(paths, out)
	if len(images) == 0 {
		return nil, nil, fmt.Errorf("images to predict: %w", problemsOf(problems))
	}
	return images, problems, nil
}

func problemsOf(problems []datasets.Problem) error {
	var errs []error
	for _, p := range problems {
		errs = append(errs, p.Err)
	}
	return errors.Join(errs...)
}

// liesIn tells whether a path is a folder or lies in it, links resolved.
func liesIn(path, folder string) bool {
	rel, err := filepath.Rel(realPath(folder), realPath(path))
	return err == nil && filepath.IsLocal(rel)
}

func realPath(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// startPredictions opens the tables. The reports of an earlier call go, so that they do not stand beside other scores.
func startPredictions(f *predictFlags, images []string, t thresholds, log io.Writer) (*predictions, error) {
	p := &predictions{
		out: f.out, maps: f.maps, log: log, names: map[string]string{}, report: predictReport{thresholds: t},
		coco: region.NewCOCO("defects found by msflow", time.Now()),
	}
	bases := make([]string, len(images))
	for i, image := range images {
		bases[i] = filepath.Base(image)
	}
	for i, name := range fileNames(bases) {
		p.names[filepath.ToSlash(images[i])] = name
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return nil, fmt.Errorf("the folder for the results: %w", err)
	}
	for _, report := range []string{"scores.json", "coco.json"} {
		if err := os.Remove(filepath.Join(f.out, report)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("replacing the results: %w", err)
		}
	}
	var err1, err2 error
	p.scores, err1 = newTable(filepath.Join(f.out, "scores.csv"), "name", "score", "threshold", "verdict", "error", "regions", "area")
	p.regions, err2 = newTable(filepath.Join(f.out, "regions.csv"), "name", "score", "mean", "area", "x", "y", "left", "top", "width", "height")
	return p, errors.Join(err1, err2)
}

func (p *predictions) close() {
	for _, t := range []*table{p.scores, p.regions} {
		if t != nil {
			t.file.Close()
		}
	}
}

func (p *predictions) threshold() string {
	if p.report.Threshold == nil {
		return ""
	}
	return results.Number(*p.report.Threshold)
}

// add writes one image's results.
func (p *predictions) add(image detector.Prediction) error {
	picture, err := image.Original()
	if err != nil {
		return p.fail(image.Name, err)
	}
	row, found := p.report.inspect(image, picture)
	if found != nil {
		if err := p.list(image.Name, found); err != nil {
			return err
		}
	}
	if p.maps {
		base := filepath.Join(p.out, p.names[image.Name])
		drawn, err := row.write(base, image, picture, found)
		if err != nil {
			return err
		}
		if !drawn {
			p.kept = append(p.kept, image)
		}
	}
	p.report.Images = append(p.report.Images, row)
	cells := []string{row.Name, results.Number(row.Score), p.threshold(), row.Verdict, "", "", ""}
	if found != nil {
		cells[5], cells[6] = strconv.Itoa(len(row.Regions)), strconv.Itoa(area(row.Regions))
	}
	return p.scores.line(cells...)
}

// inspect judges an image and finds its defects, in its own pixels. found is nil where the map has no threshold.
func (t *thresholds) inspect(image detector.Prediction, picture *datasets.Image) (row predictionRow, found *region.Found) {
	row = predictionRow{Name: image.Name, Score: image.Score}
	if t.Threshold != nil {
		row.Verdict = results.Verdict(image.Score, *t.Threshold)
	}
	if t.Map != nil {
		found = region.Find(enlarged(image.Maps().NLL, image, picture), picture.H, picture.W, t.Map.Thresholds)
		row.Regions = withoutOutlines(found.Regions)
	}
	return row, found
}

// write writes BASE.npy, BASE_mask.png and, where the detector knows the range of its maps, BASE_map.png and BASE_overlay.png.
func (r *predictionRow) write(base string, image detector.Prediction, picture *datasets.Image, found *region.Found) (drawn bool, err error) {
	r.Map = base + ".npy"
	if err := results.WriteNPY(r.Map, image.Maps().NLL, image.H, image.W); err != nil {
		return false, err
	}
	if found != nil {
		r.Mask = base + "_mask.png"
		if err := writePNG(r.Mask, &datasets.Mask{W: picture.W, H: picture.H, Pix: found.Mask()}); err != nil {
			return false, err
		}
	}
	low, high, known := image.MapRange()
	if !known {
		return false, nil
	}
	return true, drawMap(base, image, picture, low, high)
}

// list writes an image's defects.
func (p *predictions) list(name string, found *region.Found) error {
	p.coco.Add(name, found)
	for _, r := range found.Regions {
		err := p.regions.line(name, results.Number(r.Score), results.Number(r.Mean), strconv.Itoa(r.Area), results.Number(r.Centroid[0]), results.Number(r.Centroid[1]),
			results.Number(r.Box[0]), results.Number(r.Box[1]), results.Number(r.Box[2]), results.Number(r.Box[3]))
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutOutlines are the regions with their figures only; an outline may have thousands of points.
func withoutOutlines(regions []region.Region) []region.Region {
	out := make([]region.Region, len(regions))
	for i, r := range regions {
		r.Outline, r.Holes = nil, nil
		out[i] = r
	}
	return out
}

func area(regions []region.Region) (n int) {
	for _, r := range regions {
		n += r.Area
	}
	return n
}

// fail says why an image has no results.
func (p *predictions) fail(name string, reason error) error {
	fmt.Fprintf(p.log, "failed: %s: %s\n", quote.Name(name), quote.Message(reason.Error()))
	p.report.Failed = append(p.report.Failed, failedRow{name, reason.Error()})
	return p.scores.line(name, "", p.threshold(), "failed", strings.ReplaceAll(reason.Error(), "\n", "; "), "", "")
}

// finish writes the reports and draws the maps that are not drawn yet.
func (p *predictions) finish() error {
	err := errors.Join(p.scores.file.Sync(), p.regions.file.Sync(), runs.WriteJSON(filepath.Join(p.out, "scores.json"), p.report))
	if p.report.Map != nil {
		err = errors.Join(err, runs.WriteJSON(filepath.Join(p.out, "coco.json"), p.coco))
	}
	if len(p.kept) == 0 {
		return err
	}
	level := math.NaN()
	if m := p.report.Map; m != nil {
		level = m.High
	}
	names := make([]string, len(p.kept))
	for i, image := range p.kept {
		names[i] = p.names[image.Name]
	}
	return errors.Join(err, drawMaps(p.out, p.kept, names, level))
}
