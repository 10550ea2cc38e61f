package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/reports"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/seal"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// evalFlags are the flags of msflow eval.
type evalFlags struct {
	data    string
	weights string
	out     string
	rows    int
	maps    bool
	raw     bool
	report  string
	changed bool
	device  flags.Device

	overwrite bool
}

func evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Test a trained run and write metrics, figures and maps",
		Long: "Tests the detector of a run's folder on the test images of its data set and writes RUN/eval: metrics.json, scores.csv,\n" +
			"curves and panels. Image figures judge the image score, loc figures the pixels of the add map, AUPRO the regions of the mul map.\n" +
			"By the paper's score add is the sum of the likelihoods that the scales of the flow give a pixel and mul their product, each relative\n" +
			"to its image; by the default score both are the map in the pictures.\n\n" +
			"Where all test images are normal it reports the false alarms at the detector's own threshold (msflow calibrate), and writes\n" +
			"scores and maps.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, runs.Folder(args[0])) },
	}
	f.device.Register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "folder of the data set, if it has moved since the training")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	fl.StringVar(&f.out, "out", "", "folder for the results (default RUN/eval)")
	fl.IntVar(&f.rows, "rows", 8, "images in the panels of the best and of the worst")
	fl.BoolVar(&f.maps, "maps", true, "draw the map and the overlay of every test image")
	fl.BoolVar(&f.raw, "raw", false, "also write every map as NAME.npy")
	fl.StringVar(&f.report, "report", "", "also write a page about the run to this file: one .html with tables, curves, maps, settings")
	fl.BoolVar(&f.overwrite, "overwrite", false, "write into --out although it holds other files, or the test of another run")
	fl.BoolVar(&f.changed, "changed", false, "go on when test images are missing or changed since the training")
	return cmd
}

func (f *evalFlags) run(cmd *cobra.Command, folder runs.Folder) error {
	ctx, log := cmd.Context(), cmd.ErrOrStderr()
	if err := f.check(cmd); err != nil {
		return err
	}
	if !runs.Exists(folder.InfoFile()) && !runs.Exists(folder.Next().InfoFile()) {
		_, err := folder.ReadInfo()
		return err
	}
	release, err := f.lock(folder)
	if err != nil {
		return err
	}
	defer release()
	info, err := folder.ReadInfo()
	if err != nil {
		return err
	}
	if err := f.free(info); err != nil {
		return err
	}
	d, err := folder.Load(info, f.weights)
	if err != nil {
		return err
	}
	if err := f.device.Use(d, log); err != nil {
		return err
	}
	data, err := f.open(ctx, folder, info, log)
	if err != nil {
		return err
	}
	if n := data.Test.Anomalous(); n == 0 || n == len(data.Test) {
		if f.report != "" {
			return errors.New("--report: the test images are all of one kind, and a report's figures and curves need both")
		}
		return f.scoreOneClass(cmd, folder, d, data)
	}
	p := newProgress(log, 0)
	r, err := d.TestWith(ctx, data.Test, func(done, total int) { p.images("test images", done, total) })
	if err != nil {
		return err
	}
	out := or(f.out, folder.File("eval"))
	if err := f.write(out, r, &evaluation{Run: info.Run, Detector: d.Sum, ThresholdOf: thresholdOf, Metrics: r.Metrics}); err != nil {
		return err
	}
	if f.report != "" {
		if err := f.writeReport(cmd, folder, info, d, data, r); err != nil {
			return err
		}
	}
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, evalReport{Metrics: r.Metrics, Run: string(folder), Results: out})
	}
	written := "figures and scores"
	if f.maps {
		written = "figures, " + scoresAndMaps(f.maps)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s%s are in %s\n", r.Metrics, thresholdWords(r, d), written, out)
	return nil
}

// check reports flags that cannot be meant, before anything is read.
func (f *evalFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("out") && f.out == "" {
		return errors.New("--out is empty; it names the folder for the results")
	}
	if f.rows < 0 {
		return fmt.Errorf("--rows %d: it cannot be negative", f.rows)
	}
	if cmd.Flags().Changed("report") {
		return reports.Free(f.report, f.overwrite, "--report")
	}
	return nil
}

