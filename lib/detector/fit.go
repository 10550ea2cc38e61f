package detector

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/train"
)

// fitting are the settings of one Fit.
type fitting struct {
	train.Options
	lr         float64
	heldOut    float64
	chosen     struct{ heldOut, noise bool } // not left to the recipe
	cacheBytes int64
	checkpoint func(save func(path string) error) error // nil: none is wanted
	resume     string
	resumeOf   string // the run whose checkpoint it is; empty: the detector's own
	proceed    bool
	quiet      bool
	onFeatures Progress
	onFitting  Progress
	onStep     []func(train.Step)
	onEpoch    []func(train.Epoch)
	normal     train.Source // that calibrates
	judgeEvery int
	judgeOn    datasets.Set
	onVerdict  func(epoch int, r *Result) error
	judged     judged
}

// Option changes one Fit.
type Option func(*fitting)

// Epochs is the number of passes over the training images; the default is the recipe's: the paper's 100 (25
// meta-epochs of 4), or as many as some two hundred steps need. The schedule stretches with it.
func Epochs(n int) Option { return func(f *fitting) { f.Epochs = n } }

// BatchSize is the number of images per step; the default is 8.
func BatchSize(n int) Option { return func(f *fitting) { f.Batch = n } }

// LearningRate is the rate after the warm-up; the default is the model's own, for MSFlow 1e-4 by the paper and 3e-4 on whitened
// features.
func LearningRate(lr float64) Option { return func(f *fitting) { f.lr = lr } }

// WithSchedule replaces the paper's schedule.
func WithSchedule(s train.Schedule) Option { return func(f *fitting) { f.Schedule = &s } }

// HoldOut keeps about the given share of the training images out of the training, whole parts at a time (see
// datasets.Groups), and reports their loss after every epoch. The parameters of the epoch with the lowest are kept in the
// end; they also calibrate the scores, see Calibration. It needs no anomalous image. The default is a tenth, where
// there are forty parts or more, four parts of ten and more, and none by the paper.
func HoldOut(share float64) Option {
	return func(f *fitting) { f.heldOut, f.chosen.heldOut = share, true }
}

// Noise adds Gaussian noise to the features of every step, as a share of their standard deviation; the default of the whitened
// recipe is 0.6, none by the paper.
func Noise(sigma float64) Option {
	return func(f *fitting) { f.Options.Noise, f.chosen.noise = sigma, true }
}

// Patience stops the training when the held-out loss has not fallen for n epochs.
func Patience(n int) Option { return func(f *fitting) { f.Patience = n } }

// Checkpoint writes the training's state to path after every epoch and when the training is interrupted.
func Checkpoint(path string) Option {
	return Checkpoints(func(save func(path string) error) error { return save(path) })
}

// Checkpoints is Checkpoint for a caller with more to do at each one: do is called when the state can be written, calls
// save with the path of its choice, and then does what must follow. Its error ends the training.
func Checkpoints(do func(save func(path string) error) error) Option {
	return func(f *fitting) { f.checkpoint = do }
}

// Resume continues the training that wrote the checkpoint at path, to the same numbers as an uninterrupted one.
func Resume(path string) Option { return func(f *fitting) { f.resume = path } }

// ResumeOf is Resume for a training that goes on from another run's: the checkpoint must be of the run named, not of the
// detector's Run, which is what later checkpoints are of. It makes more epochs of a run that has ended a run of their own.
func ResumeOf(run, path string) Option {
	return func(f *fitting) { f.resumeOf, f.resume = run, path }
}

// Continue goes on with this detector's last Fit where it was interrupted, or to more Epochs, instead of starting a new
// schedule on the flow as it is.
func Continue() Option { return func(f *fitting) { f.proceed = true } }

// CacheBytes is how much memory the features may take before they go to a file; the default is 4 GiB.
func CacheBytes(n int64) Option { return func(f *fitting) { f.cacheBytes = n } }

// OnFeatures is called while the features are computed.
func OnFeatures(p Progress) Option { return func(f *fitting) { f.onFeatures = p } }

// OnFitting is called while a model that is fitted in one go learns, with the work done.
func OnFitting(p Progress) Option { return func(f *fitting) { f.onFitting = p } }

