package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// predictFlags are the flags of msflow predict.
type predictFlags struct {
	out       string
	weights   string
	threshold thresholdFlags
	maps      bool
	watch     string
	frames    string
	frameSize string
	list      string
	shard     string
	overwrite bool
	device    flags.Device
}

func predictCommand() *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict RUN|DETECTOR IMAGE|FOLDER... | predict RUN|DETECTOR - | predict RUN|DETECTOR --watch FOLDER | predict RUN|DETECTOR --frames -",
		Short: "Score images and draw their anomaly maps",
		Long: "Writes scores.csv, scores.json and for every image a heat map, an overlay and a mask of its defects at the image's own size,\n" +
			"and the raw map (NAME.npy, float32, input size). regions.csv and coco.json list the defects: each with area, score,\n" +
			"centroid and box in pixels of the image, coco.json also with its outline.\n\n" +
			thresholdHelp + "\n\n" +
			"The maps of a detector have one range of colours, whatever is scored with it. A folder that holds results already, or files\n" +
			"that are none, is left alone unless --overwrite is given.\n\n" +
			"Folders are searched with those below them, links followed, hidden files and --out left out. An image that cannot be\n" +
			"read is named and costs only itself: scores.csv grows line by line, and the exit code is 1 if some image failed. Images\n" +
			"are read as the detector's training images were: 16-bit levels, EXIF orientation (see train --help).\n\n" +
			streamHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch paths := args[1:]; {
			case f.frames == "" && f.frameSize != "":
				return errors.New("--frame-size is of the frames of --frames")
			case f.frames != "" && (f.watch != "" || f.list != "" || f.shard != "" || len(paths) > 0):
				return errors.New("--frames brings all images; others are predicted without it")
			case f.frames != "":
				return f.film(cmd, args[0])
			case f.watch != "" && len(paths) > 0:
				return errors.New("--watch names the folder to watch; other images are predicted without it")
			case (f.list != "" || f.shard != "") && (f.watch != "" || len(paths) == 1 && paths[0] == "-"):
				return errors.New("--list and --shard go with images that are there already, not with - or --watch")
			case f.watch != "":
				return f.follow(cmd, args[0], &watchedFolder{dir: f.watch, except: f.out, log: cmd.ErrOrStderr()})
			case len(paths) == 1 && paths[0] == "-":
				return f.follow(cmd, args[0], listedOn(cmd.InOrStdin()))
			case len(paths) == 0 && f.list == "":
				return errors.New("name images or folders to predict, --list FILE, - for a list on standard input, or --watch FOLDER")
			}
			return f.run(cmd, args[0], args[1:])
		},
	}
	f.device.Register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "predictions", "folder for the results")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	f.threshold.register(cmd)
	fl.StringVar(&f.watch, "watch", "", "folder to score images in as they come, until interrupted")
	fl.StringVar(&f.frames, "frames", "", "file, or - for standard input, of PNG or JPEG pictures one after another, as ffmpeg writes them to a pipe")
	fl.StringVar(&f.frameSize, "frame-size", "", "WIDTHxHEIGHT of --frames that are RGB pixels (ffmpeg -f rawvideo -pix_fmt rgb24)")
	fl.StringVar(&f.list, "list", "", "file with paths of images or folders, one a line, besides those named")
	fl.StringVar(&f.shard, "shard", "", "score one part of the images only, such as 3/20: the third of twenty; all parts together are all images")
	fl.BoolVar(&f.maps, "maps", true, "draw the maps and the masks of defects")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace the results in the folder")
	return cmd
}

// film scores the frames of --frames.
func (f *predictFlags) film(cmd *cobra.Command, from string) error {
	in := cmd.InOrStdin()
	if f.frames != "-" {
		file, err := os.Open(f.frames)
		if err != nil {
			return fmt.Errorf("--frames: %w", err)
		}
		defer file.Close()
		in = file
	}
	images, err := filmed(in, f.frameSize)
	if err != nil {
		return err
	}
	return f.follow(cmd, from, images)
}

// predictionRow is one image in scores.json.
type predictionRow struct {
	Name    string  `json:"name"`
	Score   float64 `json:"score"`
	Verdict string  `json:"verdict,omitempty"`
	Map     string  `json:"map,omitempty"`  // file of the raw map
	Mask    string  `json:"mask,omitempty"` // file of the mask of the defects

	Regions []region.Region `json:"regions"` // without outlines, which coco.json has
}

// defects says how many there are and how large, for people.
func (r predictionRow) defects() string {
	switch n := len(r.Regions); n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("  1 defect of %d pixels", r.Regions[0].Area)
	default:
		return fmt.Sprintf("  %d defects of %d pixels", n, area(r.Regions))
	}
}

// failedRow is an image without results and why.
type failedRow struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// predictReport is scores.json, and what predict --json prints.
type predictReport struct {
	Detector string `json:"detector"`
	thresholds
	Colors *[2]float64     `json:"map_colors,omitempty"` // the map's values of the first and the last colour
	Images []predictionRow `json:"images"`
	Failed []failedRow     `json:"failed,omitempty"`
}

