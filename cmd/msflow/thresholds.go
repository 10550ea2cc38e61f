package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
	"github.com/msflow-go/msflow/lib/seal"
	"github.com/spf13/cobra"
)

const thresholdHelp = "The threshold of the verdicts is --threshold, the best F1 of the run's evaluation, or what the detector expects of normal\n" +
	"images: one in a hundred reaches it, or as msflow calibrate was told. A defect is a region of the map that reaches\n" +
	"--map-threshold somewhere and is at least --map-low everywhere; by default the best Dice of the run's evaluation for both, or\n" +
	"what the detector expects one normal image in a hundred to reach anywhere, and three quarters of the way there from what one\n" +
	"normal pixel in a thousand reaches, where a strong defect ends at three quarters of its greatest value. The verdict judges the\n" +
	"image as a whole, so that a normal image may have a defect and an anomalous one none."

// thresholdFlags are what the user says about verdicts and defects.
type thresholdFlags struct {
	score, high, low float64
	minArea          int
	given            func(flag string) bool
}

func (f *thresholdFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.Float64Var(&f.score, "threshold", 0, "a score from here on is called anomalous")
	fl.Float64Var(&f.high, "map-threshold", 0, "a defect reaches this value of the map (NAME.npy) somewhere")
	fl.Float64Var(&f.low, "map-low", 0, "a defect extends to where the map falls below this value (default: --map-threshold, if that is given)")
	fl.IntVar(&f.minArea, "min-area", 0, "a defect has at least so many pixels of the image")
	f.given = fl.Changed
}

// check looks at the flags before anything is loaded.
func (f *thresholdFlags) check() error {
	if math.IsNaN(f.score) || math.IsInf(f.score, 0) {
		return fmt.Errorf("--threshold %v: it must be a finite number", f.score)
	}
	if f.given("map-low") && !f.given("map-threshold") {
		return errors.New("--map-low goes with --map-threshold")
	}
	if !f.given("map-low") {
		f.low = f.high
	}
	if err := (region.Thresholds{Low: f.low, High: f.high, MinArea: f.minArea}).Check(); err != nil {
		return fmt.Errorf("--map-threshold, --map-low, --min-area: %w", err)
	}
	return nil
}

// thresholds are what a detector's results are judged by, and where that comes from.
type thresholds struct {
	Threshold *float64      `json:"threshold"` // nil when none is known
	From      string        `json:"threshold_from,omitempty"`
	Map       *mapThreshold `json:"map_threshold"` // nil when none is known

	colors [2]float64 // of the maps of the run's evaluation; zero when there is none
}

// mapThreshold says what a defect is.
type mapThreshold struct {
	region.Thresholds
	From string `json:"from"`
}

// of finds the thresholds of a detector: those of the flags, of its run's evaluation, or of its calibration. It says which.
func (f *thresholdFlags) of(d *detector.Detector, run runs.Folder, log io.Writer) (t thresholds, err error) {
	if c := d.Calibration(); c != nil {
		t.expect(c)
	}
	if run != "" {
		if err := t.evaluated(run, d, log); err != nil {
			return t, err
		}
	}
	if f.given("threshold") {
		t.Threshold, t.From = &f.score, "--threshold"
	}
	if f.given("map-threshold") {
		t.Map = &mapThreshold{region.Thresholds{Low: f.low, High: f.high}, "--map-threshold"}
	}
	if t.Map != nil {
		t.Map.MinArea = f.minArea
	}
	t.say(log)
	return t, nil
}

// expect takes the thresholds of a calibration.
func (t *thresholds) expect(c *detector.Calibration) {
	v, share := c.Verdict(), c.FalseAlarmShare()
	t.Threshold, t.From = &v, fmt.Sprintf("the score that %s is expected to reach (%s)", inWords(share), c)
	if c.Pixels == nil {
		return
	}
	low, high := c.Pixels.Regions(share)
	t.Map = &mapThreshold{region.Thresholds{Low: low, High: high, Share: detector.DefectShare}, fmt.Sprintf("what %s is expected to reach anywhere (%s)", inWords(share), c)}
}

// inWords is a share of normal images.
func inWords(share float64) string {
	if share == 0.01 {
		return "one normal image in a hundred"
	}
	return strconv.FormatFloat(100*share, 'g', 3, 64) + " % of normal images"
}

// evaluated takes the thresholds of a run's evaluation, if it was of this detector.
func (t *thresholds) evaluated(run runs.Folder, d *detector.Detector, log io.Writer) error {
	var e evaluation
	path := run.File("eval/metrics.json")
	err := seal.Read(path, &e)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the run's thresholds: %w; msflow eval %s makes them anew", err, quote.Shell(string(run)))
	}
	if e.Detector != d.Sum {
		what := "is of another detector"
		if info, err := run.ReadInfo(); err == nil && info.Run == e.Run {
			what = "was made before the detector was calibrated or trained anew"
		}
		fmt.Fprintf(log, "note: %s %s, so its threshold is not taken; msflow eval %s tests this one\n", path, what, quote.Shell(string(run)))
		return nil
	}
	if toldByFew(e.Metrics, d.Calibration()) {
		fmt.Fprintf(log, "note: the best F1 on %d normal and %d anomalous test images says little, so the threshold of the calibration is taken\n", e.Normal, e.Anomalous)
		t.colors = e.MapColors
		return nil
	}
	t.Threshold, t.From = &e.DetThreshold, fmt.Sprintf("the best F1 on the run's test images (%s)", quote.Name(path))
	t.colors = e.MapColors
	t.Map = &mapThreshold{region.Thresholds{Low: e.MapThreshold, High: e.MapThreshold}, "the best Dice on the run's test images"}
	return nil
}

// fewJudged is how many normal and how many anomalous test images a best F1 needs before predict prefers it to what normal images
// say: of a few, the threshold between them lies anywhere in a wide gap.
const fewJudged = 10

// toldByFew tells whether a detector's calibration says more than the best F1 of a test.
func toldByFew(m detector.Metrics, c *detector.Calibration) bool {
	return c != nil && c.HeldOut && min(m.Normal, m.Anomalous) < fewJudged
}

// say tells the user what is judged by what.
func (t *thresholds) say(log io.Writer) {
	if t.Threshold == nil {
		fmt.Fprintln(log, "note: the detector is of an older version and knows no threshold, so there are no verdicts; msflow calibrate finds one, --threshold sets one")
	} else {
		fmt.Fprintf(log, "note: the threshold %.4g is %s\n", *t.Threshold, quote.Message(t.From))
	}
	if t.Map == nil {
		fmt.Fprintln(log, "note: the detector knows no threshold of its map, so no defects are listed; msflow calibrate finds one, --map-threshold sets one")
	} else {
		fmt.Fprintf(log, "note: a defect reaches %.4g of the map: %s\n", t.Map.High, quote.Message(t.Map.From))
	}
}