// OnStep is called after every step of the training.
func OnStep(do func(train.Step)) Option { return func(f *fitting) { f.onStep = append(f.onStep, do) } }

// OnEpoch is called after every epoch.
func OnEpoch(do func(train.Epoch)) Option {
	return func(f *fitting) { f.onEpoch = append(f.onEpoch, do) }
}

// OnNote is called with a line for the user about what was found out: the device that the training runs on, the views it took.
func OnNote(do func(line string)) Option { return func(f *fitting) { f.OnNote = do } }

// JudgeEvery tests the detector on a labelled set after every n epochs and after the last. Choosing the best of these
// results is what most published tables do; it uses the test set to choose, so report the last epoch beside it.
func JudgeEvery(n int, set datasets.Set, do func(epoch int, r *Result) error) Option {
	return func(f *fitting) { f.judgeEvery, f.judgeOn, f.onVerdict = n, set, do }
}

const defaultCacheBytes = 4 << 30

func settings(options []Option) (fitting, error) {
	f := fitting{cacheBytes: defaultCacheBytes}
	for _, o := range options {
		o(&f)
	}
	var errs []error
	if f.Epochs < 0 || f.Batch < 0 || f.Patience < 0 {
		errs = append(errs, fmt.Errorf("detector: epochs %d, batch size %d, patience %d; none may be negative", f.Epochs, f.Batch, f.Patience))
	}
	if !(f.heldOut >= 0 && f.heldOut < 1) {
		errs = append(errs, fmt.Errorf("detector: a held-out share of %v; it must lie in [0,1)", f.heldOut))
	}
	if f.Patience > 0 && f.heldOut == 0 {
		errs = append(errs, errors.New("detector: patience needs held-out images; add HoldOut(0.1)"))
	}
	if !(f.Options.Noise >= 0) || math.IsInf(f.Options.Noise, 1) {
		errs = append(errs, fmt.Errorf("detector: noise of %v standard deviations; it must be zero or more", f.Options.Noise))
	}
	if !(f.lr >= 0 && f.lr <= math.MaxFloat32) {
		errs = append(errs, fmt.Errorf("detector: learning rate %v", f.lr))
	}
	return f, errors.Join(errs...)
}

// schedule fills in what was left to the recipe, for a set to train on.
func (d *Detector) schedule(f *fitting, set datasets.Set) {
	p := d.Config.plan(set)
	f.Epochs, f.lr = or(f.Epochs, p.Epochs), or(f.lr, p.LearningRate)
	if !f.chosen.heldOut {
		f.heldOut = p.HoldOut
	}
	if !f.chosen.noise {
		f.Options.Noise = p.Noise
	}
	if f.Schedule == nil {
		s := train.Paper(f.Epochs)
		s.LR = f.lr
		f.Schedule = &s
	}
}

// Fit trains the flow on normal images, from where the detector stands. All images are checked before the first step.
//
// A model of lib/baseline is fitted in one go, anew each time: options of epochs, batches, rates and held-out images say nothing
// to it, it writes no checkpoint, and Resume, Continue and JudgeEvery are errors. Interrupted, it stays as it was.
//
// It returns within about 100 ms of ctx's cancellation with ctx's error; the detector then holds the flow as trained so
// far and stays usable. A diverging training ends with train.ErrDiverged, which names the step and the block.
func (d *Detector) Fit(ctx context.Context, set datasets.Set, options ...Option) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := settings(options)
	if err != nil {
		return err
	}
	end := d.watch(&f)
	err = d.fit(ctx, set, f)
	end(err)
	return err
}

