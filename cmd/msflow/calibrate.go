package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// calibrateFlags are the flags of msflow calibrate.
type calibrateFlags struct {
	data        string
	weights     string
	falseAlarms float64
	device      flags.Device
}

func calibrateCommand() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate RUN|DETECTOR [IMAGE|FOLDER...]",
		Short: "Set a detector's thresholds by normal images",
		Long: "Measures the detector on normal images that it was not trained on: those given, or those that the run held out. The score\n" +
			"that the share --false-alarms of normal images is expected to reach becomes its threshold, and the map's threshold of\n" +
			"defects follows. Scores and maps are put on their scale anew, so that 0.5 is what one normal image in a hundred reaches.\n" +
			"All this is kept in the detector's file and goes where it goes. No defect is needed: images that the run knows as anomalous are\n" +
			"refused, and those that it trained on are left out. An evaluation of the run from before no longer counts, since it was of the\n" +
			"detector as it was.",
		Example: "  msflow calibrate runs/parts --false-alarms 0.005\n  msflow calibrate detector.safetensors good-parts-of-monday/",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], args[1:]) },
	}
	f.device.Register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "folder of the data set, if it has moved since the training")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	fl.Float64Var(&f.falseAlarms, "false-alarms", 0.01, "share of normal images that may be called anomalous")
	return cmd
}

// leastShare is the least share of false alarms: of less no set of images says anything.
const leastShare = 1e-6

func (f *calibrateFlags) run(cmd *cobra.Command, from string, paths []string) error {
	if !(f.falseAlarms >= leastShare && f.falseAlarms < 1) {
		return fmt.Errorf("--false-alarms %v: it is a share between 0 and 1, such as 0.01, and at least %v", f.falseAlarms, leastShare)
	}
	around := runAround(from)
	if folder := around; folder != "" { // before the detector is read, which another process may replace
		release, err := folder.Lock("calibrate")
		if err != nil {
			return err
		}
		defer release()
	}
	d, run, err := loadDetector(from, f.weights)
	if err != nil {
		return err
	}
	if err := f.device.Use(d, cmd.ErrOrStderr()); err != nil {
		return err
	}
	set, origin, err := f.normal(cmd, run, around, paths)
	if err != nil {
		return err
	}
	p := newProgress(cmd.ErrOrStderr(), 0)
	c, err := d.Calibrate(cmd.Context(), set, f.falseAlarms, origin, func(done, total int) { p.images("normal images", done, total) })
	p.done()
	if err != nil {
		return err
	}
	if err := d.Save(detectorFile(from)); err != nil {
		return err
	}
	return tellCalibration(cmd, detectorFile(from), c)
}

// runAround is the run's folder that a detector is of: the folder itself, or that of the run's detector.safetensors. It is empty for a
// file that went elsewhere.
func runAround(from string) runs.Folder {
	for _, folder := range []runs.Folder{runs.Folder(from), runs.Folder(filepath.Dir(from))} {
		if runs.Exists(folder.InfoFile()) && (string(folder) == from || sameFile(from, folder.Detector())) {
			return folder
		}
	}
	return ""
}

// normal are the normal images, and what they are in words.
func (f *calibrateFlags) normal(cmd *cobra.Command, run, around runs.Folder, paths []string) (datasets.Set, string, error) {
	if len(paths) == 0 {
		if run == "" {
			return nil, "", errors.New("a detector's file does not say which images it was not trained on; name a folder of normal images")
		}
		return f.heldOut(cmd, run)
	}
	images, problems := datasets.Find(paths)
	if len(problems) > 0 {
		return nil, "", fmt.Errorf("normal images: %w", problemsOf(problems))
	}
	set := datasets.Files(images...)
	if around != "" {
		var err error
		if set, err = f.unknown(cmd, around, set); err != nil {
			return nil, "", err
		}
	}
	for i, path := range paths {
		paths[i] = quote.Name(path)
	}
	return set, strings.Join(paths, ", "), nil
}

