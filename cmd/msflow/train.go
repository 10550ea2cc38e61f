package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of msflow train.
type trainFlags struct {
	data    dataFlags
	model   modelFlags
	device  deviceFlags
	out     string
	epochs  int
	batch   int
	lr      float64
	holdOut float64

	patience   int
	judgeEvery int
	cacheMB    int64
	resume     bool
	overwrite  bool
}

func trainCommand() *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train --out RUN",
		Short: "Train a detector on normal images",
		Example: "  msflow train --out runs/demo\n" +
			"  msflow train --dataset mtd --data MTD --size 256 --seed 1 --out runs/mtd",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.data.register(cmd)
	f.model.register(cmd)
	f.device.register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "folder for the run")
	fl.IntVar(&f.epochs, "epochs", 100, "passes over the training images; the schedule stretches with it")
	fl.IntVar(&f.batch, "batch", 8, "images per step")
	fl.Float64Var(&f.lr, "lr", 1e-4, "learning rate after the warm-up")
	fl.Float64Var(&f.holdOut, "hold-out", 0, "share of the training images whose likelihood chooses the epoch")
	fl.IntVar(&f.patience, "patience", 0, "stop after so many epochs without a better held-out likelihood")
	fl.IntVar(&f.judgeEvery, "judge-every", 0, "also test after every N epochs and report the best, as published tables do")
	fl.Int64Var(&f.cacheMB, "cache-mb", 4096, "memory for the features; more goes to a temporary file")
	fl.BoolVar(&f.resume, "resume", false, "continue the training in the run's folder")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace the run in the folder")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (f *trainFlags) run(cmd *cobra.Command) error {
	ctx, log := cmd.Context(), cmd.ErrOrStderr()
	folder := runFolder(f.out)
	if err := f.check(folder, cmd); err != nil {
		return err
	}
	data, err := f.data.open(ctx, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%s: %d training images, %d test images (%d anomalous), %d×%d pixels\n",
		data.Name, len(data.Train), len(data.Test), data.Test.Anomalous(), data.H, data.W)
	d, err := f.model.detector(data, uint64(f.data.Seed))
	if err != nil {
		return err
	}
	if err := f.device.use(d, log); err != nil {
		return err
	}
	if !f.resume { // a training that cannot be resumed leaves the run as it was
		if err := folder.writeInfo(f.info()); err != nil {
			return err
		}
	}
	return f.fit(ctx, cmd, folder, data, d)
}

func (f *trainFlags) info() runInfo {
	return runInfo{Program: "msflow " + version(), Data: f.data, Epochs: f.epochs, Batch: f.batch, LR: f.lr, HoldOut: f.holdOut}
}

// check looks at the flags together and at the folder before anything is computed or written.
func (f *trainFlags) check(folder runFolder, cmd *cobra.Command) error {
	if f.resume && f.overwrite {
		return errors.New("--resume and --overwrite exclude each other")
	}
	for name, n := range map[string]int{"epochs": f.epochs, "batch": f.batch} {
		if n < 1 {
			return fmt.Errorf("--%s %d: it must be at least 1", name, n)
		}
	}
	if f.overwrite {
		return nil
	}
	if !f.resume {
		return folder.begin()
	}
	info, err := folder.readInfo()
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	return f.continueRun(info, cmd)
}

// continueRun takes the data and settings of the run that is resumed; only flags that leave the numbers as they are may differ.
func (f *trainFlags) continueRun(info runInfo, cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	if !given("epochs") {
		f.epochs = info.Epochs
	}
	if given("batch") && f.batch != info.Batch || given("lr") && f.lr != info.LR || given("hold-out") && f.holdOut != info.HoldOut {
		return errors.New("--resume: --batch, --lr and --hold-out must be those of the run")
	}
	f.data, f.batch, f.lr, f.holdOut = info.Data, info.Batch, info.LR, info.HoldOut
	return nil
}

