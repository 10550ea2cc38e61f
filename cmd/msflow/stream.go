package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
	"github.com/spf13/cobra"
)

const streamHelp = "With - the paths come on standard input, one a line, and with --watch FOLDER images are scored as they appear there or in\n" +
	"folders below it, until SIGINT or SIGTERM. Results are then JSON lines in results.jsonl, each on the disk before the next image\n" +
	"is begun, and the pictures beside it; --json prints the lines. A watch that is started again goes on with what has no result\n" +
	"by this detector yet. --frames - takes the frames of a film from standard input, PNG or JPEG files one after another (or RGB\n" +
	"pixels, with --frame-size), and calls them frame-000001 and so on.\n\n" +
	"A file that does not grow and cannot be read is taken for half-written for ten seconds, then it has failed; whenever a file\n" +
	"changes it is scored anew. drift.json compares the last scores with those of the calibration."

// arrival is an image that is to be scored: a file, or what came through a pipe under a name.
type arrival struct {
	path    string
	stamp   stamp           // of the file when it was seen; zero where it does not matter
	content []byte          // of an image file that is none on the disk
	picture *datasets.Image // decoded already
}

// sample is the image to score. The error says why it cannot be read.
func (a arrival) sample(how datasets.Reading) (datasets.Sample, error) {
	picture := a.picture
	if a.content != nil {
		var err error
		if picture, err = datasets.Decode(a.content, how, mostPixels); err != nil {
			return datasets.Sample{}, err
		}
	}
	return datasets.NewSample(a.path, "", datasets.Good, picture, nil), nil
}

// stamp tells one content of a file from another, as far as the file system does.
type stamp struct {
	Size     int64 `json:"size"`
	Modified int64 `json:"modified"` // nanoseconds since 1970
}

// source is where images come from one after another.
type source interface {
	// next waits for images and returns some, or io.EOF when there will be none.
	next(ctx context.Context) ([]arrival, error)
	// begin is told what has results already.
	begin(done []streamRow)
	// postpone takes an image back that could not be read; false when it is final.
	postpone(a arrival) bool
}

// streamRow is a line of results.jsonl.
type streamRow struct {
	predictionRow
	Score     *float64 `json:"score"` // nil of an image that could not be scored: zero is an ordinary good one
	Base      string   `json:"base"`  // of the image's files in the folder of the results
	Detector  string   `json:"detector_sha256"`
	Threshold *float64 `json:"threshold"`
	Error     string   `json:"error,omitempty"`
	stamp
}

// stream scores images as they come.
type stream struct {
	*predictFlags
	cmd      *cobra.Command
	d        *detector.Detector
	t        thresholds
	results  *jsonLines
	bases    map[string]string // the image of each file name in the results
	recent   []float64
	drifting bool
	failed   int
	seen     int
}

