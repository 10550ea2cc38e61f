package detector

import "github.com/msflow-go/msflow/lib/train"

// Watcher is told how a Fit goes. All its methods are called from Fit's goroutine and hold it up, so they must be quick.
type Watcher interface {
	Features(done, total int)
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
	before := f.onFeatures
	f.onFeatures = func(done, total int) {
		w.Features(done, total)
		if before != nil {
			before(done, total)
		}
	}
	f.onStep = append(f.onStep, w.Step)
	f.onEpoch = append(f.onEpoch, w.Epoch)
	return w.End
}