// unknown refuses images that the run knows as anomalous, and leaves out those that it trained on, by their content: what a detector
// says of them says nothing of new ones.
func (f *calibrateFlags) unknown(cmd *cobra.Command, run runs.Folder, set datasets.Set) (datasets.Set, error) {
	info, err := run.ReadInfo()
	if err != nil || info.Data == nil {
		return set, err
	}
	known := newKnown(info, or(f.data, run.Absolute(info.Flags["data"])))
	var kept datasets.Set
	var defects []string
	tested := 0
	for _, s := range set {
		was, err := known.look(s)
		switch {
		case err != nil:
			return nil, fmt.Errorf("normal images: %w", err)
		case was.anomalous:
			defects = append(defects, s.Name)
		case !was.trained:
			kept = append(kept, s)
			if was.tested {
				tested++
			}
		}
	}
	left := len(set) - len(kept)
	switch {
	case len(defects) > 0:
		return nil, fmt.Errorf("the data of the run in %s know %s as anomalous; thresholds are set by normal images only", run, datasets.Some(defects))
	case len(kept) == 0 && left > 0:
		return nil, fmt.Errorf("the run in %s was trained on all %d images; name a folder of other normal images", run, left)
	case left > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %d of the %d images trained this detector and are left out\n", left, len(set))
	}
	if tested > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %d of them are test images of the run: how many false alarms eval counts among those no longer checks this threshold\n", tested)
	}
	return kept, nil
}

// heldOut are the images that the run's training set apart.
func (f *calibrateFlags) heldOut(cmd *cobra.Command, run runs.Folder) (datasets.Set, string, error) {
	info, err := run.ReadInfo()
	if err != nil {
		return nil, "", err
	}
	if len(info.HeldOut) == 0 {
		return nil, "", fmt.Errorf("the run in %s held no image out, and its training images look more normal than new ones; name a folder of other normal images", run)
	}
	data, err := (&evalFlags{data: f.data, changed: true}).open(cmd.Context(), run, info, cmd.ErrOrStderr())
	if err != nil {
		return nil, "", err
	}
	set := slices.DeleteFunc(slices.Clone(data.Train), func(s datasets.Sample) bool { return !slices.Contains(info.HeldOut, s.Name) })
	if len(set) != len(info.HeldOut) {
		return nil, "", fmt.Errorf("of the %d images that the run held out %d are there; name a folder of other normal images", len(info.HeldOut), len(set))
	}
	return set, "held out of the training", nil
}

// calibrated is what calibrate --json prints.
type calibrated struct {
	Detector    string                             `json:"detector"`
	Images      int                                `json:"images"`
	From        string                             `json:"from"`
	FalseAlarms float64                            `json:"false_alarms"`
	Threshold   float64                            `json:"threshold"`
	Interval    *detector.Interval                 `json:"threshold_interval"` // 95 %, nil for a single part
	Alarms      falseAlarms                        `json:"on_these_images"`
	Map         struct{ Low, High, Share float64 } `json:"map_threshold"`
}

func tellCalibration(cmd *cobra.Command, path string, c *detector.Calibration) error {
	r := calibrated{Detector: path, Images: c.Images, From: c.From, FalseAlarms: c.Share, Threshold: c.Verdict(), Interval: c.Interval}
	r.Alarms = countAlarms(c.Scores, r.Threshold)
	r.Map.Low, r.Map.High = c.Pixels.Regions(c.Share)
	r.Map.Share = detector.DefectShare
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, r)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, c)
	interval := ""
	if c.Interval != nil {
		interval = fmt.Sprintf(" (95 %% interval %.4g to %.4g)", c.Interval[0], c.Interval[1])
	}
	fmt.Fprintf(out, "threshold %.4g%s, which %s is expected to reach\n", r.Threshold, interval, inWords(c.Share))
	fmt.Fprintf(out, "on these images: %s\n", r.Alarms)
	fmt.Fprintf(out, "a defect reaches %.4g in the map and extends to %.4g, a strong one to %.0f %% of its greatest value\n", r.Map.High, r.Map.Low, 100*r.Map.Share)
	if float64(c.Images)*c.Share < 1 {
		fmt.Fprintf(out, "note: %d images show too little of what %s does; the threshold follows the distribution of largest values that fits them. %d images or more would show it\n",
			c.Images, inWords(c.Share), int(math.Ceil(1/c.Share)))
	}
	fmt.Fprintf(out, "kept in %s\n", quote.Name(path))
	return nil
}

// falseAlarms are normal images that were called anomalous.
type falseAlarms struct {
	Alarms   int               `json:"alarms"`
	Images   int               `json:"normal_images"`
	Interval detector.Interval `json:"share_interval"` // 95 %, by Clopper and Pearson
}

func countAlarms(scores []float64, threshold float64) falseAlarms {
	a := falseAlarms{Images: len(scores)}
	for _, s := range scores {
		if s >= threshold {
			a.Alarms++
		}
	}
	a.Interval = results.Proportion(a.Alarms, a.Images)
	return a
}

func (a falseAlarms) String() string {
	percent := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }
	return fmt.Sprintf("%d of %d normal images called anomalous, %s %% (95 %% interval %s to %s)",
		a.Alarms, a.Images, percent(float64(a.Alarms)/float64(max(1, a.Images))), percent(a.Interval[0]), percent(a.Interval[1]))
}
