package sweep

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/spreadsheet"
	"go.yaml.in/yaml/v3"
)

// Commands of points.
const (
	train   = "train"
	predict = "predict"
)

// predictions reads what a plan says of images to be scored, by one detector or by each of a list:
//
//	predict:
//	  run: runs/gear          # a run's folder, or a detector's file
//	  images: images.txt      # a list of paths, one a line, or a folder
//	  shards: 20              # each is a point
//	  maps: false             # any flag of msflow predict
//
// The points have these as flags, and shard: 3/20 says which part of the images is theirs.
func (p *parser) predictions(n *yaml.Node) (points []Point) {
	values, shards := map[string][]string{}, 0
	p.fields(n, predict, func(key string, value *yaml.Node) {
		switch {
		case key == "shards":
			var err error
			if shards, err = strconv.Atoi(value.Value); err != nil || shards < 1 || shards > maxPoints {
				p.wrong(value, "shards: %q is not a number from 1 to %d", value.Value, maxPoints)
			}
		case key == "run" && value.Kind == yaml.SequenceNode:
			for _, v := range value.Content {
				values[key] = append(values[key], v.Value)
			}
		case value.Kind != yaml.ScalarNode:
			p.wrong(value, "%s: it needs a plain value", key)
		case key == "run" || key == "images":
			values[key] = []string{value.Value}
		default:
			values[key] = []string{p.scalar(predict, key, value)}
		}
	})
	for _, key := range []string{"run", "images"} {
		if len(values[key]) == 0 || slices.Contains(values[key], "") {
			p.wrong(n, "predict: it needs %s", key)
		}
	}
	if len(p.errs) > 0 || len(values["run"])*max(1, shards) > maxPoints {
		return nil
	}
	for _, run := range values["run"] {
		for i := range max(1, shards) {
			flags := map[string]string{"shard": fmt.Sprintf("%d/%d", i+1, max(1, shards))}
			for key, v := range values {
				flags[key] = v[0]
			}
			flags["run"] = run
			points = append(points, Point{Command: predict, Flags: flags})
		}
	}
	return points
}

// scoresFile is the table of all images of a sweep that scores some.
const scoresFile = "scores.csv"

// MergeScores joins the scores of all shards into scores.csv in the sweep's folder, in the order of the images and with the detector in the
// first column, and counts the images and those that failed. It does nothing where a shard is missing yet, or where the plan has none.
func (f Folder) MergeScores(plan *Plan) (images, failed int, err error) {
	var shards []Point
	for _, p := range plan.Points {
		if p.Command != predict {
			continue
		}
		if f.State(p) != Complete {
			return 0, 0, nil
		}
		shards = append(shards, p)
	}
	if len(shards) == 0 {
		return 0, 0, nil
	}
	err = durable.Write(filepath.Join(string(f), scoresFile), 0o666, func(w io.Writer) error {
		c := csv.NewWriter(w)
		for i, p := range shards {
			n, bad, err := f.copyScores(c, p, i == 0)
			if err != nil {
				return err
			}
			images, failed = images+n, failed+bad
		}
		c.Flush()
		return c.Error()
	})
	if err != nil {
		return 0, 0, fmt.Errorf("joining the scores: %w", err)
	}
	return images, failed, nil
}

// copyScores copies a shard's rows, and the header of the first one.
func (f Folder) copyScores(to *csv.Writer, p Point, header bool) (images, failed int, err error) {
	path := filepath.Join(f.Predictions(p), scoresFile)
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	from := csv.NewReader(file)
	first, err := from.Read()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	verdict := slices.Index(first, "verdict")
	if header {
		if err := to.Write(append([]string{"detector"}, first...)); err != nil {
			return 0, 0, err
		}
	}
	for {
		row, err := from.Read()
		if errors.Is(err, io.EOF) {
			return images, failed, nil
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
		images++
		if verdict >= 0 && row[verdict] == "failed" {
			failed++
		}
		if err := to.Write(append([]string{spreadsheet.Field(p.Flags["run"])}, row...)); err != nil {
			return 0, 0, err
		}
	}
}

// Predictions is where a point of msflow predict has its results.
func (f Folder) Predictions(p Point) string { return filepath.Join(f.Run(p), "predictions") }
