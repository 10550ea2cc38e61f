package main

import (
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
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// predictFlags are the flags of msflow predict.
type predictFlags struct {
	out       string
	weights   string
	threshold float64
	maps      bool
	overwrite bool
	device    deviceFlags
}

func predictCommand() *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict RUN|DETECTOR IMAGE|FOLDER...",
		Short: "Score images and draw their anomaly maps",
		Long: "Writes scores.csv, scores.json and for every image a heat map, an overlay and the raw map (NAME.npy, float32, what\n" +
			"map_threshold of eval is for). The threshold is --threshold, the run's best F1 when it was evaluated, or what one normal\n" +
			"image in a hundred is expected to reach; which of them is said. The maps of a detector have one range of colours, whatever\n" +
			"is scored. A folder that holds results already is left alone unless --overwrite is given.\n\n" +
			"Folders are searched with those below them, links followed, hidden files and --out left out. An image that cannot be\n" +
			"read is named and costs only itself: scores.csv grows line by line, and the exit code is 1 if some image failed. Images\n" +
			"are read as the detector's training images were: 16-bit levels, EXIF orientation (see train --help).",
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
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace the results in the folder")
	return cmd
}

// predictionRow is one image in scores.json.
type predictionRow struct {
	Name    string  `json:"name"`
	Score   float64 `json:"score"`
	Verdict string  `json:"verdict,omitempty"`
	Map     string  `json:"map,omitempty"` // file of the raw map
}

// failedRow is an image without results and why.
type failedRow struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// predictReport is scores.json, and what predict --json prints.
type predictReport struct {
	Detector  string          `json:"detector"`
	Threshold *float64        `json:"threshold"` // nil when none is known
	From      string          `json:"threshold_from,omitempty"`
	Colors    *[2]float64     `json:"map_colors,omitempty"` // the map's values of the first and the last colour
	Images    []predictionRow `json:"images"`
	Failed    []failedRow     `json:"failed,omitempty"`
}

