package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/cmd/msflow/internal/track"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/plots"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of msflow train.
type trainFlags struct {
	data    dataFlags
	model   modelFlags
	device  flags.Device
	out     string
	from    string
	epochs  int
	batch   int
	lr      float64
	holdOut float64
	noise   float64

	patience   int
	judgeEvery int
	cacheMB    int64
	resume     bool
	overwrite  bool
	trackTo    string
}

func trainCommand() *cobra.Command {
	var f trainFlags
	return f.command()
}

func (f *trainFlags) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "train --out RUN",
		Short: "Train a detector on normal images",
		Long: "Trains a detector and keeps everything about it in the folder RUN. --resume takes all settings from RUN and goes on to the\n" +
			"very numbers of an uninterrupted training; paths, --device and --precision may differ. With more --epochs the run becomes\n" +
			"another one, which goes on from its checkpoint by the schedule of the new length and replaces it at its first own. --overwrite trains beside the run that is there and replaces it at the first checkpoint.",
		Example: "  msflow train --out runs/demo\n" +
			"  msflow train --dataset mtd --data MTD --size 256 --seed 1 --out runs/mtd",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.data.register(cmd)
	f.model.register(cmd)
	f.device.Register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "folder for the run")
	fl.StringVar(&f.from, "from", "", "run or detector to go on from, with its settings, on these images: a new training of the flow as it stands")
	fl.IntVar(&f.epochs, "epochs", 0, "passes over the training images, over which the schedule stretches (default: the recipe's; paper 100,\nwhitened as many as 1,700 images take, at least 4)")
	fl.IntVar(&f.batch, "batch", 8, "images per step")
	fl.Float64Var(&f.lr, "lr", 0, "learning rate after the warm-up (default 3e-4 for msflow, 1e-4 by its paper, the paper's for other flows)")
	fl.Float64Var(&f.holdOut, "hold-out", 0, "share of the training images that do not train: their likelihood chooses the epoch, their scores calibrate\n(default 0.1, of fewer than 40 parts four, of fewer than ten and by the paper none)")
	fl.Float64Var(&f.noise, "noise", 0, "noise on the features of every step, in standard deviations (default 0.6, none by the paper)")
	fl.IntVar(&f.patience, "patience", 0, "stop after so many epochs without a better held-out likelihood")
	fl.IntVar(&f.judgeEvery, "judge-every", 0, "also test after every N epochs and report the best, as published tables do")
	fl.Int64Var(&f.cacheMB, "cache-mb", 4096, "memory for the features; more goes to a temporary file")
	fl.StringVar(&f.trackTo, "track", "", "also tell of the training to tensorboard (event files in OUT/tensorboard), tensorboard:FOLDER or mlflow:URL")
	fl.BoolVar(&f.resume, "resume", false, "continue the training in the run's folder, with the run's settings")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace the run in the folder")
	flags.Mark(cmd, flags.OfProcess, "out", "cache-mb", "resume", "overwrite")
	flags.Mark(cmd, flags.MayGrow, "epochs")
	flags.Mark(cmd, flags.OfPlace, "track")
	flags.Mark(cmd, flags.IsPath, "from")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *trainFlags) run(cmd *cobra.Command) error {
	if f.out == "" {
		return errors.New("--out is empty; it names the folder for the run")
	}
	folder := runs.Folder(f.out)
	if f.resume && !runs.Exists(folder.InfoFile()) && !runs.Exists(folder.Next().InfoFile()) {
		_, err := folder.ReadInfo()
		return fmt.Errorf("--resume: %w", err)
	}
	if err := f.check(); err != nil {
		return err
	}
	release, err := folder.Lock("train")
	if err != nil {
		return err
	}
	defer release()
	t := training{trainFlags: f, cmd: cmd, folder: folder, into: folder}
	return t.run(cmd.Context())
}

