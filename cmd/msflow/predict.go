package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// predictFlags are the flags of msflow predict.
type predictFlags struct {
	out       string
	weights   string
	threshold float64
	maps      bool
	device    deviceFlags
}

func predictCommand() *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict RUN|DETECTOR IMAGE|FOLDER...",
		Short: "Score images and draw their anomaly maps",
		Long: "Writes scores.csv, scores.json and for every image a heat map, an overlay and the raw map (NAME.npy, float32, the mul\n" +
			"map at the input size). The threshold is --threshold, or the run's best F1 when it was evaluated.",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, args[0], args[1:], cmd.Flags().Changed("threshold"))
		},
	}
	f.device.register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "predictions", "folder for the results")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	fl.Float64Var(&f.threshold, "threshold", 0, "a score from here on is called anomalous")
	fl.BoolVar(&f.maps, "maps", true, "draw the maps")
	return cmd
}

// predictionRow is one image in scores.json.
type predictionRow struct {
	Name    string  `json:"name"`
	Score   float64 `json:"score"`
	Verdict string  `json:"verdict,omitempty"`
	Map     string  `json:"map,omitempty"` // file of the raw map
}

// predictReport is scores.json, and what predict --json prints.
type predictReport struct {
	Detector  string          `json:"detector"`
	Threshold *float64        `json:"threshold"` // nil when none is known
	Images    []predictionRow `json:"images"`
}

func (f *predictFlags) run(cmd *cobra.Command, from string, paths []string, given bool) error {
	file, t, err := f.find(from, given)
	if err != nil {
		return err
	}
	d, err := detector.Load(file, f.weights)
	if err != nil {
		return err
	}
	if err := f.device.use(d, cmd.ErrOrStderr()); err != nil {
		return err
	}
	images, err := listImages(paths)
	if err != nil {
		return err
	}
	set := datasets.Files(images...)
	p := newProgress(cmd.ErrOrStderr(), 0)
	predictions, err := d.PredictWith(cmd.Context(), set, func(done, total int) { p.images("images", done, total) })
	if err != nil {
		return err
	}
	report, err := f.write(predictions, t)
	if err != nil {
		return err
	}
	report.Detector = file
	if err := writeJSON(filepath.Join(f.out, "scores.json"), report); err != nil {
		return err
	}
	if wantsJSON(cmd) {
		return printJSON(cmd, report)
	}
	for _, row := range report.Images {
		fmt.Fprintf(cmd.OutOrStdout(), "%8.5f  %-9s  %s\n", row.Score, row.Verdict, row.Name)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "maps and scores are in %s\n", f.out)
	return nil
}

// find takes a run's folder or a detector's file, and the thresholds that belong to it.
func (f *predictFlags) find(from string, given bool) (file string, t thresholds, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return "", t, fmt.Errorf("the detector: %w", err)
	}
	file = from
	if info.IsDir() {
		file = runFolder(from).detector()
		if t, err = runFolder(from).thresholds(); err != nil {
			return "", t, err
		}
	}
	if given {
		t.Score = &f.threshold
	}
	return file, t, nil
}

func (f *predictFlags) write(predictions []detector.Prediction, t thresholds) (predictReport, error) {
	report := predictReport{Threshold: t.Score}
	names := baseNames(predictions)
	for i, p := range predictions {
		row := predictionRow{Name: p.Name, Score: p.Score}
		if t.Score != nil {
			row.Verdict = verdict(p.Score, *t.Score)
		}
		if f.maps {
			row.Map = filepath.Join(f.out, names[i]+".npy")
		}
		report.Images = append(report.Images, row)
	}
	if f.maps {
		level := math.NaN()
		if t.Map != nil {
			level = *t.Map
		}
		if err := errors.Join(writeRaw(f.out, predictions, names), drawMaps(f.out, predictions, names, level)); err != nil {
			return report, err
		}
	}
	return report, writeVerdicts(filepath.Join(f.out, "scores.csv"), report)
}

// baseNames are the files' names without their folders, which may be long and lie anywhere.
func baseNames(predictions []detector.Prediction) []string {
	names := make([]string, len(predictions))
	for i, p := range predictions {
		names[i] = filepath.Base(p.Name)
	}
	return fileNames(names)
}

// imageExtensions are what a folder is searched for; a file that is named itself may be called anything.
var imageExtensions = []string{".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}

// listImages takes files as they are and searches folders.
func listImages(paths []string) ([]string, error) {
	var images []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("images to predict: %w", err)
		}
		if !info.IsDir() {
			images = append(images, path)
			continue
		}
		before := len(images)
		err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && slices.Contains(imageExtensions, strings.ToLower(filepath.Ext(p))) {
				images = append(images, p)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("images to predict: %w", err)
		}
		if len(images) == before {
			return nil, fmt.Errorf("%s holds no images (%s)", path, strings.Join(imageExtensions, ", "))
		}
	}
	return images, nil
}