func (f *predictFlags) run(cmd *cobra.Command, from string, paths []string) error {
	if f.out == "" {
		return errors.New("--out is empty; it names the folder for the results")
	}
	if err := f.threshold.check(); err != nil {
		return err
	}
	part, parts, err := f.part()
	if err != nil {
		return err
	}
	if paths, err = f.withList(paths); err != nil {
		return err
	}
	d, t, err := f.find(from, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	images, problems, err := listed(paths, f.out)
	if err == nil {
		err = f.free()
	}
	if err != nil {
		return err
	}
	if err := f.device.Use(d, cmd.ErrOrStderr()); err != nil {
		return err
	}
	if images = images[len(images)*(part-1)/parts : len(images)*part/parts]; len(images) == 0 {
		return fmt.Errorf("--shard %s: there are fewer images than parts", f.shard)
	}
	if part > 1 {
		problems = nil // the first part tells of them
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
	return f.tell(cmd, p.report)
}

// part is which part of how many to score.
func (f *predictFlags) part() (part, parts int, err error) {
	if f.shard == "" {
		return 1, 1, nil
	}
	n, err := fmt.Sscanf(f.shard, "%d/%d", &part, &parts)
	if n != 2 || err != nil || fmt.Sprintf("%d/%d", part, parts) != f.shard || part < 1 || part > parts {
		return 0, 0, fmt.Errorf("--shard %q: write it as 3/20, the third of twenty parts", f.shard)
	}
	return part, parts, nil
}

// withList adds the lines of --list to the paths.
func (f *predictFlags) withList(paths []string) ([]string, error) {
	if f.list == "" {
		return paths, nil
	}
	text, err := os.ReadFile(f.list)
	if err != nil {
		return nil, fmt.Errorf("--list: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			paths = append(paths, line)
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("--list %s: it names no images", f.list)
	}
	return paths, nil
}

// free refuses a folder that holds the results of another call, or what is none of predict's.
func (f *predictFlags) free() error {
	if err := f.noResults(); err != nil {
		return err
	}
	return runs.Claim(f.out, "predict", f.overwrite)
}

func (f *predictFlags) noResults() error {
	if path := filepath.Join(f.out, finished); !f.overwrite && runs.Exists(path) {
		return fmt.Errorf("%s exists; --overwrite replaces these results, --out names another folder", path)
	}
	if path := filepath.Join(f.out, streamed); runs.Exists(path) {
		return fmt.Errorf("%s exists: images are scored there as they come; --out names another folder", path)
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

// tell prints the scores. Images that failed are an error in the end.
func (f *predictFlags) tell(cmd *cobra.Command, report predictReport) error {
	out := cmd.OutOrStdout()
	scored, failed := len(report.Images), len(report.Failed)
	switch {
	case flags.WantsJSON(cmd):
		if err := flags.PrintJSON(cmd, report); err != nil {
			return err
		}
	case scored > 0:
		for _, row := range report.Images {
			fmt.Fprintf(out, "%8.5f  %-9s  %s%s\n", row.Score, row.Verdict, quote.Name(row.Name), row.defects())
		}
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

// find loads the detector of a run's folder or of a file, and the thresholds that belong to it.
func (f *predictFlags) find(from string, log io.Writer) (*detector.Detector, thresholds, error) {
	d, run, err := loadDetector(from, f.weights)
	if err != nil {
		return nil, thresholds{}, err
	}
	t, err := f.threshold.of(d, run, log)
	return d, t, err
}

// loadDetector loads the detector of a run's folder or of a file; run is empty for the latter.
func loadDetector(from, weights string) (d *detector.Detector, run runs.Folder, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, "", fmt.Errorf("%s, a run's folder or a detector's file: %w", from, quote.Reason(err))
	}
	if !info.IsDir() {
		if err := notResumable(from); err != nil {
			return nil, "", err
		}
		d, err = detector.Load(from, weights)
		return d, "", err
	}
	run = runs.Folder(from)
	about, err := run.ReadInfo()
	if err != nil {
		return nil, "", err
	}
	d, err = run.Load(about, weights)
	return d, run, err
}

// notResumable refuses a training's checkpoint: it has no calibration, and to write one into it would lose the training's state.
func notResumable(file string) error {
	c, err := train.Open(file)
	if err != nil {
		return err
	}
	if _, resumable, err := c.State(); err != nil || resumable {
		return errors.Join(err, fmt.Errorf("%s is the checkpoint of a training, to resume from; what it makes is detector.safetensors beside it", file))
	}
	return nil
}

// sayHowRead notes how many images are turned or of 16 bits, by their headers. Unreadable ones are named when it is their turn.
func sayHowRead(cmd *cobra.Command, d *detector.Detector, images []string) error {
	look, err := datasets.Files(images...).ReadAs(d.Reading()).Look(cmd.Context())
	if err != nil {
		return err
	}
	sayReadAs(look, cmd.ErrOrStderr())
	for _, line := range look.Notes() {
		fmt.Fprintln(cmd.ErrOrStderr(), "note:", line)
	}
	return nil
}