// thresholdWords explains the thresholds of a test, of which there are several.
func thresholdWords(r *detector.Result, d *detector.Detector) string {
	takes := "which predict takes too"
	if toldByFew(r.Metrics, d.Calibration()) {
		takes = "of which there are few, so that predict takes the next one"
	}
	text := fmt.Sprintf("score ≥ %.4g: called anomalous; the threshold of the best F1 on these test images, %s\n", r.DetThreshold, takes)
	if c := d.Calibration(); c != nil {
		at, normal, anomalous := c.Verdict(), 0, 0
		for _, p := range r.Images {
			if p.Score >= at && p.Anomalous {
				anomalous++
			} else if p.Score >= at {
				normal++
			}
		}
		text += fmt.Sprintf("score ≥ %.4g: what %s is expected to reach (%s); here %d of %d normal and %d of %d anomalous ones do\n",
			at, inWords(c.FalseAlarmShare()), c, normal, r.Normal, anomalous, r.Anomalous)
	}
	return text + fmt.Sprintf("map ≥ %.4g: a pixel of a defect, by the best Dice on these test images; map_threshold in metrics.json, for maps/NAME.npy (--raw)\n", r.MapThreshold)
}

// evalReport is what eval --json prints.
type evalReport struct {
	Run     string `json:"run"`
	Results string `json:"results"`
	detector.Metrics
}

// scoreOneClass writes the scores and maps of test images that are all normal or all anomalous, of which no curve can be drawn. It
// judges by the detector's own threshold and reports the false alarms, or the defects found.
func (f *evalFlags) scoreOneClass(cmd *cobra.Command, folder runs.Folder, d *detector.Detector, data *datasets.Data) error {
	p := newProgress(cmd.ErrOrStderr(), 0)
	predictions, err := d.PredictWith(cmd.Context(), data.Test, func(done, total int) { p.images("test images", done, total) })
	if err != nil {
		return err
	}
	report := oneClass{Run: string(folder), Results: or(f.out, folder.File("eval")), Images: len(data.Test), Anomalous: data.Test.Anomalous()}
	threshold := math.NaN()
	if c := d.Calibration(); c != nil {
		report.judge(predictions, c)
		threshold = *report.Threshold
	}
	if err := f.writeMaps(report.Results, predictions, threshold); err != nil {
		return err
	}
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, report)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\nscores and maps are in %s\n", report, report.Results)
	return nil
}

// writeMaps writes the scores and, as the flags have it, the maps.
func (f *evalFlags) writeMaps(out string, predictions []detector.Prediction, threshold float64) error {
	names := make([]string, len(predictions))
	for i, p := range predictions {
		names[i] = p.Name
	}
	names = fileNames(names)
	if err := results.WriteScores(filepath.Join(out, "scores.csv"), predictions, threshold); err != nil {
		return err
	}
	if f.maps {
		low, high := detector.MapRange(predictions, math.NaN())
		if err := drawMaps(filepath.Join(out, "maps"), predictions, names, low, high); err != nil {
			return err
		}
	}
	if f.raw {
		return writeRaw(filepath.Join(out, "maps"), predictions, names)
	}
	return nil
}

// oneClass is what eval says of test images that are all of one kind.
type oneClass struct {
	Run       string            `json:"run"`
	Results   string            `json:"results"`
	Images    int               `json:"images"`
	Anomalous int               `json:"anomalous_images"`
	Threshold *float64          `json:"threshold"` // nil when the detector knows none
	From      string            `json:"threshold_from,omitempty"`
	Called    int               `json:"called_anomalous"`
	Share     detector.Interval `json:"called_anomalous_interval"` // 95 %, of the share
}

func (r *oneClass) judge(predictions []detector.Prediction, c *detector.Calibration) {
	var t thresholds
	t.expect(c)
	r.Threshold, r.From = t.Threshold, t.From
	for _, p := range predictions {
		if p.Score >= *t.Threshold {
			r.Called++
		}
	}
	r.Share = results.Proportion(r.Called, r.Images)
}