// check looks at the flags before anything is computed or written.
func (f *trainFlags) check() error {
	if f.resume && f.overwrite {
		return errors.New("--resume and --overwrite exclude each other")
	}
	if f.trackTo == "" && f.model.given("track") {
		return errors.New("--track is empty; it takes tensorboard, tensorboard:FOLDER or mlflow:URL")
	}
	if err := track.Check(f.trackTo); err != nil {
		return err
	}
	for name, n := range map[string]int{"epochs": f.epochs, "batch": f.batch} {
		if n < 1 && f.model.given(name) {
			return fmt.Errorf("--%s %d: it must be at least 1", name, n)
		}
	}
	for name, n := range map[string]int{"patience": f.patience, "judge-every": f.judgeEvery, "cache-mb": int(min(f.cacheMB, math.MaxInt32))} {
		if n < 0 {
			return fmt.Errorf("--%s %d: it cannot be negative", name, n)
		}
	}
	if !(f.holdOut >= 0 && f.holdOut < 1) {
		return fmt.Errorf("--hold-out %v: it is a share from 0 up to, but not, 1", f.holdOut)
	}
	if !(f.noise >= 0) || math.IsInf(f.noise, 0) {
		return fmt.Errorf("--noise %v: it must be zero or more", f.noise)
	}
	if f.model.given("lr") {
		if err := flags.Positive("lr", f.lr); err != nil {
			return err
		}
		if f.lr < leastRate {
			return fmt.Errorf("--lr %v: below %v nothing is learnt", f.lr, leastRate)
		}
	}
	for name, v := range map[string]float64{"batch": float64(f.batch), "epochs": float64(f.epochs), "lr": f.lr, "noise": f.noise} {
		if err := flags.AtMost(name, v); err != nil {
			return err
		}
	}
	if err := f.model.check(); err != nil {
		return err
	}
	return f.checkCounts()
}

// checkCounts refuses --counts of which too few are left to train on. Of tiles there may be enough all the same.
func (f *trainFlags) checkCounts() error {
	if f.data.Counts == "" || f.from != "" || f.model.given("tile") {
		return nil
	}
	n, err := f.data.counts()
	if err != nil {
		return err
	}
	if err := f.enough(n[0], nil); err != nil {
		return fmt.Errorf("--counts %s: %w", f.data.Counts, err)
	}
	return nil
}

// enough tells whether of n training images enough are left when some are held out. parts are theirs; nil: each is one of its own.
func (f *trainFlags) enough(n int, parts []string) error {
	fit, _ := train.SplitIndex(n, parts, f.holdOut, uint64(f.data.Seed))
	if least := f.model.config.LeastImages(); len(fit) < least {
		return fmt.Errorf("this model trains on at least %d images, and %d of %d are left (--hold-out keeps %d back)", least, len(fit), n, n-len(fit))
	}
	return nil
}

// leastRate is the least learning rate: Adam's steps are about as large, and float32 has seven digits.
const leastRate = 1e-12

// training is one run of msflow train.
type training struct {
	*trainFlags
	cmd    *cobra.Command
	folder runs.Folder
	into   runs.Folder // where files go: folder, or folder.next() until the first checkpoint of a run that replaces another
	grows  bool        // it goes on from the run in folder to more epochs, and so replaces it

	info *runs.Info
	data *datasets.Data
	d    *detector.Detector
	log  *runs.Log
	best *runs.BestEpoch

	tracked *track.Training
	drawn   time.Time // when the curves were drawn last
}

func (t *training) run(ctx context.Context) error {
	before, err := t.settings()
	if err != nil {
		return err
	}
	log := t.cmd.ErrOrStderr()
	if err := t.goOn(); err != nil {
		return err
	}
	if t.data, err = t.trainFlags.data.open(ctx, log); err != nil {
		return err
	}
	if err := t.apart(); err != nil {
		return err
	}
	if err := t.plan(); err != nil {
		return err
	}
	if err := t.divide(ctx, before); err != nil {
		return err
	}
	fmt.Fprintf(log, "%s: %d training images, %d test images (%d anomalous), %s\n",
		quote.Name(t.data.Name), len(t.data.Train), len(t.data.Test), t.data.Test.Anomalous(), t.looks())
	if t.from == "" {
		if t.d, err = t.model.detector(t.data, uint64(t.trainFlags.data.Seed)); err != nil {
			return err
		}
	}
	if err := t.device.Use(t.d, log); err != nil {
		return err
	}
	t.d.Run = t.info.Run
	if err := t.prepareFolder(); err != nil {
		return err
	}
	return t.fit(ctx)
}

// looks says in what size the pictures are looked at.
func (t *training) looks() string {
	if tile := t.model.frame.tile; tile != 0 {
		return fmt.Sprintf("in tiles of %d×%d pixels", tile, tile)
	}
	return fmt.Sprintf("%d×%d pixels", t.data.H, t.data.W)
}

