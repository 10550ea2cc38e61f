package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
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
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/region"
	"github.com/msflow-go/msflow/lib/spreadsheet"
)

// finished is the file that comes last, when all results are there.
const finished = "scores.json"

// streamed is the file of results that come one by one.
const streamed = "results.jsonl"

// predictions writes the results of predict as they come: for each image a line of scores.csv, the lines of its defects in
// regions.csv, its raw map and its pictures, so that what was computed is on disk whatever happens next. Heat maps and overlays follow
// at the end where the detector does not know the range of its maps, then coco.json, and scores.json last. Nothing is written,
// and nothing of an earlier call replaced, before the first image has a result.
type predictions struct {
	flags   *predictFlags
	out     string
	maps    bool
	names   map[string]string // an image's base name in the results
	log     io.Writer
	report  predictReport
	kept    []detector.Prediction // whose maps are drawn at the end
	scores  *table
	regions *table
	coco    *region.COCO
	release func()     // gives the folder back
	waiting [][]string // lines of scores.csv before there is one
}

// table is a CSV file that grows by whole lines.
type table struct {
	file *durable.Growing
	csv  *csv.Writer
}

func newTable(path string, header ...string) (*table, error) {
	file, err := durable.Grow(path)
	if err != nil {
		return nil, fmt.Errorf("the results: %w", err)
	}
	t := &table{file, csv.NewWriter(file)}
	return t, t.line(header...)
}

