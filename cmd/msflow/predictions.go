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
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// predictions writes the results of predict as they come: for each image a line of scores.csv and its raw map, so that what
// was computed is on disk whatever happens next. Heat maps and scores.json follow at the end, since the maps share a range.
type predictions struct {
	out    string
	maps   bool
	t      thresholds
	names  map[string]string // an image's base name in the results
	log    io.Writer
	report predictReport
	kept   []detector.Prediction
	file   *os.File
	csv    *csv.Writer
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

// startPredictions opens scores.csv. The scores.json of an earlier call goes, so that it does not stand beside other scores.
func startPredictions(f *predictFlags, images []string, t thresholds, log io.Writer) (*predictions, error) {
	p := &predictions{out: f.out, maps: f.maps, t: t, log: log, names: map[string]string{}, report: predictReport{Threshold: t.Score}}
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
	if err := os.Remove(filepath.Join(f.out, "scores.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replacing the results: %w", err)
	}
	file, err := os.Create(filepath.Join(f.out, "scores.csv"))
	if err != nil {
		return nil, fmt.Errorf("the results: %w", err)
	}
	p.file, p.csv = file, csv.NewWriter(file)
	return p, p.line("name", "score", "threshold", "verdict", "error")
}

func (p *predictions) line(cells ...string) error {
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
	row := predictionRow{Name: image.Name, Score: image.Score}
	if p.t.Score != nil {
		row.Verdict = verdict(image.Score, *p.t.Score)
	}
	if p.maps {
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
func (p *predictions) fail(name string, reason error) error {
	fmt.Fprintf(p.log, "failed: %s: %s\n", quote.Name(name), quote.Message(reason.Error()))
	p.report.Failed = append(p.report.Failed, failedRow{name, reason.Error()})
	return p.line(name, "", p.threshold(), "failed", strings.ReplaceAll(reason.Error(), "\n", "; "))
}

// finish writes scores.json and draws the maps.
func (p *predictions) finish() error {
	err := errors.Join(p.file.Sync(), runs.WriteJSON(filepath.Join(p.out, "scores.json"), p.report))
	if len(p.kept) == 0 {
		return err
	}
	level := math.NaN()
	if p.t.Map != nil {
		level = *p.t.Map
	}
	names := make([]string, len(p.kept))
	for i, image := range p.kept {
		names[i] = p.names[image.Name]
	}
	return errors.Join(err, drawMaps(p.out, p.kept, names, level))
}