// apart refuses a folder for the run that lies among images, or is a folder of the data set with images below: its pictures would
// be taken for images the next time.
func (t *training) apart() error {
	looked := map[string]bool{}
	for _, s := range slices.Concat(t.data.Train, t.data.Validation, t.data.Test) {
		dir := filepath.Dir(s.Path)
		if s.Path == "" || looked[dir] {
			continue
		}
		looked[dir] = true
		if liesIn(t.out, dir) || liesIn(dir, t.out) && liesIn(t.out, t.trainFlags.data.Dir) {
			return fmt.Errorf("--out %s and the images in %s lie one in the other: the run's pictures would be taken for images the next time", t.out, quote.Name(dir))
		}
	}
	return nil
}

// plan fills in what is left to the recipe, so that run.json has it. A run that is resumed has its own already.
func (t *training) plan() error {
	if t.resume {
		return nil
	}
	config := t.model.config
	if t.from != "" {
		config = t.d.Config
	}
	cut, err := t.inputs()
	if err != nil {
		return err
	}
	p, err := config.Plan(cut.Set)
	if err != nil {
		return err
	}
	for flag, fill := range map[string]func(){
		"epochs":   func() { t.epochs = p.Epochs },
		"lr":       func() { t.lr = p.LearningRate },
		"hold-out": func() { t.holdOut = p.HoldOut },
		"noise":    func() { t.noise = p.Noise },
	} {
		if !t.model.given(flag) {
			fill()
		}
	}
	if t.from != "" {
		return nil
	}
	if err := t.enough(len(cut.Set), cut.Set.Parts()); err != nil {
		return fmt.Errorf("%s: %w", quote.Name(t.data.Name), err)
	}
	return nil
}