func (t *table) line(cells ...string) error {
	err := t.csv.Write(spreadsheet.Row(cells))
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

func newPredictions(f *predictFlags, images []string, t thresholds, log io.Writer) *predictions {
	p := &predictions{
		flags: f, out: f.out, maps: f.maps, log: log, names: map[string]string{}, report: predictReport{thresholds: t},
		coco: region.NewCOCO("defects found by msflow", time.Now()),
	}
	bases := make([]string, len(images))
	for i, image := range images {
		bases[i] = filepath.Base(image)
	}
	for i, name := range fileNames(bases) {
		p.names[filepath.ToSlash(images[i])] = name
	}
	return p
}

// open makes the folder this process's own, removes what an earlier call has put there, and begins the tables.
func (p *predictions) open() (err error) {
	if err := runs.Claim(p.out, "predict", p.flags.overwrite); err != nil {
		return err
	}
	if p.release, err = runs.Lock(p.out, "predict"); err != nil {
		return err
	}
	if err := p.flags.noResults(); err != nil { // they may have come since
		return err
	}
	if err := p.clear(); err != nil {
		return fmt.Errorf("replacing the results: %w", err)
	}
	var err1, err2 error
	p.scores, err1 = newTable(filepath.Join(p.out, "scores.csv"), "name", "score", "threshold", "verdict", "error", "regions", "area")
	p.regions, err2 = newTable(filepath.Join(p.out, "regions.csv"), "name", "score", "mean", "area", "x", "y", "left", "top", "width", "height")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for _, cells := range p.waiting {
		if err := p.scores.line(cells...); err != nil {
			return err
		}
	}
	return nil
}

// clear removes the results of an earlier call: the reports first, since the others then belong to nothing, and the files of
// maps that they name.
func (p *predictions) clear() error {
	path := filepath.Join(p.out, finished)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if old := filepath.Join(p.out, "scores.csv"); runs.Exists(old) {
			fmt.Fprintf(p.log, "note: %s is of a call that did not end, and is replaced\n", old)
		}
		return nil
	}
	if err != nil {
		return err
	}
	var earlier struct {
		Images []struct {
			Map string `json:"map"`
		} `json:"images"`
	}
	if err := json.Unmarshal(text, &earlier); err != nil {
		return fmt.Errorf("%s is none of msflow's: %w", path, err)
	}
	for _, report := range []string{finished, "coco.json"} {
		if err := os.Remove(filepath.Join(p.out, report)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, row := range earlier.Images {
		base := strings.TrimSuffix(filepath.Base(filepath.FromSlash(row.Map)), ".npy")
		for _, end := range mapFiles {
			if row.Map != "" {
				_ = os.Remove(filepath.Join(p.out, base+end)) // one may have been taken away
			}
		}
	}
	fmt.Fprintf(p.log, "note: the results of %d images in %s are replaced\n", len(earlier.Images), p.out)
	return nil
}

// close gives the folder back.
func (p *predictions) close() {
	for _, t := range []*table{p.scores, p.regions} {
		if t != nil {
			t.file.Close()
		}
	}
	if p.release != nil {
		p.release()
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
	if p.scores == nil {
		if err := p.open(); err != nil {
			return err
		}
	}
	freeAround(picture)
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
		if low, high, _ := image.MapRange(); drawn {
			p.report.Colors = &[2]float64{low, high}
		} else {
			p.kept = append(p.kept, image)
		}
	}
	p.report.Images = append(p.report.Images, row)
	cells := []string{row.Name, results.Number(row.Score), p.threshold(), row.Verdict, "", "", ""}
	if p.report.Map != nil { // found is not kept: for a large image it is large
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
		found = region.Find(image.Enlarged(image.Maps().NLL, picture.H, picture.W), picture.H, picture.W, t.Map.Thresholds)
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
		if err := writePNG(r.Mask, maskPicture(found)); err != nil {
			return false, err
		}
	}
	low, high, known := image.MapRange()
	if !known {
		return false, nil
	}
	return true, drawMap(base, image, picture, low, high)
}

// maskPicture is white at the defects.
func maskPicture(found *region.Found) *image.Gray {
	m := &image.Gray{Pix: found.Mask(), Stride: found.W, Rect: image.Rect(0, 0, found.W, found.H)}
	for i, v := range m.Pix {
		m.Pix[i] = 255 * v
	}
	return m
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
func (p *predictions) fail(name string, why error) error {
	text := quote.Plain(why)
	fmt.Fprintf(p.log, "failed: %s: %s\n", quote.Name(name), quote.Message(strings.TrimPrefix(text, quote.Name(name)+": ")))
	p.report.Failed = append(p.report.Failed, failedRow{name, text})
	cells := []string{name, "", p.threshold(), "failed", strings.ReplaceAll(text, "\n", "; "), "", ""}
	if p.scores == nil {
		p.waiting = append(p.waiting, cells)
		return nil
	}
	return p.scores.line(cells...)
}

// finish draws the maps that are not drawn yet and writes the reports.
func (p *predictions) finish() error {
	if p.scores == nil {
		return nil
	}
	if err := errors.Join(p.scores.file.Sync(), p.scores.file.Close(), p.regions.file.Sync(), p.regions.file.Close()); err != nil {
		return fmt.Errorf("writing the tables: %w", err)
	}
	if err := p.drawKept(); err != nil {
		return err
	}
	if p.report.Map != nil {
		if err := runs.WriteJSON(filepath.Join(p.out, "coco.json"), p.coco); err != nil {
			return err
		}
	}
	return runs.WriteJSON(filepath.Join(p.out, finished), p.report)
}

// drawKept draws the maps of a detector that does not know their range, in that of the run's evaluation.
func (p *predictions) drawKept() error {
	if len(p.kept) == 0 {
		return nil
	}
	colors := p.report.colors
	if colors == [2]float64{} {
		level := math.NaN()
		if m := p.report.Map; m != nil {
			level = m.High
		}
		colors[0], colors[1] = detector.MapRange(p.kept, level)
		fmt.Fprintln(p.log, "note: the detector does not know how normal maps look, and the run was not evaluated: the colours range over these images alone")
	}
	p.report.Colors = &colors
	names := make([]string, len(p.kept))
	for i, image := range p.kept {
		names[i] = p.names[image.Name]
	}
	return drawMaps(p.out, p.kept, names, colors[0], colors[1])
}