func (f *predictFlags) run(cmd *cobra.Command, from string, paths []string, given bool) error {
	if f.out == "" {
		return errors.New("--out is empty; it names the folder for the results")
	}
	if err := f.free(); err != nil {
		return err
	}
	d, t, err := f.find(from, given, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := f.device.use(d, cmd.ErrOrStderr()); err != nil {
		return err
	}
	images, problems, err := listed(paths, f.out)
	if err != nil {
		return err
	}
	if err := sayHowRead(cmd, d, images); err != nil {
		return err
	}
	p := newPredictions(f, images, t, cmd.ErrOrStderr())
	defer p.close()
	p.report.Detector = detectorFile(from)
	if err := f.predict(cmd, d, images, problems, p); err != nil {
		return err
	}
	return f.tell(cmd, p)
}

// free refuses a folder that holds the results of another call.
func (f *predictFlags) free() error {
	if path := filepath.Join(f.out, finished); !f.overwrite && runs.Exists(path) {
		return fmt.Errorf("%s exists; --overwrite replaces these results, --out names another folder", path)
	}
	return nil
}

// predict scores the images and writes their results.
func (f *predictFlags) predict(cmd *cobra.Command, d *detector.Detector, images []string, problems []datasets.Problem, p *predictions) error {
	for _, problem := range problems {
		if err := p.fail(problem.Name, problem.Err); err != nil {
			return err
		}
	}
	progress, done := newProgress(cmd.ErrOrStderr(), 0), 0
	var failed error
	err := d.PredictEach(cmd.Context(), datasets.Files(images...), func(image detector.Prediction) error {
		done++
		progress.images("images", done, len(images))
		return errors.Join(failed, p.add(image))
	}, func(s datasets.Sample, reason error) {
		done++
		failed = errors.Join(failed, p.fail(s.Name, reason))
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	return p.finish()
}

// tell prints the scores, and by what they are judged. Images that failed are an error in the end.
func (f *predictFlags) tell(cmd *cobra.Command, p *predictions) error {
	report, out := p.report, cmd.OutOrStdout()
	scored, failed := len(report.Images), len(report.Failed)
	switch {
	case wantsJSON(cmd):
		if err := printJSON(cmd, report); err != nil {
			return err
		}
	case scored > 0:
		for _, row := range report.Images {
			fmt.Fprintf(out, "%8.5f  %-9s  %s\n", row.Score, row.Verdict, quote.Name(row.Name))
		}
		fmt.Fprint(out, p.t.words())
		fmt.Fprintf(out, "%s are in %s\n", scoresAndMaps(f.maps), f.out)
	}
	switch {
	case failed > 0 && scored == 0:
		return fmt.Errorf("none of the %d images could be scored, so there are no results", failed)
	case failed > 0:
		return fmt.Errorf("%d of %d images failed, as named above; the others' results are in %s", failed, failed+scored, f.out)
	}
	return nil
}

// detectorFile is the file of a run's detector, or the file itself.
func detectorFile(from string) string {
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return runs.Folder(from).Detector()
	}
	return from
}

// falseAlarms is the share of normal images that a threshold from normal images alone lets through as anomalous.
const falseAlarms = 0.01

// find loads the detector of a run's folder or of a file, and the thresholds that belong to it.
func (f *predictFlags) find(from string, given bool, log io.Writer) (d *detector.Detector, t thresholds, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, t, fmt.Errorf("%s, a run's folder or a detector's file: %w", from, quote.Reason(err))
	}
	if !info.IsDir() {
		d, err = detector.Load(from, f.weights)
	} else if run, failed := runs.Folder(from).ReadInfo(); failed != nil {
		err = failed
	} else if d, err = runs.Folder(from).Load(run, f.weights); err == nil {
		t, err = thresholdsOf(runs.Folder(from), d, log)
	}
	if err != nil {
		return nil, t, err
	}
	t.calibration = d.Calibration()
	switch {
	case given:
		t.Score, t.From = &f.threshold, "as --threshold says"
	case t.Score == nil && t.calibration != nil:
		v := t.calibration.Threshold(falseAlarms)
		t.Score, t.From = &v, fmt.Sprintf("what one normal image in a hundred is expected to reach (%s)", t.calibration)
	}
	return d, t, nil
}

// thresholds are those of a run's evaluation: of the image score at its best F1, and of the map. They are
// nil when there is none of this detector.
type thresholds struct {
	Score, Map  *float64
	From        string     // where Score is from
	Colors      [2]float64 // of the maps of the run's evaluation; zero when there is none
	calibration *detector.Calibration
}

// words explains the thresholds.
func (t thresholds) words() string {
	if t.Score == nil {
		return "there is no threshold, so there are no verdicts; --threshold sets one\n"
	}
	text := fmt.Sprintf("a score from %.4g on is called anomalous: %s\n", *t.Score, t.From)
	if c := t.calibration; c != nil && !strings.Contains(t.From, "in a hundred") {
		text += fmt.Sprintf("(%s)\n", expected(c))
	}
	if t.Map != nil {
		text += fmt.Sprintf("a pixel from %.4g of the map on is called anomalous: the evaluation's map_threshold, the line in the pictures\n", *t.Map)
	}
	return text
}

// expected says which score normal images are expected to reach.
func expected(c *detector.Calibration) string {
	return fmt.Sprintf("one normal image in a hundred is expected to score %.4g or more: %s", c.Threshold(falseAlarms), c)
}

// thresholdsOf reads them.
func thresholdsOf(r runs.Folder, d *detector.Detector, log io.Writer) (t thresholds, err error) {
	var e evaluation
	path := r.File("eval/metrics.json")
	err = runs.ReadSealed(path, &e)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("the run's thresholds: %w; msflow eval %s makes them anew", err, quote.Shell(string(r)))
	}
	if e.Detector != d.Sum {
		fmt.Fprintf(log, "note: %s is of another detector, so its threshold is not taken; msflow eval %s tests this one\n", path, quote.Shell(string(r)))
		return t, nil
	}
	from := fmt.Sprintf("the best F1 on the run's test images (%s)", path)
	return thresholds{Score: &e.DetThreshold, Map: &e.MapThreshold, From: from, Colors: e.MapColors}, nil
}

// sayHowRead notes how many images are turned or of 16 bits, by their headers. Unreadable ones are named when it is their turn.
func sayHowRead(cmd *cobra.Command, d *detector.Detector, images []string) error {
	look, err := datasets.Files(images...).ReadAs(d.Reading()).Look(cmd.Context())
	if err != nil {
		return err
	}
	for _, line := range look.Notes() {
		fmt.Fprintln(cmd.ErrOrStderr(), "note:", line)
	}
	return nil
}