// follow scores what a source brings.
func (f *predictFlags) follow(cmd *cobra.Command, from string, images source) error {
	if f.out == "" {
		return errors.New("--out is empty; it names the folder for the results")
	}
	if f.watch != "" && liesIn(f.watch, f.out) {
		return fmt.Errorf("--out %s holds the watched folder %s: the results would be taken for images", f.out, f.watch)
	}
	d, t, err := f.find(from, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := f.device.Use(d, cmd.ErrOrStderr()); err != nil {
		return err
	}
	if path := filepath.Join(f.out, finished); runs.Exists(path) {
		return fmt.Errorf("%s exists: the folder holds the results of a call that has ended; --out names another folder", path)
	}
	if err := runs.Claim(f.out, "predict", f.overwrite); err != nil {
		return err
	}
	release, err := runs.Lock(f.out, "predict")
	if err != nil {
		return err
	}
	defer release()
	s := &stream{predictFlags: f, cmd: cmd, d: d, t: t, bases: map[string]string{}}
	var done []streamRow
	if s.results, done, err = openJSONLines[streamRow](filepath.Join(f.out, streamed)); err != nil {
		return err
	}
	defer s.results.Close()
	s.goOn(done)
	images.begin(slices.DeleteFunc(done, func(r streamRow) bool { return r.Detector != d.Sum }))
	return s.run(cmd.Context(), images)
}

// goOn takes the file names and the last scores from earlier lines.
func (s *stream) goOn(done []streamRow) {
	for _, row := range done {
		s.bases[row.Base] = row.Name
		if row.Detector == s.d.Sum && row.Score != nil {
			s.remember(*row.Score)
		}
	}
}

func (s *stream) run(ctx context.Context, images source) error {
	for {
		batch, err := images.next(ctx)
		if err == nil {
			err = s.score(ctx, images, batch)
		}
		switch {
		case ctx.Err() != nil && s.watch != "":
			return s.reportDrift() // being stopped is how a watch ends
		case errors.Is(err, io.EOF):
			return errors.Join(s.reportDrift(), s.failures())
		case err != nil:
			return err
		}
	}
}

func (s *stream) failures() error {
	if s.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d images failed, as named above; the others' results are in %s", s.failed, s.out)
}

// score scores a few images that came together.
func (s *stream) score(ctx context.Context, images source, batch []arrival) error {
	seen := map[string]arrival{}
	var paths []string
	var set datasets.Set
	for _, a := range batch {
		seen[filepath.ToSlash(a.path)] = a
		if a.content == nil && a.picture == nil {
			paths = append(paths, a.path)
			continue
		}
		sample, err := a.sample(s.d.Reading())
		if err != nil {
			return s.fail(a, err)
		}
		set = append(set, sample)
	}
	if len(paths) > 0 {
		set = append(set, datasets.Files(paths...)...)
	}
	var failed error
	err := s.d.PredictEach(ctx, set, func(p detector.Prediction) error {
		return errors.Join(failed, s.add(seen[p.Name], p))
	}, func(sample datasets.Sample, reason error) {
		if a := seen[sample.Name]; !images.postpone(a) {
			failed = errors.Join(failed, s.fail(a, reason))
		}
	})
	return errors.Join(err, failed)
}

// add writes an image's files and then its line, so that a line's files are there.
func (s *stream) add(a arrival, p detector.Prediction) error {
	picture, err := p.Original()
	if err != nil {
		return s.fail(a, err)
	}
	row, found := s.t.inspect(p, picture)
	if found != nil {
		row.Regions = found.Regions
	}
	line := streamRow{predictionRow: row, Score: &row.Score, Base: s.base(row.Name)}
	if s.maps {
		if err := s.draw(&line, p, picture, found); err != nil {
			return err
		}
	}
	s.remember(row.Score)
	if err := s.write(line, a); err != nil {
		return err
	}
	if !flags.WantsJSON(s.cmd) {
		fmt.Fprintf(s.cmd.OutOrStdout(), "%8.5f  %-9s  %s%s\n", row.Score, row.Verdict, quote.Name(row.Name), row.defects())
	}
	return s.watchDrift()
}

// draw writes an image's files. Where the detector does not know the range of its maps, the run's evaluation has one, or each its own.
func (s *stream) draw(line *streamRow, p detector.Prediction, picture *datasets.Image, found *region.Found) error {
	base := filepath.Join(s.out, line.Base)
	drawn, err := line.predictionRow.write(base, p, picture, found)
	if err != nil || drawn {
		return err
	}
	if c := s.t.colors; c != [2]float64{} {
		return drawMap(base, p, picture, c[0], c[1])
	}
	level := p.Score
	if s.t.Map != nil {
		level = s.t.Map.High
	}
	low, high := detector.MapRange([]detector.Prediction{p}, level)
	return drawMap(base, p, picture, low, high)
}

func (s *stream) fail(a arrival, reason error) error {
	s.failed++
	fmt.Fprintf(s.cmd.ErrOrStderr(), "failed: %s: %s\n", quote.Name(a.path), quote.Message(strings.TrimPrefix(quote.Plain(reason), quote.Name(a.path)+": ")))
	name := filepath.ToSlash(a.path)
	return s.write(streamRow{predictionRow: predictionRow{Name: name, Verdict: "failed"}, Base: s.base(name), Error: reason.Error()}, a)
}

func (s *stream) write(line streamRow, a arrival) error {
	line.Detector, line.Threshold, line.stamp = s.d.Sum, s.t.Threshold, a.stamp
	if err := s.results.add(line); err != nil {
		return err
	}
	if !flags.WantsJSON(s.cmd) {
		return nil
	}
	return json.NewEncoder(s.cmd.OutOrStdout()).Encode(line)
}

// base is an image's file name in the results: always the same, and no other image's.
func (s *stream) base(name string) string {
	rel, err := filepath.Rel(s.watch, filepath.FromSlash(name))
	if err != nil || s.watch == "" {
		rel = filepath.Base(name)
	}
	base := fileName(filepath.ToSlash(rel))
	for n := 2; ; n++ {
		if of, taken := s.bases[base]; !taken || of == name {
			s.bases[base] = name
			return base
		}
		base = fmt.Sprintf("%s-%d", fileName(filepath.ToSlash(rel)), n)
	}
}

// driftWindow is how many images back drift is looked for, and driftEvery how often.
const (
	driftWindow = 200
	driftEvery  = 20
)

func (s *stream) remember(score float64) {
	s.recent = append(s.recent, score)
	if n := len(s.recent) - driftWindow; n > 0 {
		s.recent = slices.Delete(s.recent, 0, n)
	}
}

// watchDrift looks for drift now and then, and says when it begins and ends.
func (s *stream) watchDrift() error {
	s.seen++
	if s.seen%driftEvery != 0 {
		return nil
	}
	return s.reportDrift()
}

// reportDrift writes drift.json.
func (s *stream) reportDrift() error {
	c := s.d.Calibration()
	if c == nil || s.t.Threshold == nil || len(s.recent) == 0 {
		return nil
	}
	drift := c.Drift(s.recent, *s.t.Threshold)
	if drift.Drifted() != s.drifting {
		s.drifting = drift.Drifted()
		about := fmt.Sprintf("of the last %d images %.0f %% score higher than an image of the calibration would (50 %% without drift), and %.1f %% are called anomalous",
			drift.Images, 100*drift.Higher, 100*drift.Anomalous)
		if s.drifting {
			fmt.Fprintf(s.cmd.ErrOrStderr(), "drift: %s; look at the light and the optics, or calibrate anew\n", about)
		} else {
			fmt.Fprintf(s.cmd.ErrOrStderr(), "drift has ended: %s\n", about)
		}
	}
	return runs.WriteJSON(filepath.Join(s.out, "drift.json"), struct {
		detector.Drift
		Drifted bool `json:"drifted"`
	}{drift, drift.Drifted()})
}