func (r oneClass) String() string {
	kind := "normal"
	if r.Anomalous > 0 {
		kind = "anomalous"
	}
	about := fmt.Sprintf("all %d test images are %s; curves need both kinds", r.Images, kind)
	if r.Threshold == nil {
		return about + ", and the detector knows no threshold (msflow calibrate finds one)"
	}
	return fmt.Sprintf("%s\n%d of %d called anomalous, %.1f %% (95 %% interval %.1f to %.1f), from %.4g on: %s",
		about, r.Called, r.Images, 100*float64(r.Called)/float64(r.Images), 100*r.Share[0], 100*r.Share[1], *r.Threshold, r.From)
}

// scoresAndMaps is what was written.
func scoresAndMaps(maps bool) string {
	if maps {
		return "scores and maps"
	}
	return "scores"
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// lock makes the folder of the results this process's own: the run's, or the one of --out.
func (f *evalFlags) lock(folder runs.Folder) (release func(), err error) {
	if f.out == "" {
		return folder.Lock("eval")
	}
	if err := runs.Claim(f.out, "eval", f.overwrite); err != nil {
		return nil, err
	}
	return runs.Lock(f.out, "eval")
}

// free refuses --out where it holds the test of another run: its scores and maps would be mixed with this one's.
func (f *evalFlags) free(info *runs.Info) error {
	if f.out == "" || f.overwrite {
		return nil
	}
	var old evaluation
	path := filepath.Join(f.out, "metrics.json")
	if err := seal.Read(path, &old); errors.Is(err, fs.ErrNotExist) || err == nil && old.Run == info.Run {
		return nil
	}
	return fmt.Errorf("%s is of the run %q, and this is the run %q; --overwrite replaces it, --out names another folder", path, old.Run, info.Run)
}

// open opens the run's data, divided as they were for the training.
func (f *evalFlags) open(ctx context.Context, folder runs.Folder, info *runs.Info, log io.Writer) (*datasets.Data, error) {
	run := trainFlags{data: dataFlags{ofRun: true}}
	if err := flagValues(info.Flags).apply(run.command(), folder); err != nil {
		return nil, err
	}
	if f.data != "" {
		run.data.Dir = f.data
	}
	data, err := run.data.open(ctx, log)
	if err != nil || info.Data == nil {
		return data, err
	}
	if err := divideAsRun(ctx, data, info.Data, log, false, !f.changed); err != nil {
		return nil, fmt.Errorf("%w (--changed tests on the files as they are)", err)
	}
	return data, nil
}

// evaluation is metrics.json. It is valid for one detector only, which it names by the sum of its contents.
type evaluation struct {
	Run      string `json:"run"`
	Detector string `json:"detector_sha256"`
	// ThresholdOf says what each threshold is for.
	ThresholdOf map[string]string `json:"threshold_of"`
	detector.Metrics
	SHA256 string `json:"sha256"`
}

// thresholdOf names the maps that the thresholds of metrics.json are for.
var thresholdOf = map[string]string{
	"det_threshold": "the image score, score in scores.csv",
	"map_threshold": "the map that pictures show, maps/NAME.npy and the colours of maps/NAME_map.png",
	"loc_threshold": "the add map (the sum of the scales' likelihoods; by the default score the map in the pictures), by which loc_auroc, loc_ap and loc_f1max judge pixels; it is not written",
}

func (e *evaluation) Seal() *string { return &e.SHA256 }

// write writes the results; metrics.json goes first and comes last, so that it never stands beside those of another test.
func (f *evalFlags) write(out string, r *detector.Result, e *evaluation) error {
	metrics := filepath.Join(out, "metrics.json")
	if err := os.Remove(metrics); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing the results: %w", err)
	}
	if err := f.writeFigures(out, r); err != nil {
		return err
	}
	return seal.Write(metrics, e)
}

func (f *evalFlags) writeFigures(out string, r *detector.Result) error {
	if err := results.WriteScores(filepath.Join(out, "scores.csv"), r.Images, r.DetThreshold); err != nil {
		return err
	}
	if err := drawResult(out, r, f.rows); err != nil {
		return err
	}
	names := make([]string, len(r.Images))
	for i, p := range r.Images {
		names[i] = p.Name
	}
	names = fileNames(names)
	if f.maps {
		low, high := r.MapRange()
		if err := drawMaps(filepath.Join(out, "maps"), r.Images, names, low, high); err != nil {
			return err
		}
	}
	if f.raw {
		return writeRaw(filepath.Join(out, "maps"), r.Images, names)
	}
	return nil
}