func (f *trainFlags) fit(ctx context.Context, cmd *cobra.Command, folder runFolder, data *datasets.Data, d *detector.Detector) error {
	log := cmd.ErrOrStderr()
	p := newProgress(log, f.epochs)
	options := []detector.Option{
		detector.Epochs(f.epochs), detector.BatchSize(f.batch), detector.LearningRate(f.lr), detector.HoldOut(f.holdOut),
		detector.Patience(f.patience), detector.CacheBytes(f.cacheMB << 20), detector.Checkpoint(folder.checkpoint()),
		detector.OnFeatures(p.features), detector.OnFitting(p.fitting), detector.OnStep(p.step), detector.OnNote(func(line string) { fmt.Fprintln(log, line) }),
		detector.OnEpoch(func(e train.Epoch) { p.epoch(e) }),
	}
	if f.resume {
		options = append(options, detector.Resume(folder.checkpoint()))
	}
	best := &bestEpoch{}
	if f.judgeEvery > 0 {
		options = append(options, detector.JudgeEvery(f.judgeEvery, data.Test, best.see))
	}
	err := d.Fit(ctx, data.Train, options...)
	p.done()
	if len(d.Epochs) > 0 {
		err = errors.Join(err, folder.writeLog(d.Epochs), drawTraining(folder, d))
	}
	if err != nil {
		if ctx.Err() != nil && d.Model() != nil {
			fmt.Fprintf(log, "stopped; %s --resume continues\n", cmd.CommandPath())
		}
		return err
	}
	if err := errors.Join(d.Save(folder.detector()), folder.writeInfo(f.info())); err != nil {
		return err
	}
	return f.report(cmd, folder, d, best)
}

func (f *trainFlags) report(cmd *cobra.Command, folder runFolder, d *detector.Detector, best *bestEpoch) error {
	if len(d.Epochs) == 0 {
		return reportFitted(cmd, folder, d)
	}
	last := d.Epochs[len(d.Epochs)-1]
	if best.Epochs > 0 {
		if err := writeJSON(folder.file("best_epoch.json"), best); err != nil {
			return err
		}
	}
	if wantsJSON(cmd) {
		return printJSON(cmd, map[string]any{"run": f.out, "detector": folder.detector(), "epochs": last.Epoch, "loss": last.Loss, "best_epoch": best.orNil()})
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "trained %d epochs to a loss of %.1f nats; the detector is %s\n", last.Epoch, last.Loss, folder.detector())
	best.print(out)
	return nil
}

// reportFitted tells of a model that was fitted in one go.
func reportFitted(cmd *cobra.Command, folder runFolder, d *detector.Detector) error {
	if wantsJSON(cmd) {
		return printJSON(cmd, map[string]any{"run": string(folder), "detector": folder.detector(), "model": d.Config.Model})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "fitted %s; the detector is %s\n", d.Config.Model, folder.detector())
	return nil
}

// bestEpoch keeps the best test figure of each metric over the epochs, chosen per metric on the test set itself as
// published tables do, and those of the last epoch beside them.
type bestEpoch struct {
	Epochs int                `json:"judged_epochs"`
	Best   map[string]float64 `json:"best_on_test_set"`
	At     map[string]int     `json:"best_epoch"`
	Last   map[string]float64 `json:"last_epoch"`
}

func (b *bestEpoch) see(epoch int, r *detector.Result) error {
	b.Epochs++
	now := map[string]float64{"det_auroc": r.DetAUROC}
	if r.PixelMetrics != nil {
		now["loc_auroc"], now["aupro"] = r.LocAUROC, r.AUPRO
		if r.ReferencePRO != nil {
			now["reference_pro"] = *r.ReferencePRO
		}
	}
	if b.Best == nil {
		b.Best, b.At = map[string]float64{}, map[string]int{}
	}
	for k, v := range now {
		if old, ok := b.Best[k]; !ok || v > old {
			b.Best[k], b.At[k] = v, epoch
		}
	}
	b.Last = now
	return nil
}

func (b *bestEpoch) orNil() any {
	if b.Epochs == 0 {
		return nil
	}
	return b
}

func (b *bestEpoch) print(out io.Writer) {
	if b.Epochs == 0 {
		return
	}
	fmt.Fprintf(out, "%-14s %12s %22s\n", "", "last epoch", "best on the test set")
	for _, k := range []string{"det_auroc", "loc_auroc", "aupro", "reference_pro"} {
		if v, ok := b.Last[k]; ok {
			fmt.Fprintf(out, "%-14s %12.4f %12.4f (epoch %d)\n", k, v, b.Best[k], b.At[k])
		}
	}
}