// settings takes those of the run that is resumed, and makes sure that another run is not in the way.
func (t *training) settings() (before *runs.Info, err error) {
	if !t.resume {
		if t.overwrite {
			return nil, t.folder.Foreign()
		}
		return nil, t.folder.Begin()
	}
	if before, err = t.folder.ReadInfo(); err == nil {
		err = flagValues(before.Flags).apply(t.cmd, t.folder)
		t.grows = t.cmd.Flags().Lookup("epochs").Value.String() != before.Flags["epochs"]
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	if !runs.Exists(t.folder.Checkpoint()) {
		return nil, fmt.Errorf("--resume: %s has no checkpoint yet; train it without --resume", t.folder)
	}
	return before, t.check()
}

// divide keeps the division of the run that is resumed, or describes that of a new one.
func (t *training) divide(ctx context.Context, before *runs.Info) error {
	if before == nil {
		v, err := t.data.Division(ctx)
		if err != nil {
			return fmt.Errorf("reading the data once: %w", err)
		}
		if t.info, err = newInfo(t.cmd, t.folder, &v); err != nil {
			return err
		}
		return t.holdsOut(&v)
	}
	if before.Data == nil {
		return fmt.Errorf("--resume: the run in %s was imported, not trained", t.folder)
	}
	if err := divideAsRun(ctx, t.data, before.Data, t.cmd.ErrOrStderr(), true, false); err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	t.info = before
	if t.grows {
		if err := t.grow(); err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
	}
	t.info.Flags = resumedFlags(t.cmd, t.folder, before.Flags)
	return nil
}

// holdsOut notes which pictures the training will hold out.
func (t *training) holdsOut(v *datasets.Division) error {
	cut, err := t.inputs()
	if err != nil {
		return err
	}
	_, held := train.SplitIndex(len(cut.Set), cut.Set.Parts(), t.holdOut, t.seed())
	for _, i := range held {
		if cut.Picture != nil {
			i = cut.Picture[i]
		}
		if name := v.Train[i].Name; !slices.Contains(t.info.HeldOut, name) {
			t.info.HeldOut = append(t.info.HeldOut, name)
		}
	}
	return nil
}

// seed is that of the division and of the detector.
func (t *training) seed() uint64 {
	if t.from != "" {
		return t.d.Config.Seed
	}
	return uint64(t.trainFlags.data.Seed)
}

// inputs are the training pictures, or their tiles.
func (t *training) inputs() (*datasets.Tiles, error) {
	frame, err := t.model.frame.frame(t.data.Train)
	if t.from != "" {
		frame = t.d.Config.Frame
	}
	if err != nil || frame == nil || frame.Tile == 0 {
		return &datasets.Tiles{Set: t.data.Train}, err
	}
	how := t.data.Train.Reading()
	how.Frame = frame
	return t.data.Train.ReadAs(how).Tiles()
}

// goOn loads the detector to go on from. Its settings stay: flags that would change them are refused.
func (t *training) goOn() (err error) {
	if t.from == "" {
		return nil
	}
	if given := t.model.settings(); len(given) > 0 && !t.resume {
		return fmt.Errorf("--%s and --from exclude each other: the settings are the detector's", given[0])
	}
	if t.d, _, err = loadDetector(t.from, t.model.config.Weights); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	size := fmt.Sprintf("%dx%d", t.d.Config.Size[0], t.d.Config.Size[1])
	if t.model.given("size") && !t.resume {
		h, w, err := parseSize(t.trainFlags.data.Size)
		if err != nil || [2]int{h, w} != t.d.Config.Size {
			return errors.Join(err, fmt.Errorf("--size %s: the detector of --from has %s", t.trainFlags.data.Size, size))
		}
	}
	t.trainFlags.data.Size = size
	return nil
}

// grow says what more epochs mean.
func (t *training) grow() error {
	fmt.Fprintf(t.cmd.ErrOrStderr(), "note: the run of %s epochs goes on to %d. That is another run: its learning rates are those of %d epochs from here on, so that it\n"+
		"does not come to the numbers of %d epochs from the start. It replaces this run, its detector and its eval at the first checkpoint\n",
		t.info.Flags["epochs"], t.epochs, t.epochs, t.epochs)
	return grow(t.info, t.cmd, t.folder.Checkpoint())
}

// prepareFolder writes run.json: beside a run that is to be replaced, or where the run is.
func (t *training) prepareFolder() (err error) {
	if t.grows || t.overwrite && t.folder.Begin() != nil {
		t.into = t.folder.Next()
	}
	history := t.into
	if t.grows {
		history = t.folder
	}
	if t.log, err = runs.OpenLog(history, t.info); err != nil {
		return err
	}
	if t.best, err = runs.OpenBest(history, t.info); err != nil {
		return err
	}
	return t.into.WriteInfo(t.info)
}

func (t *training) fit(ctx context.Context) error {
	log := t.cmd.ErrOrStderr()
	p := newProgress(log, t.epochs)
	options := []detector.Option{
		detector.Epochs(t.epochs), detector.BatchSize(t.batch), detector.LearningRate(t.lr), detector.HoldOut(t.holdOut), detector.Noise(t.noise),
		detector.Patience(t.patience), detector.CacheBytes(min(t.cacheMB, 1<<40) << 20), detector.Checkpoints(t.checkpoint),
		detector.OnFeatures(p.features), detector.OnFitting(p.fitting), detector.OnStep(p.step), detector.OnNote(func(line string) { fmt.Fprintln(log, line) }),
		detector.OnEpoch(func(e train.Epoch) { p.epoch(e); t.tracked.Metrics(e.Epoch, metricsOf(e)) }),
	}
	switch {
	case t.grows:
		options = append(options, detector.ResumeOf(t.info.Former[len(t.info.Former)-1].Run, t.folder.Checkpoint()))
	case t.resume:
		options = append(options, detector.Resume(t.folder.Checkpoint()))
	}
	if t.judgeEvery > 0 {
		options = append(options, detector.JudgeEvery(t.judgeEvery, t.data.Test, t.judged))
	}
	if err := t.follow(); err != nil {
		return err
	}
	err := t.d.Fit(ctx, t.data.Train, options...)
	p.done()
	t.unfollow(err != nil)
	if err != nil {
		return t.stopped(ctx, err)
	}
	if t.grows && t.into != t.folder { // no epoch has followed
		return errors.Join(fmt.Errorf("--epochs %d: the training ended at epoch %d since %d epochs brought no better held-out likelihood (--patience); the run is as it was",
			t.epochs, len(t.d.Epochs), t.patience), os.RemoveAll(string(t.into)))
	}
	if err := errors.Join(t.record(true), t.d.Save(t.into.Detector()), t.folder.Settle()); err != nil {
		return err
	}
	return t.report(t.cmd, t.folder, t.d, t.best)
}

// follow begins to tell of the training where --track says.
func (t *training) follow() (err error) {
	t.tracked, err = track.Open(t.trackTo, track.Run{
		ID: t.info.Run, Folder: t.out, Data: t.data.Name, Settings: t.info.Flags, Resumed: t.resume,
	}, func(line string) { fmt.Fprintln(t.cmd.ErrOrStderr(), line) })
	return err
}

// unfollow tells the curves and ends.
func (t *training) unfollow(failed bool) {
	if len(t.d.Epochs) > 0 && t.trackTo != "" {
		t.tracked.Figure("training", plots.Training(t.d).PNG())
	}
	t.tracked.End(failed)
}

// metricsOf are an epoch's values by the names that they have in log.jsonl.
func metricsOf(e train.Epoch) map[string]float64 {
	out := map[string]float64{"loss": e.Loss, "grad_norm": e.GradNorm, "lr": e.LR, "samples_per_second": e.Rate}
	if e.HeldOut != 0 {
		out["held_out_loss"] = e.HeldOut
	}
	for i, v := range e.Scales {
		out[fmt.Sprintf("scale_log_likelihood/%d", i+1)] = v
	}
	return out
}

// checkpoint keeps the state of the training and then what has been recorded so far.
func (t *training) checkpoint(save func(path string) error) error {
	if err := save(t.into.Checkpoint()); err != nil {
		return err
	}
	if t.into != t.folder {
		if err := t.folder.Settle(); err != nil {
			return err
		}
		t.into = t.folder
	}
	return t.record(false)
}

// curvesEvery is how long the curves of a training may lag behind it: drawing takes as long as many a short epoch.
const curvesEvery = 30 * time.Second

// record writes the log, and draws the curves at the end and now and then before.
func (t *training) record(last bool) error {
	if len(t.d.Epochs) == 0 {
		return nil
	}
	if err := t.log.Write(t.into, t.d.Epochs); err != nil {
		return err
	}
	if !last && time.Since(t.drawn) < curvesEvery {
		return nil
	}
	t.drawn = time.Now()
	return drawTraining(t.into, t.d)
}

// stopped says how to go on after a training that did not end.
func (t *training) stopped(ctx context.Context, err error) error {
	resume := fmt.Sprintf("%s train --out %s --resume", t.cmd.Root().Name(), quote.Shell(t.out))
	if t.into != t.folder {
		err = errors.Join(err, t.folder.Settle())
	}
	switch {
	case t.into != t.folder && ctx.Err() != nil:
		fmt.Fprintf(t.cmd.ErrOrStderr(), "stopped before the first checkpoint; the run that was there is as it was\n")
	case ctx.Err() != nil && runs.Exists(t.folder.Checkpoint()):
		fmt.Fprintf(t.cmd.ErrOrStderr(), "stopped; this continues: %s\n", resume)
	case errors.Is(err, train.ErrDiverged) && t.into == t.folder && runs.Exists(t.folder.Checkpoint()):
		return fmt.Errorf("%w; the last good checkpoint is %s", err, t.folder.Checkpoint())
	}
	return err
}

// judged keeps the test figures of an epoch.
func (t *training) judged(epoch int, r *detector.Result) error {
	t.best.See(epoch, r)
	figures := map[string]float64{}
	for k, v := range t.best.Last {
		figures["test/"+k] = v
	}
	t.tracked.Metrics(epoch, figures)
	return t.best.Write(t.into)
}

// keptEpoch is the epoch whose parameters the detector has: that of the lowest held-out loss, the last where nothing was held out.
func keptEpoch(epochs []train.Epoch) int {
	kept := epochs[len(epochs)-1]
	for _, e := range epochs {
		if e.HeldOut != 0 && e.HeldOut < kept.HeldOut {
			kept = e
		}
	}
	return kept.Epoch
}

func (f *trainFlags) report(cmd *cobra.Command, folder runs.Folder, d *detector.Detector, best *runs.BestEpoch) error {
	if len(d.Epochs) == 0 {
		return reportFitted(cmd, folder, d)
	}
	last := d.Epochs[len(d.Epochs)-1]
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, map[string]any{"run": f.out, "detector": folder.Detector(), "epochs": last.Epoch, "loss": last.Loss, "best_epoch": best.OrNil()})
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "trained %d epochs to a loss of %.1f nats; the detector is %s\n", last.Epoch, last.Loss, folder.Detector())
	if kept := keptEpoch(d.Epochs); kept != last.Epoch {
		fmt.Fprintf(out, "it is that of epoch %d, after which held-out images became less likely\n", kept)
	}
	if c := d.Calibration(); c != nil {
		fmt.Fprintf(out, "one normal image in a hundred is expected to score %.4g or more (%s)\n", c.Verdict(), c)
	}
	best.Print(out)
	return nil
}

// reportFitted tells of a model that was fitted in one go.
func reportFitted(cmd *cobra.Command, folder runs.Folder, d *detector.Detector) error {
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, map[string]any{"run": string(folder), "detector": folder.Detector(), "model": d.Config.Model})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "fitted %s; the detector is %s\n", d.Config.Model, folder.Detector())
	return nil
}
