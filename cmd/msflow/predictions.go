package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// finished is the file that comes last, when all results are there.
const finished = "scores.json"

// predictions writes the results of predict as they come: for each image a line of scores.csv and its raw map, so that what
// was computed is on disk whatever happens next. Heat maps follow at the end, and scores.json last. Nothing is written, and
// nothing of an earlier call replaced, before the first image has a result.
type predictions struct {
	flags   *predictFlags
	out     string
	t       thresholds
	names   map[string]string // an image's base name in the results
	log     io.Writer
	report  predictReport
	kept    []detector.Prediction
	release func()
	waiting [][]string // lines of images that failed before the first result
	file    *os.File
	csv     *csv.Writer
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
	p := &predictions{flags: f, out: f.out, t: t, log: log, names: map[string]string{}, report: predictReport{Threshold: t.Score, From: t.From}}
	bases := make([]string, len(images))
	for i, image := range images {
		bases[i] = filepath.Base(image)
	}
	for i, name := range fileNames(bases) {
		p.names[filepath.ToSlash(images[i])] = name
	}
	return p
}

// open makes the folder this process's own, removes what an earlier call has put there, and begins scores.csv.
func (p *predictions) open() (err error) {
	if p.release, err = runs.Lock(p.out, "predict"); err != nil {
		return err
	}
	if err := p.flags.free(); err != nil { // it may have come since
		return err
	}
	if err := p.clear(); err != nil {
		return fmt.Errorf("replacing the results: %w", err)
	}
	if p.file, err = os.Create(filepath.Join(p.out, "scores.csv")); err != nil {
		return fmt.Errorf("the results: %w", err)
	}
	p.csv = csv.NewWriter(p.file)
	for _, cells := range append([][]string{{"name", "score", "threshold", "verdict", "error"}}, p.waiting...) {
		if err := p.line(cells...); err != nil {
			return err
		}
	}
	return nil
}

// clear removes the results of an earlier call: what its scores.json names, and that file first, since the others then belong
// to nothing.
func (p *predictions) clear() error {
	path := filepath.Join(p.out, finished)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if runs.Exists(filepath.Join(p.out, "scores.csv")) {
			fmt.Fprintf(p.log, "note: %s is of a call that did not end, and is replaced\n", filepath.Join(p.out, "scores.csv"))
		}
		return nil
	}
	if err != nil {
		return err
	}
	var earlier predictReport
	if err := json.Unmarshal(text, &earlier); err != nil {
		return fmt.Errorf("%s is none of msflow's: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	removed := 0
	for _, row := range earlier.Images {
		base := strings.TrimSuffix(filepath.Base(filepath.FromSlash(row.Map)), ".npy")
		for _, end := range mapFiles {
			if row.Map != "" && os.Remove(filepath.Join(p.out, base+end)) == nil {
				removed++
			}
		}
	}
	fmt.Fprintf(p.log, "note: the results of %d images in %s are replaced (%d files of maps)\n", len(earlier.Images), p.out, removed)
	return nil
}

// close gives the folder back.
func (p *predictions) close() {
	if p.file != nil {
		p.file.Close()
	}
	if p.release != nil {
		p.release()
	}
}

func (p *predictions) line(cells ...string) error {
	if p.file == nil {
		p.waiting = append(p.waiting, cells)
		return nil
	}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	if err := p.csv.Write(cells); err != nil {
		return fmt.Errorf("writing %s: %w", p.file.Name(), err)
	}
	p.csv.Flush()
	if err := p.csv.Error(); err != nil {
		return fmt.Errorf("writing %s: %w", p.file.Name(), err)
	}
	return nil
}

func (p *predictions) threshold() string {
	if p.t.Score == nil {
		return ""
	}
	return number(*p.t.Score)
}

// add writes one image's results.
func (p *predictions) add(image detector.Prediction) error {
	if p.file == nil {
		if err := p.open(); err != nil {
			return err
		}
	}
	row := predictionRow{Name: image.Name, Score: image.Score}
	if p.t.Score != nil {
		row.Verdict = verdict(image.Score, *p.t.Score)
	}
	if p.flags.maps {
		row.Map = filepath.Join(p.out, p.names[image.Name]+".npy")
		if err := writeRaw(p.out, []detector.Prediction{image}, []string{p.names[image.Name]}); err != nil {
			return err
		}
		p.kept = append(p.kept, image)
	}
	p.report.Images = append(p.report.Images, row)
	return p.line(row.Name, number(row.Score), p.threshold(), row.Verdict, "")
}

// fail says why an image has no results.
func (p *predictions) fail(name string, why error) error {
	text := quote.Plain(why)
	fmt.Fprintf(p.log, "failed: %s: %s\n", quote.Name(name), quote.Message(strings.TrimPrefix(text, name+": ")))
	p.report.Failed = append(p.report.Failed, failedRow{name, text})
	return p.line(name, "", p.threshold(), "failed", strings.ReplaceAll(text, "\n", "; "))
}

// finish draws the maps and writes scores.json.
func (p *predictions) finish() error {
	if p.file == nil {
		return nil
	}
	if err := p.file.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", p.file.Name(), err)
	}
	if len(p.kept) > 0 {
		if err := p.draw(); err != nil {
			return err
		}
	}
	return runs.WriteJSON(filepath.Join(p.out, finished), p.report)
}

// draw draws the maps in the detector's own range of colours, or that of the run's evaluation.
func (p *predictions) draw() error {
	look := lookOf(p.kept, p.t.Map)
	if _, _, own := p.kept[0].MapRange(); !own && p.t.Colors != [2]float64{} {
		look.low, look.high = p.t.Colors[0], p.t.Colors[1]
	} else if !own {
		fmt.Fprintln(p.log, "note: no image was held out to know normal maps by, and the run was not evaluated: the colours range over these images alone")
	}
	p.report.Colors = &[2]float64{look.low, look.high}
	names := make([]string, len(p.kept))
	for i, image := range p.kept {
		names[i] = p.names[image.Name]
	}
	return drawMaps(p.out, p.kept, names, look)
}
