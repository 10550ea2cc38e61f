// Package live shows trainings while they run: one output in the cell that called Fit, with progress, the time left and the
// curves so far.
package live

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/plots"
)

// Install makes every Fit of the process show itself in the output of the cell that called it.
func Install() {
	detector.Watch = func(d *detector.Detector) detector.Watcher { return &fit{detector: d, now: time.Now} }
}

// every is how often the output changes at most: a notebook draws it anew each time.
const every = 400 * time.Millisecond

// fit is the output of one Fit.
type fit struct {
	detector *detector.Detector
	now      func() time.Time
	out      *display.Handle
	shown    time.Time // when the output changed last

	stage    string // what is under way, in words
	done     int
	total    int
	begin    time.Time // of the first step
	from     int       // images seen in earlier sessions of this training
	finished bool
}

// Features is told of the pass through the backbone.
func (f *fit) Features(done, total int) {
	f.stage, f.done, f.total = fmt.Sprintf("features of %d images", total), done, total
	f.show(false)
}

// Fitting is told of a fit without steps.
func (f *fit) Fitting(done, total int) {
	f.stage, f.done, f.total = "fitting "+f.detector.Config.Model, done, total
	f.show(false)
}

// Step is told of every step.
func (f *fit) Step(s train.Step) {
	f.done, f.total = (s.Epoch-1)*s.Total+s.Done, s.Epochs*s.Total
	if f.begin.IsZero() {
		f.begin, f.from = f.now(), f.done
	}
	f.stage = fmt.Sprintf("epoch %d/%d, loss %.0f", s.Epoch, s.Epochs, s.Loss)
	f.show(false)
}

// Epoch is told of every epoch; its point is drawn with the next change.
func (f *fit) Epoch(train.Epoch) { f.show(false) }

// End says how it ended.
func (f *fit) End(err error) {
	f.finished = true
	epochs := len(f.detector.Epochs)
	switch {
	case err == nil && epochs == 0:
		f.stage = "fitted " + f.detector.Config.Model
	case err == nil:
		f.stage = fmt.Sprintf("trained %d epochs to a loss of %.0f nats", epochs, f.detector.Epochs[epochs-1].Loss)
	case errors.Is(err, context.Canceled):
		f.stage = fmt.Sprintf("interrupted after %d epochs; the detector is as trained so far", epochs)
	default:
		f.stage = "stopped: " + err.Error()
	}
	if f.out != nil || err == nil { // an error before anything was shown is the cell's own output
		f.show(true)
	}
}

func (f *fit) show(now bool) {
	if !now && f.now().Sub(f.shown) < every {
		return
	}
	f.shown = f.now()
	v := f.view()
	if f.out == nil {
		f.out = display.New(v)
		return
	}
	f.out.Update(v)
}

func (f *fit) view() view {
	v := view{text: f.line(), done: f.done, total: f.total, finished: f.finished}
	for _, e := range f.detector.Epochs {
		v.losses = append(v.losses, e.Loss)
	}
	if len(f.detector.Epochs) > 0 {
		v.curves = plots.Training(f.detector, plots.Title("")).SVG()
	}
	return v
}

// line is the state in one line: stage and, while it lasts, rate and time left. What stays does not tell how fast the
// machine was: a notebook that is run again then has the same outputs.
func (f *fit) line() string {
	spent := f.now().Sub(f.begin).Seconds()
	if f.begin.IsZero() || f.finished || f.done <= f.from || spent <= 0 {
		return f.stage
	}
	rate := float64(f.done-f.from) / spent
	left := time.Duration(float64(f.total-f.done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s, %.1f images/s, %v left", f.stage, rate, left)
}

// view is the output at one moment.
type view struct {
	text        string
	done, total int
	finished    bool
	curves      string // SVG; empty before the first epoch's end
	losses      []float64
}

// String is what is left of it in text.
func (v view) String() string { return v.text }

// HTML is what a notebook shows.
func (v view) HTML() string {
	var b strings.Builder
	if !v.finished {
		fmt.Fprintf(&b, `<progress value="%d" max="%d" style="width:100%%"></progress>`, v.done, v.total)
	}
	fmt.Fprintf(&b, `<div style="font-variant-numeric:tabular-nums">%s</div>%s`, html.EscapeString(v.text), v.curves)
	return b.String()
}
