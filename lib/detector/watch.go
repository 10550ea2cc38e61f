package detector

import "github.com/msflow-go/msflow/lib/train"

// Watcher is told how a Fit goes. All its methods are called from Fit's goroutine and hold it up, so they must be quick.
type Watcher interface {
	Features(done, total int)
	// Fitting is told of the work done where the model is fitted in one go, without steps and epochs.
	Fitting(done, total int)
	Step(s train.Step)
	Epoch(e train.Epoch)
	// End comes last, with what Fit returns.
	End(err error)
}

// Watch makes a watcher for every Fit when it is set, and may return nil to leave one alone. Front ends set it once, before
// any Fit, to show trainings live; a program of one's own passes OnStep and OnEpoch instead.
var Watch func(d *Detector) Watcher

// Quiet keeps a Fit from being watched.
func Quiet() Option { return func(f *fitting) { f.quiet = true } }

// watch adds the watcher's methods to the settings; the returned function tells it of the end.
func (d *Detector) watch(f *fitting) (end func(error)) {
	if Watch == nil || f.quiet {
		return func(error) {}
	}
	w := Watch(d)
	if w == nil {
		return func(error) {}
	}
	f.onFeatures = both(w.Features, f.onFeatures)
	f.onFitting = both(w.Fitting, f.onFitting)
	f.onStep = append(f.onStep, w.Step)
	f.onEpoch = append(f.onEpoch, w.Epoch)
	return w.End
}

// both tells a and, where it is set, b.
func both(a, b Progress) Progress {
	return func(done, total int) {
		a(done, total)
		if b != nil {
			b(done, total)
		}
	}
}