func (d *Detector) fit(ctx context.Context, set datasets.Set, f fitting) error {
	if n := set.Anomalous(); n > 0 {
		return fmt.Errorf("detector: %d of the %d training images are anomalous; a detector learns normal images only", n, len(set))
	}
	if err := d.sized(set); err != nil {
		return err
	}
	if err := d.chooseViews(ctx, set, f); err != nil {
		return err
	}
	inputs, err := d.cut(set)
	if err != nil {
		return fmt.Errorf("detector: cutting pictures into tiles: %w", err)
	}
	d.schedule(&f, inputs.Set)
	if d.baseline != nil {
		return d.fitBaseline(ctx, set, f)
	}
	trainer, err := d.trainer(ctx, &f)
	if err != nil {
		return err
	}
	features, err := d.features(ctx, set, f.cacheBytes, f.onFeatures)
	if err != nil {
		return err
	}
	defer features.Close()
	fit, held, err := d.divide(f, features)
	if err != nil {
		return err
	}
	if err := d.whiten(ctx, fit, features); err != nil {
		return err
	}
	f.normal = fit
	if held != nil {
		f.normal = held
	}
	if err := d.prepareVerdicts(ctx, &f); err != nil {
		return err
	}
	defer f.judged.close()
	return d.run(ctx, f, trainer, fit, held)
}

// trainer prepares the training, from a checkpoint when there is one to resume.
func (d *Detector) trainer(ctx context.Context, f *fitting) (*train.Trainer, error) {
	var checkpoint *train.Checkpoint
	if f.resume != "" {
		c, err := train.Open(f.resume)
		if err != nil {
			return nil, fmt.Errorf("resuming: %w", err)
		}
		if err := d.restore(c, or(f.resumeOf, d.Run)); err != nil {
			return nil, fmt.Errorf("resuming: %w", err)
		}
		checkpoint = c
	}
	var t *train.Trainer
	f.Seed = d.Config.Seed
	f.Device, f.Precision = d.runner.trainsOn()
	f.Options.OnStep = func(s train.Step) {
		for _, do := range f.onStep {
			do(s)
		}
	}
	f.Options.OnEpoch = func(e train.Epoch) error {
		d.Epochs = t.History
		for _, do := range f.onEpoch {
			do(e)
		}
		return errors.Join(d.write(f, t), d.giveVerdict(ctx, f, e.Epoch))
	}
	t, err := train.New(d.model, d.maps, f.Options)
	switch {
	case err != nil:
	case checkpoint != nil:
		err = checkpoint.Resume(t)
	case f.proceed && d.last == nil:
		err = errors.New("detector: there is no training to continue; Fit without Continue first")
	case f.proceed:
		err = t.Continue(d.last)
	}
	return t, err
}

func (d *Detector) write(f *fitting, t *train.Trainer) error {
	if f.checkpoint == nil {
		return nil
	}
	s := d.stored()
	s.Calibration = nil // of an epoch that was judged before; the training's own comes at its end
	return f.checkpoint(func(path string) error { return train.Save(path, d.model, s, t, d.extraTensors()...) })
}

// repeatVerdict judges the epoch after which a resumed training stopped: it may have been stopped while it was being judged.
func (d *Detector) repeatVerdict(ctx context.Context, f *fitting, t *train.Trainer) error {
	if f.resume == "" || t.Epoch == 0 || t.Batches > 0 {
		return nil
	}
	return d.giveVerdict(ctx, f, t.Epoch)
}

// divide gives the features to train on and those that are held out, nil when there are none.
func (d *Detector) divide(f fitting, features *Features) (fit, held train.Source, err error) {
	if !(f.heldOut > 0) {
		return features, nil, nil
	}
	fit, held = train.Split(features, features.Parts, f.heldOut, d.Config.Seed)
	if fit.Len() == 0 || held.Len() == 0 {
		return nil, nil, fmt.Errorf("detector: holding out %v of %d training images leaves %d to train on and %d held out; images of one part stay together",
			f.heldOut, features.Len(), fit.Len(), held.Len())
	}
	return fit, held, nil
}

func (d *Detector) run(ctx context.Context, f fitting, t *train.Trainer, fit, held train.Source) error {
	if err := d.repeatVerdict(ctx, &f, t); err != nil {
		return err
	}
	err := t.Run(ctx, fit, held)
	d.Epochs, d.last = t.History, t
	if ctx.Err() != nil && err != nil {
		return errors.Join(err, d.write(&f, t))
	}
	if err != nil {
		return err
	}
	if err := t.RestoreBest(); err != nil {
		return err
	}
	return d.calibrate(ctx, f.normal, held != nil)
}
